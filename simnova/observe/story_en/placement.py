"""What is asked of Placement, and what it answers."""

from __future__ import annotations

import re
from typing import Any

from simnova.observe import placed
from simnova.observe.story_en.words import (
    after,
    count,
    named,
    resources,
    server,
    several,
    who,
)
from simnova.observe.telling import Telling, query

Match = re.Match[str]
CONSUMER, PROVIDER = r"/allocations/([^/]+)", r"/resource_providers/([^/]+)"


def candidates(telling: Telling, match: Match) -> str:
    """Ask who has room."""
    required = query(telling.data).get("required") or query(telling.data).get("root_required", "")
    traits = [trait for trait in required.split(",") if trait]
    wanted = [trait for trait in traits if not trait.startswith("!")]
    banned = [trait[1:] for trait in traits if trait.startswith("!")]
    extra = (f", with trait {several(wanted)}" if wanted else "") + (
        f", without {several(banned)}" if banned else ""
    )
    return f"asks Placement who has {resources(placed.asked(telling.data))}{extra}"


def candidates_found(telling: Telling, match: Match) -> str:
    """Answer who has room."""
    if not isinstance(telling.body, dict):
        return f"answers with the hosts that have room{after(telling)}"
    found = placed.candidates(telling.body)
    known = len(placed.providers(telling.journal, telling.event.seq))
    of = f" of {known}" if known >= len(found) else ""
    hosts = several((named(telling, uuid) for uuid in found), most=5)
    if not found:
        return f"answers: none{of.replace(' of', ' of the')} hosts has room for that"
    verb = "has" if len(found) == 1 else "have"
    return f"answers: {len(found)}{of} {'host' if known == 1 else 'hosts'} {verb} room: {hosts}"


def held(telling: Telling, match: Match) -> str:
    """Ask what a server holds."""
    return f"asks Placement what {server(telling, match[1])} holds"


def held_told(telling: Telling, match: Match) -> str:
    """Answer what a server holds."""
    return f"answers: {server(telling, match[1])} holds {amounts(telling, telling.body)}"


def amounts(telling: Telling, body: Any) -> str:
    """The allocations in a body, by host."""
    parts = [
        f"{resources(one.get('resources', {}))} on {named(telling, provider)}"
        for provider, one in placed.allocations(body).items()
    ]
    return several(parts) if parts else "nothing"


def claim(telling: Telling, match: Match) -> str:
    """Write what a server holds."""
    if not isinstance(telling.body, dict):
        return f"claims the room for {server(telling, match[1])} at Placement"
    if not placed.allocations(telling.body):
        return f"gives back at Placement what {server(telling, match[1])} holds"
    return f"claims {amounts(telling, telling.body)} for {server(telling, match[1])} at Placement"


def granted(telling: Telling, match: Match) -> str:
    """The claim stands."""
    whom, whose = who(str(telling.data["to"])), server(telling, match[1])
    asked = telling.question and telling.about(telling.question).body
    if isinstance(asked, dict) and not placed.allocations(asked):
        return f"has given back what {whose} held{after(telling)}"
    return f"grants {whom} the claim for {whose}{after(telling)}"


def exchange(telling: Telling, match: Match) -> str:
    """Write at once what several hold: a move takes over what its server held."""
    asked = telling.body if isinstance(telling.body, dict) else {}
    told = [f"{amounts(telling, one)} for {server(telling, uuid)}" for uuid, one in asked.items()]
    held = sorted(told, key=lambda one: one.startswith("nothing"))
    return f"has Placement keep, in one stroke, {several(held) or 'what was asked'}"


def exchanged(telling: Telling, match: Match) -> str:
    """It is written."""
    return f"has done so{after(telling)}"


def lost(telling: Telling, match: Match) -> str:
    """A claim is refused, since somebody else has been faster; nothing where it was no claim."""
    request = telling.behind("http.request")
    body = telling.about(request).body if request is not None else None
    if telling.data["method"] != PUT or not isinstance(body, dict) or not placed.allocations(body):
        return ""
    whom = who(str(telling.data["to"]))
    return f"refuses {whom} the claim of {amounts(telling, body)} for {server(telling, match[1])}"


def release(telling: Telling, match: Match) -> str:
    """Give back what a server holds."""
    return f"has Placement give back all that {server(telling, match[1])} holds"


def released(telling: Telling, match: Match) -> str:
    """It is given back."""
    return f"has given back what {server(telling, match[1])} held"


def host(telling: Telling, match: Match) -> str:
    """The host whose provider a path names."""
    return named(telling, match[1])


def inventory(telling: Telling, match: Match) -> str:
    """Say what a host has."""
    body = telling.body if isinstance(telling.body, dict) else {}
    totals = {name: one.get("total") for name, one in (body.get("inventories") or {}).items()}
    what = f": {resources(totals)}" if totals else ""
    return f"tells Placement what {host(telling, match)} has{what}"


def inventory_kept(telling: Telling, match: Match) -> str:
    """The inventory is kept."""
    return f"keeps the inventory of {host(telling, match)}"


def inventory_told(telling: Telling, match: Match) -> str:
    """Answer what a host has."""
    body = telling.body if isinstance(telling.body, dict) else {}
    totals = {name: one.get("total") for name, one in (body.get("inventories") or {}).items()}
    return f"answers: {host(telling, match)} has {resources(totals)}"


def users(telling: Telling, match: Match) -> str:
    """Answer which consumers hold something of a host."""
    body = telling.body if isinstance(telling.body, dict) else {}
    holders = [server(telling, uuid) for uuid in body.get("allocations") or {}]
    verb = "hold" if len(holders) > 1 else "holds"
    return f"answers: {several(holders) or 'nobody'} {verb} something of {host(telling, match)}"


def traits(telling: Telling, match: Match) -> str:
    """Say which traits a host has."""
    body = telling.body if isinstance(telling.body, dict) else {}
    return (
        f"gives {host(telling, match)} at Placement {count(len(body.get('traits') or ()), 'trait')}"
    )


def new_provider(telling: Telling, match: Match) -> str:
    """Make a provider."""
    body = telling.body if isinstance(telling.body, dict) else {}
    return f"registers {body.get('name') or 'a host'} with Placement as a resource provider"


def providers(telling: Telling, match: Match) -> str:
    """The hosts that Placement knows."""
    body = telling.body if isinstance(telling.body, dict) else {}
    found = [str(one.get("name")) for one in body.get("resource_providers") or ()]
    return f"answers: {count(len(found), 'provider')}{': ' if found else ''}{several(found)}"


def asks(what: str) -> Any:
    """A request that asks for one thing of a host."""
    return lambda telling, match: f"asks Placement for {what.format(host=host(telling, match))}"


def answers(what: str) -> Any:
    """An answer that tells one thing of a host."""
    return lambda telling, match: (
        f"answers with {what.format(host=host(telling, match))}{after(telling)}"
    )


def fixed(text: str) -> Any:
    """A phrase that is always the same."""
    return lambda telling, match: text


GET, PUT, POST, DELETE = "GET", "PUT", "POST", "DELETE"
AGGREGATES = "the aggregates of {host}"
ROUTES = [
    (GET, "/allocation_candidates", candidates, candidates_found),
    (GET, CONSUMER, held, held_told),
    (PUT, CONSUMER, claim, granted),
    (DELETE, CONSUMER, release, released),
    (POST, "/allocations", exchange, exchanged),
    (GET, "/resource_providers", fixed("asks Placement for its providers"), providers),
    (POST, "/resource_providers", new_provider, fixed("has registered it")),
    (GET, "/traits", fixed("asks Placement which traits it knows"), fixed("answers with its traits")),
    (GET, PROVIDER, asks("the provider {host}"), answers("the provider {host}")),
    (GET, PROVIDER + "/inventories", asks("the inventory of {host}"), inventory_told),
    (PUT, PROVIDER + "/inventories", inventory, inventory_kept),
    (GET, PROVIDER + "/traits", asks("the traits of {host}"), answers("the traits of {host}")),
    (PUT, PROVIDER + "/traits", traits, answers("the new traits of {host}")),
    (GET, PROVIDER + "/aggregates", asks(AGGREGATES), answers(AGGREGATES)),
    (GET, PROVIDER + "/usages", asks("the usage of {host}"), answers("the usage of {host}")),
    (GET, PROVIDER + "/allocations", asks("who holds something of {host}"), users),
]  # fmt: skip
"""Method, path, what the client does, what Placement does."""

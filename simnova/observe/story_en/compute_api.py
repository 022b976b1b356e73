"""What a client asks of Nova's API, and what it answers."""

from __future__ import annotations

import re

from simnova.observe.story_en.deeds import action
from simnova.observe.story_en.neighbours import body, fixed, items, made, make
from simnova.observe.story_en.words import after, count, named, server
from simnova.observe.telling import Telling

Match = re.Match[str]
BASE = r"/v2\.1(?:/[0-9a-f]{32})?"


def create(telling: Telling, match: Match) -> str:
    """Ask for a server."""
    asked = body(telling, "server")
    wanted = str(asked.get("flavorRef") or "")
    kind = telling.names.flavors.get(wanted, wanted)
    image = f", image {named(telling, asked['imageRef'])}" if asked.get("imageRef") else ""
    flavor = f", flavor {kind}" if kind else ""
    amount = asked.get("max_count") or asked.get("min_count")
    who = f"server {asked['name']}" if asked.get("name") else "a server"
    many = f", {amount} of them" if amount and int(amount) > 1 else ""
    return f"asks the API to boot {who}{flavor}{image}{many}"


def accepted(telling: Telling, match: Match) -> str:
    """The server is accepted."""
    uuid = body(telling, "server").get("id")
    noted = f"{server(telling, uuid)} is noted, its building has only begun"
    return f"answers 202 Accepted{after(telling)}: {noted}"


def show(telling: Telling, match: Match) -> str:
    """Ask how a server is."""
    return f"asks the API how {server(telling, match[1])} is"


def shown(telling: Telling, match: Match) -> str:
    """How a server is."""
    found = body(telling, "server")
    return f"answers: {server(telling, match[1])} is {found.get('status', 'known')}"


def act(telling: Telling, match: Match) -> str:
    """Ask for an action on a server."""
    return f"asks the API {action(telling, server(telling, match[1]))}"


def acted(telling: Telling, match: Match) -> str:
    """The action is accepted."""
    whom = server(telling, match[1])
    return f"answers {telling.data['status']}{after(telling)}: the action on {whom} is accepted"


def delete(telling: Telling, match: Match) -> str:
    """Ask to delete a server."""
    return f"asks the API to delete {server(telling, match[1])}"


def deleted(telling: Telling, match: Match) -> str:
    """It will be deleted."""
    whom = server(telling, match[1])
    return f"answers {telling.data['status']}{after(telling)}: {whom} will be deleted"


def listed(telling: Telling, match: Match) -> str:
    """The servers."""
    return f"answers with {count(len(items(telling, 'servers')), 'server')}"


ROUTES = [
    ("POST", BASE + "/servers", create, accepted),
    ("GET", BASE + "/servers(?:/detail)?", fixed("asks the API for its servers"), listed),
    ("GET", BASE + "/servers/([^/]+)", show, shown),
    ("DELETE", BASE + "/servers/([^/]+)", delete, deleted),
    ("POST", BASE + "/servers/([^/]+)/action", act, acted),
    ("POST", BASE + "/flavors", make("flavor", "the API"), made("flavor")),
    ("GET", BASE + "/flavors(?:/detail)?", fixed("asks the API for flavors"), fixed("answers with them")),
]  # fmt: skip
"""Method, path, what the client does, what the API does."""

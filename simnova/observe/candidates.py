"""Why a host was, or was not, among Placement's candidates: the query held against the rows of that
moment.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from simnova.kernel.journal import Event, Journal
from simnova.observe import placed, rows
from simnova.observe.index import follow
from simnova.observe.telling import opened
from simnova.observe.verdict import Row, Verdict

DISABLED = "COMPUTE_STATUS_DISABLED"
_TRAITS = re.compile(r"/resource_providers/([^/]+)/traits")
GROUPS, MEMBERS = "placement.placement_aggregates", "placement.resource_provider_aggregates"


@dataclass(frozen=True)
class Provider:
    """A provider as Placement has it: what it has, its traits (None where the journal does not tell
    them), its aggregates by uuid.
    """

    uuid: str
    host: str
    stock: Mapping[str, placed.Stock]
    traits: frozenset[str] | None
    aggregates: frozenset[str]


def row(journal: Journal, asked: Event, answer: Event) -> Row | None:
    """Placement's row: all hosts it knows, and why those that are missing are; None where the
    journal does not keep the answer.
    """
    body = opened(answer.data.get("body"))
    if not isinstance(body, dict):
        return None
    wanted, found = parameters(asked.data), set(placed.candidates(body))
    known = providers(journal, answer.seq)
    names = {one.uuid: one.host for one in known}
    names |= aggregate_names(journal, answer.seq)
    verdicts = {
        one.host: Verdict(True) if one.uuid in found else Verdict(False, lack(one, wanted, names))
        for one in known
    }
    named = {uuid: Verdict(True) for uuid in sorted(found - set(names))}
    return Row("Placement", {**verdicts, **named})


def parameters(data: Mapping[str, Any]) -> dict[str, list[str]]:
    """The query of a request, each parameter as often as it was given."""
    given = data.get("query") or {}
    if isinstance(given, str):
        return parse_qs(given)
    return {
        name: list(map(str, value)) if isinstance(value, list | tuple) else [str(value)]
        for name, value in given.items()
    }


# --- what Placement knows -----------------------------------------------------------------------


class Traits:
    """The traits of each provider, as Placement confirmed them; `follow(journal, Traits)`. The rows
    would not do: the names of the standard traits are in Placement before a journal begins.
    """

    def __init__(self) -> None:
        self.of: dict[str, tuple[list[int], list[frozenset[str]]]] = {}

    def add(self, event: Event) -> None:
        """Take in the next event."""
        if event.kind != "http.response" or event.data.get("status") not in {200, 204}:
            return
        about = _TRAITS.fullmatch(str(event.data.get("path")))
        if about and event.data.get("method") in {"PUT", "GET", "DELETE"}:
            body = opened(event.data.get("body"))
            seqs, sets = self.of.setdefault(about[1], ([], []))
            seqs.append(event.seq)
            sets.append(_named(body))

    def at(self, uuid: str, seq: int) -> frozenset[str] | None:
        """The traits after step `seq`; None where nobody has told."""
        seqs, sets = self.of.get(uuid, ([], []))
        place = bisect_right(seqs, seq) - 1
        return sets[place] if place >= 0 else None


def _named(body: Any) -> frozenset[str]:
    """The traits that a body names."""
    given = body.get("traits") if isinstance(body, dict) else None
    return frozenset(map(str, given if isinstance(given, list) else ()))


def providers(journal: Journal, seq: int) -> list[Provider]:
    """The compute hosts that Placement knows at a step."""
    stocks, hosts = placed.stocks(journal, seq), placed.providers(journal, seq)
    traits, aggregates = follow(journal, Traits), memberships(journal, seq)
    ids = {row.get("uuid"): row.get("id") for row in rows.at(journal, seq, placed.PROVIDERS)}
    return [
        Provider(
            uuid,
            host,
            stocks.get(uuid, {}),
            traits.at(uuid, seq),
            frozenset(aggregates.get(ids[uuid], ())),
        )
        for uuid, host in hosts.items()
    ]


def memberships(journal: Journal, seq: int) -> dict[Any, list[str]]:
    """The uuids of each provider's aggregates, by the provider's id."""
    uuids = {row.get("id"): str(row.get("uuid")) for row in rows.at(journal, seq, GROUPS)}
    found: dict[Any, list[str]] = defaultdict(list)
    for link in rows.at(journal, seq, MEMBERS):
        found[link.get("resource_provider_id")].append(uuids.get(link.get("aggregate_id"), "?"))
    return found


def aggregate_names(journal: Journal, seq: int) -> dict[str, str]:
    """What Nova calls the aggregates that Placement knows by their uuid."""
    known = rows.at(journal, seq, "nova_api.aggregates")
    return {row["uuid"]: str(row.get("name")) for row in known if "uuid" in row}


# --- what a provider lacks ------------------------------------------------------------------------


def lack(one: Provider, wanted: Mapping[str, Sequence[str]], names: Mapping[str, str]) -> str:
    """Why a provider was no candidate."""
    trees = [tree for key, values in wanted.items() if key.startswith("in_tree") for tree in values]
    others = [names.get(tree, tree) for tree in trees if tree != one.uuid]
    if others:
        return f"the request names {', '.join(others)}"
    found = [
        *amounts(one, wanted.get("resources", ())),
        *traits(one, [*wanted.get("root_required", ()), *wanted.get("required", ())]),
        *members(one, wanted.get("member_of", ()), names),
    ]
    return "; ".join(found) or beyond(wanted)


def beyond(wanted: Mapping[str, Sequence[str]]) -> str:
    """Why a provider that lacks nothing of its own was left out."""
    if any(key[0].isdigit() for name in wanted for key in [name.removeprefix("resources")] if key):
        return "cannot give what one of the numbered groups asks for"
    limit = wanted.get("limit")
    return f"could take it, but Placement was asked for {limit[0]} candidates" if limit else "-"


def amounts(one: Provider, asked: Iterable[str]) -> list[str]:
    """The resources that are short."""
    wanted = placed.asked({"query": {"resources": ",".join(asked)}})
    said = placed.lack(dict(one.stock), wanted)
    return [said] if said else []


def traits(one: Provider, asked: Iterable[str]) -> list[str]:
    """The traits that are missing, and those that must not be there."""
    if one.traits is None:
        return []
    return [said for text in asked for said in unfit(one.traits, text)]


def unfit(held: frozenset[str], text: str) -> list[str]:
    """What is wrong with the traits that are held, for one parameter: A,!B or in:A,B."""
    if text.startswith("in:"):
        any_of = text.removeprefix("in:").split(",")
        return [] if held & set(any_of) else [f"has none of the traits {', '.join(any_of)}"]
    forbidden = [name for name in text.split(",") if name[:1] == "!" and name[1:] in held]
    missing = [name for name in text.split(",") if name[:1] != "!" and name not in held]
    return [*map(trait, forbidden), *map(trait, missing)]


def trait(name: str) -> str:
    """What is wrong with a trait that is missing, or, with a `!` in front, there."""
    bare = name.removeprefix("!")
    if bare == DISABLED:
        return f"its service is disabled (trait {DISABLED})"
    if name.startswith("!"):
        return f"has the trait {bare}, which the request forbids"
    return f"lacks the trait {bare}"


def members(one: Provider, asked: Iterable[str], names: Mapping[str, str]) -> list[str]:
    """The aggregates that it must be in, or must not, and is not, or is."""
    found = []
    for text in asked:
        forbidden, rest = text.startswith("!"), text.removeprefix("!").removeprefix("in:")
        uuids = rest.split(",")
        inside = [uuid for uuid in uuids if uuid in one.aggregates]
        told = ", ".join(names.get(uuid, uuid) for uuid in (inside if forbidden else uuids))
        if bool(inside) == forbidden:
            several = "one of the aggregates" if len(uuids) > 1 else "aggregate"
            found.append(
                f"is in aggregate {told}, which this request must keep out of"
                if forbidden
                else f"is not in {several} {told}"
            )
    return found

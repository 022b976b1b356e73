"""The values by which the events of a journal can be asked for: for menus, and to say what was mistyped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Final

from simnova.exceptions import unknown
from simnova.kernel.journal import Event, Journal
from simnova.observe.concerned import called
from simnova.observe.index import follow
from simnova.observe.names import Names, host_of, natural, place
from simnova.observe.story import sentence

MANY: Final = 200
"""Values of a key that a menu shows; of more requests the latest."""


class Seen:
    """The values that events have had, by key; `follow(journal, Seen)`."""

    def __init__(self) -> None:
        self.of: dict[str, dict[str, None]] = {
            key: {} for key in ("kind", "service", "host", "table", "method", "request")
        }
        self.requests: dict[str, int] = {}
        """The requests of learners, and where each was first sent."""

    def add(self, event: Event) -> None:
        """Take in the next event."""
        data, method = event.data, event.data.get("method")
        self._note("kind", event.kind)
        self._note("service", event.actor)
        self._note("host", host_of(event.actor))
        self._note("request", event.request_id or "")
        if event.kind.startswith("db."):
            self._note("table", f"{data.get('db')}.{data.get('table')}")
        if method and event.kind.startswith(("rpc.", "virt.", "http.")):
            self._note("method", str(method))
        asked = event.kind == "http.request" and event.actor == "client" and not event.background
        if asked and event.request_id:
            self.requests.setdefault(event.request_id, event.seq)

    def _note(self, key: str, value: str) -> None:
        if value:
            self.of[key][value] = None


def choices(journal: Journal) -> dict[str, list[str]]:
    """What a menu offers for each key, in an order that repeats: at most `MANY` values.

    A request is the beginning of its id, a blank, and what it asks for in a sentence: the first word is the value.
    """
    seen = follow(journal, Seen)
    latest = list(seen.requests.items())[-MANY:]
    servers = follow(journal, Names).servers.values()
    return {
        "request": [f"{request[:12]} {sentence(journal, seq)}" for request, seq in latest],
        "server": first(sorted(set(servers), key=natural)),
        "service": first(services(seen)),
        **{
            key: first(sorted(seen.of[key], key=natural))
            for key in ("kind", "method", "host", "table")
        },
    }


def services(seen: Seen) -> list[str]:
    """Services from left to right as a boot runs; `nova-compute` stands before that of each host."""
    actors = seen.of["service"]
    families = {actor.partition("@")[0] for actor in actors if "@" in actor}
    return sorted({*actors, *families}, key=place)


def first(values: Iterable[str]) -> list[str]:
    """As many as a menu shows."""
    return list(islice(values, MANY))


def doubt(journal: Journal, key: str, value: str) -> str:
    """That nothing in the journal is called so, and what is near; empty where something is."""
    if key not in _KNOWN:
        return ""
    known = set(_KNOWN[key](journal))
    if key == "server":
        fits = bool(called(follow(journal, Names), value))
    elif key in ("request", "method"):
        fits = any(name.startswith((value, f"req-{value}")) for name in known)
    else:
        fits = value in known
    return "" if fits else str(unknown(key, value, known))


def _services(journal: Journal) -> Iterable[str]:
    seen = follow(journal, Seen)
    return (*services(seen), *(f"@{host}" for host in seen.of["host"]))


def _tables(journal: Journal) -> Iterable[str]:
    names = follow(journal, Seen).of["table"]
    return (*names, *(name.partition(".")[2] for name in names))


_KNOWN: Final[dict[str, Callable[[Journal], Iterable[str]]]] = {
    "service": _services,
    "table": _tables,
    "host": lambda journal: follow(journal, Seen).of["host"],
    "method": lambda journal: follow(journal, Seen).of["method"],
    "request": lambda journal: follow(journal, Seen).of["request"],
    "server": lambda journal: follow(journal, Names).called,
}
"""The names by which the values of a key are known; of other keys anything may be asked for."""

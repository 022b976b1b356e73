"""What can be done otherwise from a step on: the changes that a fork offers, each a verb of the cloud.

They are read from the journal: who is there at that step, and what comes next in this run.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from simnova.kernel.journal import Event, Journal
from simnova.observe.hosts import Lives
from simnova.observe.index import follow
from simnova.observe.names import host_of, place
from simnova.observe.steps import level

AHEAD: Final = 2000
"""Events after the step in which the next messages are looked for."""
EACH: Final = 6
"""Messages and hypervisor calls that are offered."""


class Change(NamedTuple):
    """One thing done otherwise: under which heading it stands, what it says, and the verb that does it."""

    group: str
    label: str
    verb: str
    args: tuple[Any, ...] = ()
    options: tuple[tuple[str, Any], ...] = ()

    def apply(self, cloud: Any) -> None:
        """Do it to a cloud."""
        getattr(cloud, self.verb)(*self.args, **dict(self.options))

    def code(self) -> str:
        """As one would write it."""
        told = [*map(repr, self.args), *(f"{name}={value!r}" for name, value in self.options)]
        return f"cloud.{self.verb}({', '.join(told)})"


class Asked:
    """What was asked from outside, by sequence number; `follow(journal, Asked)`."""

    def __init__(self) -> None:
        self.at: list[int] = []

    def add(self, event: Event) -> None:
        """Take in the next event; that time passes is nothing one asks for."""
        if event.kind == "input" and not event.background:
            self.at.append(event.seq)


def later(journal: Journal, seq: int) -> int:
    """How many things were asked from outside after a step."""
    asked = follow(journal, Asked).at
    return len(asked) - bisect_right(asked, seq)


def offered(journal: Journal, seq: int) -> list[Change]:
    """The changes that mean something at a step; nothing in a journal without events."""
    if not len(journal):
        return []
    ahead = _telling(journal.events[seq + 1 : seq + 1 + AHEAD])
    around = ahead or _telling(journal.events[max(0, seq - AHEAD) : seq + 1])
    returns = list(_returns(journal, seq))
    off = {change.args[0] for change in returns if change.verb == "power_on"}
    return [
        *returns,
        *_losses(ahead),
        *_crashes(journal, seq, around),
        *_failures(ahead),
        *(change for change in _powers(around) if change.args[0] not in off),
    ]


def _telling(events: Iterable[Event]) -> list[Event]:
    return [event for event in events if not event.background and level(event) == 0]


def _losses(ahead: Sequence[Event]) -> Iterator[Change]:
    asked = _named(ahead, "rpc.call", "rpc.cast")
    calls = {event.data["method"] for event in asked if event.kind == "rpc.call"}
    for method in _first(event.data["method"] for event in asked):
        yield Change("A message is lost", f"the next {method}", "lose", (method,))
        if method in calls:
            reply = (("reply", True),)
            yield Change("A message is lost", f"the answer to {method}", "lose", (method,), reply)


def _crashes(journal: Journal, seq: int, around: Sequence[Event]) -> Iterator[Change]:
    lives = follow(journal, Lives)
    for actor in sorted({event.actor for event in around}, key=place):
        if actor != "client" and actor in lives.of and lives.up(actor, seq):
            yield Change("A service dies here", actor, "crash", (actor,))


def _returns(journal: Journal, seq: int) -> Iterator[Change]:
    lives = follow(journal, Lives)
    for actor in sorted(lives.of, key=place):
        died = lives.died(actor, seq)
        if died is None:
            continue
        cause = journal[died].cause
        off = cause is not None and journal[cause].data.get("verb") == "power_off"
        verb, name = ("power_on", host_of(actor)) if off else ("start", actor)
        yield Change("What died comes back here", name, verb, (name,))


def _failures(ahead: Sequence[Event]) -> Iterator[Change]:
    calls = ((host_of(one.actor), one.data["method"]) for one in _named(ahead, "virt.call"))
    for host, method in _first(calls):
        yield Change("A hypervisor fails", f"{method} on {host}", "fail", (host, method))


def _powers(around: Sequence[Event]) -> Iterator[Change]:
    hosts = (host_of(event.actor) for event in around)
    for host in _first(host for host in hosts if host):
        yield Change("A machine loses power", host, "power_off", (host,))


def _named(events: Iterable[Event], *kinds: str) -> list[Event]:
    """The events of those kinds that name a method."""
    return [event for event in events if event.kind in kinds and event.data.get("method")]


def _first(found: Iterable[Any], many: int = EACH) -> list[Any]:
    return list(dict.fromkeys(found))[:many]

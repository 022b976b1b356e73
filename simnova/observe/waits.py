"""Who waits for an answer at a step, since when, and at which line of its source."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from simnova.kernel.journal import Event, Journal
from simnova.observe.index import follow

_ASKS: Final = {"rpc.call", "http.request", "virt.call"}
_ENDS: Final = {
    "rpc.reply",
    "rpc.error",
    "rpc.timeout",
    "http.response",
    "http.error",
    "virt.return",
    "virt.error",
}
_DEAD: Final = {"service.stop", "service.crash"}
_KEPT: Final = 256
"""Events between two notes of all that is open, so that no step reads more than these again."""
_NEAR: Final = 64
"""Causes back in which a question is looked for that asked another: it waits for that one."""


def question(event: Event) -> tuple[Any, ...] | None:
    """What a question and its answer have in common; None for a cast, which nobody waits for."""
    data, room = event.data, event.kind.partition(".")[0]
    if room == "virt":
        return room, event.actor, str(data.get("method")), str(data.get("instance"))
    number = data.get("msg_id" if room == "rpc" else "id")
    return None if number is None else (room, str(number))


class Asking:
    """The questions that are open; `follow(journal, Asking)`."""

    def __init__(self) -> None:
        self.notes: list[dict[Any, Event]] = []
        self._open: dict[Any, Event] = {}

    def add(self, event: Event) -> None:
        """Take in the next event."""
        if event.seq % _KEPT == 0:
            self.notes.append(dict(self._open))
        ask(self._open, event)

    def at(self, journal: Journal, seq: int) -> list[Event]:
        """The questions that are open right after step `seq`, in the order in which they were asked."""
        note = seq // _KEPT
        found = dict(self.notes[note])
        for event in journal.events[note * _KEPT : seq + 1]:
            ask(found, event)
        return sorted(found.values(), key=lambda event: event.seq)


def ask(opened: dict[Any, Event], event: Event) -> None:
    """Note what an event asks, or answers; a process that has ended waits for nothing."""
    if event.kind in _DEAD:
        for key in [key for key, one in opened.items() if one.actor == event.actor]:
            del opened[key]
    key = question(event) if event.kind in _ASKS or event.kind in _ENDS else None
    if key is not None and event.kind in _ENDS:
        opened.pop(key, None)
    elif key is not None and not event.background:
        opened[key] = event


class Lines:
    """The events of each actor that name a line of source; `follow(journal, Lines)`."""

    def __init__(self) -> None:
        self.of: dict[str, list[int]] = {}

    def add(self, event: Event) -> None:
        """Take in the next event."""
        if event.where and not event.background:
            self.of.setdefault(event.actor, []).append(event.seq)


@dataclass(frozen=True)
class Wait:
    """Where a service is in its source: `seconds` since it asked `what`, or, where that is empty, since it was last
    heard of there.
    """

    seq: int
    service: str
    where: str | None
    what: str
    seconds: float


def waits(journal: Journal, seq: int) -> list[Wait]:
    """Every service at the step `seq`: first those that wait, the longest first, then where each of the others was
    last, the latest first.
    """
    now = journal[seq].time
    asked = innermost(journal, follow(journal, Asking).at(journal, seq))
    waiting = [
        Wait(one.seq, one.actor, place(journal, one), what(one), now - one.time) for one in asked
    ]
    busy = {one.service for one in waiting}
    idle = [one for one in last_lines(journal, seq) if one.actor not in busy]
    return [*waiting, *(Wait(one.seq, one.actor, one.where, "", now - one.time) for one in idle)]


def innermost(journal: Journal, asked: Sequence[Event]) -> list[Event]:
    """Of questions that one task has asked inside another, those that it waits for now."""
    open_ones, outer = {event.seq: event for event in asked}, set[int]()
    for event in asked:
        cause = event.cause
        for _ in range(_NEAR):
            if cause is None:
                break
            if cause in open_ones and open_ones[cause].actor == event.actor:
                outer.add(cause)
            cause = journal[cause].cause
    return [event for event in asked if event.seq not in outer]


def place(journal: Journal, event: Event) -> str | None:
    """The line that waits; of what was asked from outside, the line that asked."""
    cause = None if event.cause is None else journal[event.cause]
    asked = cause.where if cause is not None and cause.kind == "input" else None
    return event.where or asked


def what(event: Event) -> str:
    """What is waited for, in a few words."""
    data = event.data
    if event.kind == "http.request":
        return f"{data.get('to')}: {data.get('method')} {data.get('path')}"
    if event.kind == "virt.call":
        return f"hypervisor: {data.get('method')}"
    return f"{data.get('server') or data.get('topic')}: {data.get('method')}"


def last_lines(journal: Journal, seq: int) -> list[Event]:
    """The last event of each service that names a line, up to the step `seq`, the latest first."""
    found = []
    for places in follow(journal, Lines).of.values():
        at = bisect_right(places, seq) - 1
        if at >= 0 and journal[places[at]].kind != "input":
            found.append(journal[places[at]])
    return sorted(found, key=lambda event: -event.seq)

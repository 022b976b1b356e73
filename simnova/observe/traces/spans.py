"""Spans: who was at work on what, from when to when, and for whom; a trace is all of one request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from simnova.kernel.journal import Event, Journal
from simnova.observe.index import follow


class Role(StrEnum):
    """What a span is."""

    ROOT = "root"
    """A whole request."""
    CLIENT = "client"
    """Who asks and waits for the answer."""
    SERVER = "server"
    """Who is asked."""
    PRODUCER = "producer"
    """Who casts, and goes on."""
    CONSUMER = "consumer"
    """Who takes a cast up."""
    BROKER = "broker"
    """A message's stay in a queue."""
    DRIVER = "driver"
    """What is asked of a hypervisor."""
    STEP = "step"
    """One step of it."""


@dataclass(eq=False)
class Span:
    """A piece of work. `seq` is the event that began it; `start` and `end` are seconds since the cloud's time zero.

    As long as an answer is to come it is `waiting`; `error` says in words what went wrong.
    """

    seq: int
    role: Role
    service: str
    name: str
    trace: Trace
    parent: Span | None
    start: float
    end: float
    waiting: bool = False
    error: str = ""
    about: dict[str, Any] = field(default_factory=dict)
    notes: list[Event] = field(default_factory=list)

    def until(self, time: float) -> None:
        """It lasts at least until then."""
        self.end = max(self.end, time)

    @property
    def finish(self) -> float:
        """When it ended; of what is still waited for, when last anything happened for its request."""
        return self.trace.last if self.waiting else self.end


@dataclass(eq=False)
class Trace:
    """All spans of one request; where there was no request, of what one event has brought about."""

    key: str
    request_id: str | None
    background: bool
    last: float
    spans: list[Span] = field(default_factory=list)
    link: Span | None = None

    @property
    def root(self) -> Span:
        """The span over all the others."""
        return self.spans[0]


def traces(journal: Journal, *, background: bool = False) -> list[Trace]:
    """The traces of a journal, in the order in which they began; set-up and periodic tasks only with `background`."""
    from simnova.observe.traces.tracer import Tracer

    found = follow(journal, Tracer).traces.values()
    return [
        one
        for one in found
        if (background or not one.background) and (one.request_id or len(one.spans) > 1)
    ]


def spans(found: list[Trace]) -> Iterator[Span]:
    """The spans of some traces."""
    for trace in found:
        yield from trace.spans

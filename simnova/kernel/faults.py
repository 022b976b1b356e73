"""Breaking things at the doors: crash a service at an event, lose a message. Services know nothing of it.

A `Fault` looks at what passes a door and acts when its condition holds, `times` times. Each act is journalled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

from simnova.kernel.clock import Clock, Crashed, Service
from simnova.kernel.journal import DERIVED, Event, declare

__door__ = True

FAULT = declare("fault", "something was broken on purpose")

Moment = Literal["before", "after"]


class Armed(Protocol):
    """Something that lies in wait; as text it says what will happen."""

    @property
    def waits(self) -> bool:
        """Whether it has not struck for the last time."""

    def disarm(self) -> None:
        """Have it never strike again."""


@dataclass
class Crash:
    """Kill the service that is about to pass, or has just passed, a door: the `nth` event of `kind` by `actor`."""

    kind: str
    actor: str
    nth: int = 1
    moment: Moment = "after"

    def hits(self, kind: str, actor: str) -> bool:
        """Whether this is the one; counts down."""
        if (kind, actor) != (self.kind, self.actor) or self.nth < 1:
            return False
        self.nth -= 1
        return self.nth == 0

    @property
    def waits(self) -> bool:
        """Whether it has not struck yet."""
        return self.nth > 0

    def disarm(self) -> None:
        """Let the service live."""
        self.nth = 0

    def __str__(self) -> str:
        if self.nth == 1:
            return f"{self.actor} dies {self.moment} its next {self.kind}"
        return (
            f"{self.actor} dies {self.moment} its {self.kind} number {self.nth}, counted from now"
        )


class Lasting(NamedTuple):
    """Something that stays broken, in words, and how it is mended."""

    text: str
    end: Callable[[], object]


class Faults:
    """The faults of one clock: what lies in wait, as text in the order in which it was arranged, and what lasts.

    Something that lasts (a database that refuses, a host that is cut off) does so until it is taken back.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.armed: list[Armed] = []
        self.lasting: dict[tuple[str, str], Lasting] = {}
        self._crashes: list[Crash] = []

    def __iter__(self) -> Iterator[str]:
        yield from [str(one) for one in self.armed if one.waits]
        yield from [one.text for one in self.lasting.values()]

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"<Faults: {'; '.join(self) or 'none lies in wait'}>"

    def last(self, kind: str, what: str, text: str, end: Callable[[], object]) -> None:
        """From now on something is broken: `end` mends it."""
        self.lasting[kind, what] = Lasting(text, end)

    def mend(self, kind: str, what: str) -> None:
        """What is broken is as it was; nothing happens where it is not broken."""
        found = self.lasting.pop((kind, what), None)
        if found is not None:
            found.end()

    def clear(self) -> None:
        """Nothing lies in wait any more, and what lasts ends."""
        for one in self.armed:
            one.disarm()
        self.armed = []
        for kind, what in list(self.lasting):
            self.mend(kind, what)

    def crash_at(self, crash: Crash) -> None:
        """Have a service die at one of its events, between it and the next thing it does."""
        if not self._crashes:
            self.clock.journal.before.append(self._before)
            self.clock.journal.after.append(self._after)
        self._crashes.append(crash)
        self.armed.append(crash)

    def note(self, verb: str, /, because: int = DERIVED, **data: Any) -> Event:
        """Journal a fault that strikes now, because of what whoever is at work has just done, or of that event."""
        return self.clock.journal.record(
            FAULT, {"verb": verb, **data}, actor="fault", cause=because
        )

    def _before(self, kind: str, actor: str | None) -> None:
        victim = self._living(actor)
        if victim is not None and self._strikes("before", kind, victim.name):
            self.clock.crash(victim)
            raise Crashed(victim.name)

    def _after(self, event: Event) -> None:
        victim = self._living(event.actor)
        if victim is not None and self._strikes("after", event.kind, victim.name):
            self.clock.crash(victim, cause=event.seq)

    def _living(self, actor: str | None) -> Service | None:
        """The service whose event it is: that of the task that runs, or one to which a message is handed just now."""
        task = self.clock.active
        if task is not None:
            return task.service if task.service.name == actor and task.service.alive else None
        return next((life for life in self.clock.services if life.name == actor), None)

    def _strikes(self, moment: Moment, kind: str, actor: str) -> bool:
        hits = [crash.moment == moment and crash.hits(kind, actor) for crash in self._crashes]
        return any(hits)

"""Breaking things at the doors: crash a service at an event, lose a message. Services know nothing of it.

A `Fault` looks at what passes a door and acts when its condition holds, `times` times. Each act is journalled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

from simnova.kernel.clock import Clock, Crashed, Service
from simnova.kernel.journal import Event, declare

__door__ = True

FAULT = declare("fault", "something was broken on purpose")

Moment = Literal["before", "after"]


class Armed(Protocol):
    """Something that lies in wait; as text it says what will happen."""

    @property
    def waits(self) -> bool:
        """Whether it has not struck for the last time."""


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

    def __str__(self) -> str:
        which = "the next" if self.nth == 1 else f"number {self.nth} from now of its"
        return f"{self.actor} dies {self.moment} {which} {self.kind}"


class Faults:
    """The faults that lie in wait on one clock: crashes, and what else was armed."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.armed: list[Armed] = []
        self._crashes: list[Crash] = []

    def __repr__(self) -> str:
        waiting = [str(one) for one in self.armed if one.waits]
        return f"<Faults: {'; '.join(waiting) or 'none lies in wait'}>"

    def crash_at(self, crash: Crash) -> None:
        """Have a service die at one of its events, between it and the next thing it does."""
        if not self._crashes:
            self.clock.journal.before.append(self._before)
            self.clock.journal.after.append(self._after)
        self._crashes.append(crash)
        self.armed.append(crash)

    def note(self, verb: str, **data: Any) -> Event:
        """Journal a fault that strikes now."""
        return self.clock.journal.record(FAULT, {"verb": verb, **data}, actor="fault")

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

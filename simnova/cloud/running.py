"""How a cloud runs: from one event of the engine to the next, until nobody works or something has come."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

from simnova.cloud import checks
from simnova.cloud.engine import Engine, Until, condition, named, until_ended
from simnova.cloud.inputs import Inputs
from simnova.exceptions import UsageError
from simnova.kernel.journal import Event, Journal
from simnova.observe import story as stories
from simnova.observe.story import Story

if TYPE_CHECKING:
    from simnova.cloud.assembly import Assembly
    from simnova.cloud.server import Call
    from simnova.kernel.faults import Faults
    from simnova.kernel.service import Service

__door__ = True


class Moment(list[Event]):
    """The events of one step of a cloud; it shows itself as the sentences that tell of them."""

    def __init__(self, journal: Journal, events: Iterable[Event]) -> None:
        super().__init__(events)
        self._journal = journal

    def story(self) -> Story:
        """A sentence for each event."""
        return Story((one.seq, one.time, stories.sentence(self._journal, one.seq)) for one in self)

    def __repr__(self) -> str:
        return str(self.story())

    def _repr_html_(self) -> str:
        return self.story()._repr_html_()


class Running(Inputs):
    """A cloud that runs, and says what keeps it from that."""

    assembly: Assembly
    faults: Faults
    _serving: int | None = None
    """The thread that runs the engine for a guest's request, while nobody else does."""

    @property
    def now(self) -> float:
        """Seconds since the cloud's time zero."""
        return self.clock.now

    def run(
        self, until: Until = None, *, pace: float | None = None, timeout: float = 86400.0
    ) -> Self:
        """Run until nobody works, or until something: a time in seconds, a kind of event, a query
        (`"kind:rpc.cast to:compute"`), a condition on an event.

        With a `pace` simulated seconds follow the wall clock times it. Raises `UsageError` where the condition never
        holds, or where something still works after `timeout` simulated seconds.
        """
        checks.check_run(until, pace, timeout)
        if isinstance(until, (int, float)) and not isinstance(until, bool):
            return self._run_until_time(float(until), pace)
        wanted = condition(until, self.journal)
        seen, limit = len(self.journal), self.now + timeout
        with self._engine(pace):
            while not self.clock.quiet:
                self.clock.step()
                if wanted is not None:
                    new, seen = self.journal.events[seen:], len(self.journal)
                    if any(wanted(event) for event in new):
                        return self
                if self.clock.now > limit:
                    raise UsageError(
                        f"still at work after {timeout:g} simulated seconds: {self._at_work()}"
                    )
        if wanted is not None:
            raise UsageError(
                f"nothing works any more at {self.now:.3f} s, and {named(until, self.journal)}"
            )
        return self

    def _run_until_time(self, until: float, pace: float | None) -> Self:
        if until < self.now:
            raise UsageError(
                f"{until:g} s is in the past, it is {self.now:.3f} s: to look back, seek in the player"
            )
        timer = self._wait(until - self.now)
        with self._engine(pace):
            while not timer.processed:
                self.clock.step()
        return self

    def step(self) -> Moment:
        """Run to the next event and return it, with those of the same instant of the engine; background ones pass."""
        seen = len(self.journal)
        with self._engine():
            while not self.clock.quiet:
                self.clock.step()
                new = [event for event in self.journal.events[seen:] if not event.background]
                if new:
                    return Moment(self.journal, new)
        return Moment(self.journal, [])

    def _at_work(self) -> str:
        return "; ".join(
            f"{task.service.name} {task.name} at {line}" for task, line in self.clock.waiting()
        )

    def _engine(self, pace: float | None = None) -> Engine:
        return Engine(self, pace)

    @property
    def serves_a_guest(self) -> bool:
        """Whether the engine runs for a real guest's request, and will soon be free."""
        return self._owner is None or self._owner == self._serving

    # --- until something is done ----------------------------------------------------------------------------

    def _until_answered(self, call: Call) -> None:
        """Raises `UsageError` where nobody is at work any more, and the answer has not come."""
        with self._engine():
            while not call.done and not self.clock.quiet and self.clock.step():
                pass
        if not call.done:
            broken = "; ".join([*self.faults, *self._down()]) or "nobody is at work"
            raise UsageError(
                f"{call!r}: whoever has to answer waits for what is broken: {broken}. Mend it, then run()"
            )

    def _until_ended(self, life: Service | None) -> None:
        until_ended(self, life)

    # --- what is down -----------------------------------------------------------------------------------------

    def _down(self) -> list[str]:
        """What is down, services and message brokers, in words."""
        services = [name for name, life in self.assembly.running.items() if not life.alive]
        brokers = [name for name, broker in self.assembly.brokers.items() if not broker.is_up]
        return [self._trouble(name) for name in [*services, *brokers]]

    def _trouble(self, service: str) -> str:
        """That a service is down, and why where it could not start."""
        why = self.assembly.failures.get(service)
        return f"{service} is down" + (f": {why}" if why else "")

"""The clock: simulated time, and everything that runs in it.

SimPy keeps the order of events; services are plain `async` methods and never see it (this is the only module that
imports SimPy). One line is the bridge: `_until` yields a SimPy event out of a coroutine.

A service is a `Service`: a name and its running tasks. Killing one shuts its doors first (`Crashed` is raised at the
next one) and then closes its coroutines, so that no `except Exception` of a service runs after its death.
"""

from __future__ import annotations

import sys
import threading
import types
from collections.abc import Callable, Coroutine, Generator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast

import simpy

from simnova.exceptions import UsageError
from simnova.kernel.chance import Between as Between
from simnova.kernel.chance import Chance
from simnova.kernel.costs import Costs
from simnova.kernel.journal import DERIVED, Journal, Level
from simnova.kernel.leaving import CLOCKS
from simnova.kernel.network import Network
from simnova.kernel.patience import Patience
from simnova.kernel.realtime import Realtime
from simnova.kernel.service import SERVICE_CRASH, SERVICE_START, SERVICE_STOP
from simnova.kernel.service import Crashed as Crashed
from simnova.kernel.service import Service as Service
from simnova.kernel.ties import untie
from simnova.kernel.waiting import where as where

__door__ = True

T = TypeVar("T")
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""Time zero of every simulated cloud, so that what it prints repeats."""

Signal = simpy.Event
"""Something a task can wait for; `succeed(value)` wakes it."""


class _Here(threading.local):
    """Whose engine is at work in this thread, and what was being handled meanwhile."""

    clock: Clock | None = None
    handled: BaseException | None = None


_here = _Here()


def running() -> Clock | None:
    """The clock whose engine is at work at this moment in this thread, for the log door alone."""
    return _here.clock


def handled() -> BaseException | None:
    """What whoever steps the engine was handling meanwhile: Python makes it the context of every error in a task."""
    return _here.handled


class Expired(Exception):
    """A `wait` with a timeout was not answered in time."""


class Task(simpy.Process):
    """A running coroutine of a service, and what the journal derives from it: cause, request, background."""

    def __init__(
        self,
        clock: Clock,
        coro: Coroutine[Any, Any, Any],
        service: Service,
        cause: int | None,
        request_id: str | None,
        background: bool,
    ) -> None:
        self.coro = coro
        self.service = service
        self.latest = cause
        self.request_id = request_id
        self.background = background
        self.outcome: Any = None
        self.error: Exception | None = None
        super().__init__(clock.env, cast(Generator[Signal, Any, Any], clock.guard(self, coro)))
        self.callbacks.append(clock.ended)

    @property
    def name(self) -> str:
        """The name of the coroutine function that runs."""
        return str(getattr(self.coro, "__qualname__", self.coro))


@types.coroutine
def _until(event: Signal) -> Generator[Signal, Any, Any]:
    return (yield event)


def _forget(timer: Signal) -> None:
    """Have a timer that is not needed any more hold nothing; SimPy still counts it down."""
    if timer.callbacks is not None:
        timer.callbacks.clear()


class Clock(Chance):
    """Simulated time in seconds from zero, the journal, the random streams and the tasks of one cloud."""

    def __init__(self, seed: int = 0, level: Level = "full") -> None:
        super().__init__(seed)
        self.env = simpy.Environment(0.0)
        self.journal = Journal(self, level)
        self.real = Realtime(self)
        self.patience = Patience(self)
        self.costs = Costs(self)
        self.network = Network(self)
        self.steps = 0
        self.untied = False
        self.services: dict[Service, None] = {}
        self._busy = 0
        self._second, self._utcnow = -1, ""
        self._failures: list[BaseException] = []
        self.rest: Callable[[], bool] | None = None
        CLOCKS.add(self)

    # --- time -------------------------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """Seconds since the cloud's time zero."""
        return self.env._now

    def utcnow(self) -> str:
        """The cloud's date and time as OpenStack writes it, `2026-01-01T00:00:00Z`; written out once a second."""
        second = int(self.now)
        if second != self._second:
            self._second = second
            self._utcnow = f"{EPOCH + timedelta(seconds=second):%Y-%m-%dT%H:%M:%SZ}"
        return self._utcnow

    @property
    def active(self) -> Task | None:
        """The task that is running, if one is."""
        return self.env._active_proc  # type: ignore[return-value]

    def signal(self) -> Signal:
        """A new thing to wait for."""
        return Signal(self.env)

    async def wait(self, signal: Signal, timeout: float | None = None) -> Any:
        """Wait until `signal` succeeds and return its value; raises `Expired` after `timeout` seconds.

        The value may be an exception, which is then raised: SimPy would rebuild it from its arguments.
        """
        task = self.active
        if task is None:
            raise UsageError(
                "await works inside a service; in a notebook call cloud.run() or server.wait()"
            )
        if not task.service.alive:
            self.check(task)
        if timeout is not None:
            self._expire(signal, timeout)
        value = await _until(signal)
        if isinstance(value, BaseException):
            raise value
        return value

    def _expire(self, signal: Signal, timeout: float) -> None:
        def expire(_: Signal) -> None:
            if not signal.triggered:
                signal.succeed(Expired(timeout))

        timer = simpy.Timeout(self.env, timeout)
        timer.callbacks.append(expire)
        if signal.callbacks is not None:
            signal.callbacks.append(lambda _: _forget(timer))

    async def sleep(self, seconds: float) -> None:
        """Let simulated time pass."""
        await self.wait(self.env.timeout(seconds))

    def after(
        self, seconds: float, action: Callable[..., Any], *args: Any, background: bool = False
    ) -> Signal:
        """Call `action(*args)` in `seconds`. It counts as work in progress unless it is background."""
        if not background:
            self._busy += 1

        def fire(_: Signal) -> None:
            if not background:
                self._busy -= 1
            try:
                action(*args)
            except Crashed:
                return

        timer = simpy.Timeout(self.env, seconds)
        timer.callbacks.append(fire)
        return timer

    async def measure(
        self, work: Callable[..., T], *args: Any, timeout: float = 60.0, what: str = ""
    ) -> T:
        """Do real work on a thread of its own; the clock then stands where it took as long.

        `timeout` is in seconds of the wall clock; past it `TimeoutError` is raised and the thread is left alone.
        What came back is a recorded input: a replay takes it from there and does no work.
        """
        return cast(T, await self.wait(self.real.start(work, args, timeout, what)))

    # --- tasks ------------------------------------------------------------------------------------------------

    def spawn(
        self,
        coro: Coroutine[Any, Any, Any],
        *,
        service: Service | None = None,
        cause: int | None = DERIVED,
        request_id: str | None = None,
        background: bool | None = None,
    ) -> Task:
        """Run a coroutine from the current instant on; what is not given is inherited from the running task."""
        parent = self.active
        service = service or (parent.service if parent else None)
        if service is None:
            coro.close()
            raise UsageError("spawn from outside a service needs service=…")
        if parent is not None:
            cause = parent.latest if cause == DERIVED else cause
            request_id = request_id or parent.request_id
            background = parent.background if background is None else background
        task = Task(
            self, coro, service, None if cause == DERIVED else cause, request_id, bool(background)
        )
        service.tasks[task] = None
        self._busy += not task.background
        return task

    async def guard(self, task: Task, coro: Coroutine[Any, Any, Any]) -> None:
        """Keep what a task returned or raised on the task: SimPy must never see an exception."""
        try:
            task.outcome = await coro
        except Crashed:
            pass
        except Exception as error:
            task.error = error
            self._failures.append(error)

    def ended(self, process: Signal) -> None:
        """Count a task out; SimPy calls this when its coroutine has returned."""
        task = cast(Task, process)
        task.service.tasks.pop(task, None)
        self._busy -= not task.background

    async def idle(self, signal: Signal) -> Any:
        """Wait as a service that has nothing to do: `run()` does not wait for a task that idles."""
        task = self.active
        if task is None or task.background:
            return await self.wait(signal)
        self._busy -= 1
        task.background = True
        try:
            return await self.wait(signal)
        finally:
            task.background = False
            self._busy += 1

    # --- the life of services ---------------------------------------------------------------------------------

    def check(self, task: Task) -> None:
        """Raise `Crashed` where the task's service is dead. Every door asks this through the journal."""
        if not task.service.alive:
            raise Crashed(task.service.name)

    def start(self, name: str, background: bool | None = None) -> Service:
        """A new life of the service of that name."""
        service = Service(name)
        self.services[service] = None
        self.journal.record(SERVICE_START, {}, actor=name, background=background)
        return service

    def crash(self, service: Service, cause: int | None = DERIVED) -> None:
        """Kill a service now: doors shut at once, coroutines closed before anything else happens."""
        self._end(service, SERVICE_CRASH, cause)

    def stop(
        self, service: Service, cause: int | None = DERIVED, background: bool | None = None
    ) -> None:
        """End a service in good order, between two of its steps."""
        self._end(service, SERVICE_STOP, cause, background)

    def _end(
        self, service: Service, kind: str, cause: int | None, background: bool | None = None
    ) -> None:
        if not service.alive:
            return
        running = self.active is not None and self.active.service is service
        service.ended = self.journal.record(
            kind, {}, actor=service.name, cause=cause, background=background
        ).seq
        service.alive = False
        self.services.pop(service, None)
        if running:
            self.after(0, self._bury, service)
        else:
            self._bury(service)

    def _bury(self, service: Service) -> None:
        for task in list(service.tasks):
            self._close(task)
        for action in service.at_end:
            action()

    def _close(self, task: Task) -> None:
        target = task.target
        if not task.is_alive:
            return
        if target is not None and target.callbacks is not None:
            target.callbacks.remove(task._resume)
        self.env._active_proc, active = task, self.env.active_process
        try:
            task._generator.close()
        except Crashed:
            pass
        finally:
            self.env._active_proc = active
        task.coro.close()
        task.succeed()

    # --- the engine -------------------------------------------------------------------------------------------

    @property
    def quiet(self) -> bool:
        """Whether nobody is working: no task but periodic and idle ones, nothing at this instant or from outside."""
        return self.rest is None and not self._busy and self.env.peek() > self.env._now

    def step(self) -> bool:
        """Process one engine event, waiting for real work where it is due first. False where none is left."""
        if self.rest is not None and self.rest():
            return True
        if not self.real.admit():
            return False
        self._step()
        return True

    def _step(self) -> None:
        before = _here.clock
        _here.clock, _here.handled = self, sys.exc_info()[1]
        if self.untied:
            untie(self.env._queue, lambda many: self.decide("tie", among=range(many)))
        try:
            self.env.step()
        finally:
            _here.clock = before
        self.steps += 1
        if self._failures:
            raise self._failures.pop(0)
        if self.patience.wanted:
            self.patience.end()

    def tell(self, error: BaseException) -> None:
        """Raise this out of the engine when its step is over."""
        self._failures.append(error)

    def begin(self) -> None:
        """Let the task that was just spawned from outside go to its first wait, before anything else happens."""
        self._step()

    def close(self) -> None:
        """Give everything up where it stands: what was spawned and never ran must not be left un-awaited."""
        for service in list(self.services):
            service.alive = False
            for task in list(service.tasks):
                self._close(task)

    def run(self) -> None:
        """Go on until nobody works; for a clock without a cloud, as in the messaging lessons."""
        while not self.quiet:
            self.step()

    def peek(self) -> float:
        """The time of the next engine event, infinity where there is none."""
        return self.env.peek()

    def advance(self, seconds: float) -> None:
        """Let that much time pass, with all that happens in it."""
        arrived: list[bool] = []
        self.after(seconds, arrived.append, True, background=True)
        while not arrived:
            self.step()

    def waiting(self) -> list[tuple[Task, str]]:
        """The tasks that are at work now, and the `file:line` at which each waits."""
        tasks = [task for service in self.services for task in service.tasks if not task.background]
        return [(task, where(task.coro)) for task in tasks]

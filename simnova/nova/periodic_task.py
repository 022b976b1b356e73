"""What a service does again and again (`oslo_service/periodic_task.py`, and `nova/service.py`).

A service has one thread for all its periodic tasks: while one of them waits, the others do too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import cache, reduce
from typing import Any, NamedTuple, TypeVar

from simnova.kernel.clock import Clock
from simnova.kernel.lock import Semaphore
from simnova.nova.log import getLogger

LOG = getLogger("oslo_service.periodic_task")

DEFAULT_INTERVAL = 60.0
"""Seconds between the rounds of a task that has no spacing of its own."""


class Periodic(NamedTuple):
    """A periodic task of a service: what is done, every how many seconds, and whether as soon as it is up."""

    work: Callable[[], Awaitable[None]]
    spacing: float
    run_immediately: bool = False


class Declared(NamedTuple):
    """How a method was marked: the option with its spacing, the one that has it do something, and what it mends.

    Both are named as in nova.conf, `section.name` outside of `[DEFAULT]`.
    """

    mends: str
    spacing: str | None = None
    option: str | None = None
    run_immediately: bool = False
    zero_is_off: bool = False

    def seconds(self, conf: Any) -> float | None:
        """Its spacing: 0 is the default one, below that the task is off (None)."""
        if self.spacing is None:
            return DEFAULT_INTERVAL
        given = float(value_of(conf, self.spacing))
        if given < 0 or (given == 0 and self.zero_is_off):
            return None
        return given or DEFAULT_INTERVAL


Method = TypeVar("Method", bound=Callable[..., Awaitable[None]])

_DECLARED: dict[str, Declared] = {}


def periodic_task(
    mends: str,
    *,
    spacing: str | None = None,
    option: str | None = None,
    run_immediately: bool = False,
    zero_is_off: bool = False,
) -> Callable[[Method], Method]:
    """Mark a manager's method as a periodic task; the service does it while it runs."""

    def mark(method: Method) -> Method:
        _DECLARED[_key(method)] = Declared(mends, spacing, option, run_immediately, zero_is_off)
        return method

    return mark


@cache
def declarations(manager: type) -> Mapping[str, Declared]:
    """The periodic tasks of a class of managers by name, those of its base classes first."""
    return {
        name: _DECLARED[_key(method)]
        for base in reversed(manager.__mro__)
        for name, method in vars(base).items()
        if _key(method) in _DECLARED
    }


def declared_by(manager: Any, conf: Any) -> list[Periodic]:
    """The periodic tasks of a manager that these options leave on."""
    found = []
    for name, declared in declarations(type(manager)).items():  # type: ignore[arg-type]
        seconds = declared.seconds(conf)
        if seconds is not None:
            found.append(Periodic(getattr(manager, name), seconds, declared.run_immediately))
    return found


def value_of(conf: Any, option: str) -> Any:
    """The value of an option, `section.name` or a name in `[DEFAULT]`."""
    return reduce(getattr, option.split("."), conf)


def _key(method: Any) -> str:
    return f"{getattr(method, '__module__', '')}.{getattr(method, '__qualname__', '')}"


class PeriodicTasks:
    """The thread of a service that does its periodic tasks, one at a time."""

    def __init__(self, clock: Clock, tasks: Iterable[Periodic]) -> None:
        self.clock = clock
        self.tasks = list(tasks)
        self._thread = Semaphore(clock)

    def start(self, delay: float, at_once: bool) -> None:
        """Begin: the first round of each comes its spacing after `delay` seconds.

        `at_once` those that run immediately come after the delay alone.
        """
        for task in self.tasks:
            now = task.run_immediately and at_once
            first = delay if now else task.spacing + delay
            self.clock.spawn(self._forever(task, first), background=True)

    async def _forever(self, task: Periodic, first: float) -> None:
        """Do something every `spacing` seconds; an error is logged and the next round comes all the same."""
        await self.clock.sleep(first)
        while True:
            async with self._thread:
                await self._run(task)
            await self.clock.sleep(task.spacing)

    async def _run(self, task: Periodic) -> None:
        try:
            await task.work()
        except Exception:
            LOG.exception("Error during %s", _name(task.work))


def _name(work: Callable[..., Any]) -> str:
    """The name of a task, `ComputeManager._sync_power_states`."""
    owner, name = getattr(work, "__self__", None), getattr(work, "__name__", str(work))
    return f"{type(owner).__name__}.{name}" if owner is not None else name

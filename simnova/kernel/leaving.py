"""When the interpreter ends in the middle of a run, work that nobody has begun goes without Python's warnings."""

from __future__ import annotations

import atexit
from collections.abc import Coroutine
from inspect import CORO_CREATED, getcoroutinestate
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakSet

if TYPE_CHECKING:
    from simnova.kernel.clock import Clock

CLOCKS: WeakSet[Clock] = WeakSet()
"""Those that somebody still has."""


@atexit.register
def drop() -> None:
    """Close the coroutines of each clock that were never awaited: none of their code has run, and none does now."""
    tasks = [task for clock in CLOCKS for service in clock.services for task in service.tasks]
    for work in [work for task in tasks for work in (task.coro, task._generator)]:
        if getcoroutinestate(cast("Coroutine[Any, Any, Any]", work)) == CORO_CREATED:
            work.close()

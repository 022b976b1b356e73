"""Who runs the engine of a cloud, and until when."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from simnova.exceptions import UsageError, one_of
from simnova.kernel.collector import Seldom
from simnova.kernel.journal import KINDS, Event
from simnova.kernel.patience import Handler
from simnova.kernel.service import Service

if TYPE_CHECKING:
    from simnova.cloud.cloud import Cloud

__door__ = True

Until = float | str | Callable[[Event], object] | None
"""A time in seconds, a kind of event, a condition on an event, or quiet."""

MOMENT = 0.002
"""Wall seconds between two looks whether the engine is free again."""

_taking = threading.Lock()


class Engine:
    """Owns the engine for the time of a block; another thread's block is refused, but waits for a guest's request."""

    def __init__(self, cloud: Cloud, pace: float | None) -> None:
        self.cloud = cloud
        self.pace = pace
        self._interrupts: Handler | None = None
        self._collector = Seldom()

    def __enter__(self) -> None:
        while not self._take():
            if not self.cloud.serves_a_guest:
                raise UsageError(
                    "this cloud is running in another thread: requests may be sent, run() may not be called"
                )
            time.sleep(MOMENT)
        self.cloud.clock.real.set_pace(self.pace)
        self._interrupts = self.cloud.clock.patience.guard()
        self._collector.__enter__()
        self.cloud.clock.real.listen()

    def _take(self) -> bool:
        """Own the engine, unless another thread does."""
        with _taking:
            self.cloud._check_open()
            free = self.cloud._owner in (None, threading.get_ident())
            if free:
                self.cloud._owner = threading.get_ident()
        return free

    def __exit__(self, *_: object) -> None:
        self._collector.__exit__(None, None, None)
        self.cloud.clock.patience.release(self._interrupts)
        self.cloud.clock.real.set_pace(None)
        self.cloud._owner = None


def until_ended(cloud: Cloud, life: Service | None) -> None:
    """Run until a service is down, unless a run is under way that will come to it."""
    if life is not None and life.alive and cloud._owner is None:
        with Engine(cloud, None):
            while life.alive and cloud.clock.step():
                pass


def condition(until: Until) -> Callable[[Event], object] | None:
    """What `run` asks of each event; raises `UsageError` for a kind of event that there is not."""
    if until is None or callable(until):
        return until
    one_of("kind of event", until, KINDS)
    return lambda event: event.kind == until and not event.background


def named(until: Until) -> str:
    """What was waited for, in a sentence that repeats."""
    return repr(until) if isinstance(until, str) else "what the condition asks for"

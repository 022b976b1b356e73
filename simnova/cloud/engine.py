"""Who runs the engine of a cloud, and until when."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from simnova.exceptions import UsageError, one_of, unknown
from simnova.kernel.collector import Seldom
from simnova.kernel.journal import KINDS, Event, Journal
from simnova.kernel.patience import Handler
from simnova.kernel.service import Service
from simnova.observe.query import Query

if TYPE_CHECKING:
    from simnova.cloud.running import Running

__door__ = True

Until = float | str | Query | Callable[[Event], object] | None
"""A time in seconds, a kind of event, a query with a key (`kind:rpc.cast to:compute`), a condition on an event, or
quiet.
"""

MOMENT = 0.002
"""Wall seconds between two looks whether the engine is free again."""

_taking = threading.Lock()


class Engine:
    """Owns the engine for the time of a block; another thread's block is refused, but waits for a guest's request."""

    def __init__(self, cloud: Running, pace: float | None) -> None:
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


def until_ended(cloud: Running, life: Service | None) -> None:
    """Run until a service is down, unless a run is under way that will come to it."""
    if life is not None and life.alive and cloud._owner is None:
        with Engine(cloud, None):
            while life.alive and cloud.clock.step():
                pass


def condition(until: Until, journal: Journal) -> Callable[[Event], object] | None:
    """What `run` asks of each event; raises `UsageError` for a kind of event that there is not, or a wrong query."""
    if until is None or callable(until):
        return until
    if isinstance(until, str) and until not in KINDS:
        query = Query.parse(until)
        if not any(term.key for term in query.terms):
            raise unknown("kind of event", until, KINDS)
        until = query
    if isinstance(until, Query):
        meant = until.matcher(journal)
        return lambda event: not event.background and meant(event)
    one_of("kind of event", until, KINDS)
    return lambda event: event.kind == until and not event.background


def named(until: Until, journal: Journal) -> str:
    """What was waited for, in a sentence that repeats, and what of it nobody is called."""
    if not isinstance(until, str | Query):
        return "what the condition asks for has not come"
    doubts = [] if until in KINDS else Query.parse(str(until)).doubts(journal)
    return "; ".join([f"{str(until)!r} has not come", *doubts])

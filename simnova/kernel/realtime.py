"""Where simulated time meets the wall clock: real work, a paced run, and whatever comes in from other threads.

One thread owns the engine. Everyone else posts to the inbox, which the engine empties between two of its events.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from simnova.kernel.clock import Clock, Signal

__door__ = True


class Measured(NamedTuple):
    """What a piece of real work answered, and how long it took: seconds on the cloud's clock."""

    what: str
    seconds: float
    outcome: Any


class Pending(NamedTuple):
    """A piece of real work that is going on."""

    signal: Signal
    what: str
    simulated: float
    wall: float
    deadline: float


class Realtime:
    """The inbox, the real work in progress, and the pace (simulated seconds a wall second; None: as fast as it goes)."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.pace: float | None = None
        self.measured: list[Measured | None] = []
        self.recorded: list[Measured | None] = []
        self.arrived: Callable[[], None] = lambda: None
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._pending: dict[int, Pending] = {}
        self._origin = (0.0, 0.0)

    # --- from other threads -----------------------------------------------------------------------------------

    def post(self, action: Callable[[], None]) -> None:
        """Have the engine's thread do something between two events. The one method any thread may call."""
        self._inbox.put(action)

    # --- real work --------------------------------------------------------------------------------------------

    def start(self, work: Callable[..., Any], args: tuple[Any, ...], timeout: float, what: str) -> Signal:
        """Begin real work (or take its recorded answer) and return what will be signalled."""
        signal, index = self.clock.signal(), len(self.measured)
        known = self.recorded[index] if index < len(self.recorded) else None
        self.measured.append(known)
        if known is not None:
            self.clock.after(known.seconds, signal.succeed, known.outcome, background=True)
            return signal
        now = time.perf_counter()
        self._pending[index] = Pending(signal, what, self.clock.now, now, now + timeout)
        threading.Thread(target=self._work, args=(index, work, args), daemon=True, name=what or "measure").start()
        return signal

    def _work(self, index: int, work: Callable[..., Any], args: tuple[Any, ...]) -> None:
        try:
            outcome: Any = work(*args)
        except Exception as error:
            outcome = error
        finished = time.perf_counter()
        self.post(lambda: self._finish(index, outcome, finished))

    def _finish(self, index: int, outcome: Any, finished: float) -> None:
        pending = self._pending.pop(index, None)
        if pending is None:
            return  # it came after its timeout
        due = max(pending.simulated + (finished - pending.wall), self.clock.now)
        self.measured[index] = Measured(pending.what, due - pending.simulated, outcome)
        self.clock.after(due - self.clock.now, pending.signal.succeed, outcome, background=True)

    def _expire(self, now: float) -> None:
        for index, pending in list(self._pending.items()):
            if now >= pending.deadline:
                limit = pending.deadline - pending.wall
                error = TimeoutError(f"{pending.what or 'real work'} did not answer within {limit:g} s")
                self._finish(index, error, pending.deadline)

    # --- pace -------------------------------------------------------------------------------------------------

    def set_pace(self, pace: float | None) -> None:
        """From now on simulated seconds follow the wall clock times `pace`; None lets go."""
        self.pace = pace
        self._origin = (self.clock.now, time.perf_counter())

    def paced_now(self) -> float:
        """Where the clock should stand by the wall clock; the clock's own time where there is no pace."""
        if self.pace is None:
            return self.clock.now
        simulated, wall = self._origin
        return max(self.clock.now, simulated + (time.perf_counter() - wall) * self.pace)

    def admit(self) -> bool:
        """Wait until the next engine event may happen; False where none will ever come."""
        self._empty()
        while (pause := self._pause()) is None or pause > 0:
            if pause is None and not self._pending:
                return False
            self._empty(pause)
        return True

    def _pause(self) -> float | None:
        """Wall seconds until the next engine event is due; None: unknown, or no event at all."""
        due, now = self.clock.peek(), time.perf_counter()
        self._expire(now)
        due = min(due, self.clock.peek())
        waits = [p.simulated + (now - p.wall) for p in self._pending.values()]
        if due == float("inf"):
            deadlines = [p.deadline - now for p in self._pending.values()]
            return max(min(deadlines), 1e-3) if deadlines else None
        lag = max([due - at for at in waits], default=0.0)
        if self.pace is not None:
            simulated, wall = self._origin
            lag = max(lag, (due - simulated) / self.pace - (now - wall))
        deadlines = [p.deadline - now for p in self._pending.values()]
        return max(0.0, min([lag, *deadlines])) if lag > 0 else 0.0

    def _empty(self, pause: float | None = 0.0) -> None:
        try:
            action = self._inbox.get(timeout=pause) if pause else self._inbox.get_nowait()
            while True:
                action()
                action = self._inbox.get_nowait()
        except queue.Empty:
            return

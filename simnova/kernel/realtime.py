"""Where simulated time meets the wall clock: real work, a paced run, and whatever comes in from other threads.

One thread owns the engine. Everyone else posts to the inbox, which the engine empties between two of its events.
"""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from simnova.exceptions import NovaError

if TYPE_CHECKING:
    from simnova.kernel.clock import Clock, Signal

__door__ = True


class Measured(NamedTuple):
    """What a piece of real work answered, and when, on the cloud's clock: it was called `what` for the nth time."""

    what: str
    nth: int
    due: float
    outcome: Any


class NotRecorded(NovaError):
    """A replay or a fork was asked for real work that the original never did."""

    msg_fmt = "'%(what)s' is not in the recording: after a fork a real host is simulated unless a new one is given"


class Pending(NamedTuple):
    """A piece of real work that is going on."""

    signal: Signal
    what: str
    simulated: float
    wall: float
    deadline: float


class Realtime:
    """The inbox, real work in progress, and the pace: simulated seconds a wall second, None: as fast as it goes."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.pace: float | None = None
        self.measured: list[Measured] = []
        self._recorded: dict[tuple[str, int], Measured] = {}
        self.only_recorded = False
        self._asked: dict[str, int] = {}
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._started: list[tuple[str, int]] = []
        self._pending: dict[int, Pending] = {}
        self._origin = (0.0, 0.0)

    # --- from other threads -----------------------------------------------------------------------------------

    def post(self, action: Callable[[], None]) -> None:
        """Have the engine's thread do something between two events. The one method any thread may call."""
        self._inbox.put(action)

    def listen(self) -> None:
        """Do what others have posted meanwhile."""
        if not self._inbox.empty():
            self._empty()

    def replay(self, measured: list[Measured]) -> None:
        """From now on take real work's answers from a recording, and do none."""
        self._recorded = {(answer.what, answer.nth): answer for answer in measured}
        self.only_recorded = True

    # --- real work --------------------------------------------------------------------------------------------

    def start(
        self, work: Callable[..., Any], args: tuple[Any, ...], timeout: float, what: str
    ) -> Signal:
        """Begin real work (or take its recorded answer) and return what will be signalled."""
        signal, nth = self.clock.signal(), self._asked.get(what, 0)
        self._asked[what] = nth + 1
        known = self._recorded.get((what, nth))
        if known is not None or self.only_recorded:
            known = known or Measured(what, nth, self.clock.now, NotRecorded(what=what))
            self._answer(signal, known)
            return signal
        now, index = time.perf_counter(), len(self._started)
        self._started.append((what, nth))
        self._pending[index] = Pending(signal, what, self.clock.now, now, now + timeout)
        threading.Thread(
            target=self._work, args=(index, work, args), daemon=True, name=what or "measure"
        ).start()
        return signal

    def _answer(self, signal: Signal, measured: Measured) -> None:
        """Wake who waits, at exactly the recorded instant: a replay's times are the original's to the last bit."""
        now = self.clock.now
        delay = max(0.0, measured.due - now)
        while now + delay < measured.due:
            delay = math.nextafter(delay, math.inf)
        while delay and now + delay > measured.due:
            delay = math.nextafter(delay, 0.0)
        if isinstance(measured.outcome, BaseException):
            # it may be logged: where the thread was, and where it was raised in the original, is not for the journal
            measured.outcome.with_traceback(None)
        self.measured.append(measured._replace(due=now + delay))
        self.clock.after(delay, signal.succeed, measured.outcome, background=True)

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
        self._answer(pending.signal, Measured(*self._started[index], due, outcome))

    def _expire(self, now: float) -> None:
        for index, pending in list(self._pending.items()):
            if now >= pending.deadline:
                limit = pending.deadline - pending.wall
                error = TimeoutError(
                    f"{pending.what or 'real work'} did not answer within {limit:g} s"
                )
                self._finish(index, error, pending.deadline)

    # --- pace -------------------------------------------------------------------------------------------------

    def set_pace(self, pace: float | None) -> None:
        """From now on simulated seconds follow the wall clock times `pace`; None lets go."""
        self.pace = pace
        self._origin = (self.clock.now, time.perf_counter())

    def admit(self) -> bool:
        """Wait until the next engine event may happen; False where none will ever come."""
        if not self._inbox.empty():
            self._empty()
        if not self._pending and self.pace is None:
            return bool(self.clock.env._queue)
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

"""Code from outside that may never come back: it is stopped by hand (Jupyter's interrupt, Ctrl-C) or after its time.

On the main thread a signal stops it, on others a trace function; neither costs anything while no such code runs. It is
never stopped inside a door, so the journal stays whole. Elsewhere an interrupt waits for the end of the engine's step.

A replay does not run again what was stopped: it writes what that had written and fails in the same words.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from simnova.exceptions import NovaError, UsageError

if TYPE_CHECKING:
    from simnova.kernel.clock import Clock

__door__ = True

T = TypeVar("T")
Handler = Callable[[int, FrameType | None], Any]

SOON, AGAIN = 0.001, 0.05
"""Seconds of CPU until the next try where a door was at work, and where the code has caught what stopped it."""


class Halt(BaseException):
    """Raised in the code that is stopped. Not an `Exception`: the code cannot survive it by catching."""


class Stopped(NovaError):
    """What the cloud sees of code that was stopped; `kwargs["about"]` is what it was busy with."""


class Interrupted(KeyboardInterrupt):
    """What the cell sees of an interrupt; the message says where it struck, and the cloud can go on."""


class Told(NamedTuple):
    """What the code was busy with, and its line as `, in line 3: while True: pass`."""

    name: str
    about: str
    line: str


class Stop(NamedTuple):
    """One stop, as a replay needs it: what is said of it, and what had been journalled by then."""

    text: str
    about: str
    written: list[tuple[str, dict[str, Any]]]


class Patience:
    """How long code from outside may take: `seconds` of CPU for one question, None for ever."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.seconds: float | None = None
        self.stops: dict[int, Stop] = {}
        self.wanted = False
        self._by_hand = False
        self._recorded: dict[int, Stop] = {}
        self._asked = 0
        self._inside: FrameType | None = None

    def replay(self, stops: dict[int, Stop]) -> None:
        """From now on stop again what was stopped in the original; with none, nothing."""
        self._recorded = dict(stops)

    def ask(self, work: Callable[[], T], told: Callable[[BaseException], Told]) -> T:
        """What `work` answers. Raises `Stopped` where it was stopped; the engine then ends after its step."""
        nth, seen = self._asked, len(self.clock.journal)
        self._asked += 1
        stop = self._recorded.get(nth)
        if stop is None:
            try:
                return self._watched(work)
            except (Halt, KeyboardInterrupt) as halt:
                stop = self._noted(halt, told(halt), seen)
        else:
            for kind, data in stop.written:
                self.clock.journal.record(kind, data)
        self.stops[nth] = stop
        raise Stopped(stop.text, about=stop.about)

    def _noted(self, halt: BaseException, told: Told, seen: int) -> Stop:
        by_hand = self._by_hand or isinstance(halt, KeyboardInterrupt)
        what = "was interrupted" if by_hand else f"took more than {self.seconds:g} s of CPU time"
        text = f"{told.name} {what} about {told.about}{told.line}"
        goes_on = "The request fails as if it had raised, and the cloud goes on"
        self.clock.tell(
            Interrupted(f"{text}\n{goes_on}.")
            if by_hand
            else UsageError(f"{text}\n{goes_on}; the limit is Cloud(plug_in_seconds=…).")
        )
        written = [(event.kind, event.data) for event in self.clock.journal.events[seen:]]
        return Stop(text, told.about, written)

    # --- stopping it ------------------------------------------------------------------------------------------

    def _watched(self, work: Callable[[], T]) -> T:
        self._by_hand, self.wanted = self.wanted, False
        if threading.current_thread() is not threading.main_thread() or _no_timers():
            return self._traced(work)
        before = signal.signal(signal.SIGVTALRM, self._strike)
        self._inside = sys._getframe()
        try:
            first = SOON if self._by_hand else self.seconds or 0.0
            signal.setitimer(signal.ITIMER_VIRTUAL, first, AGAIN)
            return work()
        finally:
            self._inside = None
            signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
            signal.signal(signal.SIGVTALRM, before)

    def _traced(self, work: Callable[[], T]) -> T:
        if self.seconds is None:
            return work()
        end, before = time.thread_time() + self.seconds, sys.gettrace()

        def trace(frame: FrameType, event: str, value: Any) -> Any:
            if time.thread_time() > end and self._may_halt(frame):
                raise Halt
            return trace

        self._inside = sys._getframe()
        sys.settrace(trace)
        try:
            return work()
        finally:
            sys.settrace(before)
            self._inside = None

    def _strike(self, number: int, frame: FrameType | None) -> None:
        """The signal has come: raise where the code itself is at work, else try again soon."""
        self._by_hand |= number == signal.SIGINT
        if self._may_halt(frame):
            raise Halt
        if self._inside is not None and not _no_timers():
            signal.setitimer(signal.ITIMER_VIRTUAL, SOON, AGAIN)

    def _may_halt(self, frame: FrameType | None) -> bool:
        if self._inside is None or frame is self._inside:
            return False
        while frame is not None and frame is not self._inside:
            if frame.f_globals.get("__door__"):
                return False
            frame = frame.f_back
        return frame is not None

    # --- by hand ----------------------------------------------------------------------------------------------

    def guard(self) -> Handler | None:
        """Take SIGINT over for a run on the main thread; returns the handler to give it back to."""
        if threading.current_thread() is not threading.main_thread():
            return None
        before = signal.getsignal(signal.SIGINT)
        if not callable(before):
            return None

        def handle(number: int, frame: FrameType | None) -> None:
            self._interrupted(number, frame, before)

        signal.signal(signal.SIGINT, handle)
        return before

    def release(self, before: Handler | None) -> None:
        """Give SIGINT back."""
        if before is not None:
            signal.signal(signal.SIGINT, before)

    def _interrupted(self, number: int, frame: FrameType | None, before: Handler) -> None:
        """Stop code from outside; else end after the engine's step; at once where none goes on, or the second time."""
        if self._inside is not None:
            self._strike(number, frame)
        elif self._stepping(frame) and not self.wanted:
            self.wanted = True
        else:
            self.wanted = False
            before(number, frame)

    def _stepping(self, frame: FrameType | None) -> bool:
        code = type(self.clock)._step.__code__
        while frame is not None and frame.f_code is not code:
            frame = frame.f_back
        return frame is not None

    def end(self) -> None:
        """Raise the interrupt that waited for the end of a step."""
        self.wanted = False
        raise Interrupted(
            f"interrupted at {self.clock.now:.3f} s, between two events: the cloud can go on"
        )


def _no_timers() -> bool:
    """Whether this system has no timers of CPU time (Windows)."""
    return not hasattr(signal, "setitimer")


__all__ = ["Halt", "Interrupted", "Patience", "Stop", "Stopped", "Told"]

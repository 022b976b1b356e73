"""What comes into a cloud from outside: each input is journalled, recorded and done, by whoever runs the engine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from copy import deepcopy
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from simnova.exceptions import NovaError, UsageError
from simnova.kernel.journal import declare
from simnova.kernel.timeline import Due, Input

if TYPE_CHECKING:
    from simnova.kernel.clock import Clock
    from simnova.kernel.journal import Journal
    from simnova.kernel.timeline import Timeline

__door__ = True

T = TypeVar("T")

INPUT = declare("input", "something was asked of the cloud from outside", payload=("args",))

LOOK = 0.05
"""Wall seconds after which another thread looks whether there is still somebody who runs the engine."""


class Inputs:
    """The one way into a cloud, and what a fork does again."""

    clock: Clock
    journal: Journal
    timeline: Timeline
    closed: bool
    _owner: int | None

    def _input(self, verb: str, /, **args: Any) -> Any:
        """Everything from outside that changes something comes through here: it is journalled, recorded, done.

        What was given is copied: whoever changes it afterwards changes no fork.
        """
        self._check_open()
        if self._owner not in (None, threading.get_ident()):
            return self.aside(lambda: self._input(verb, **args))
        args = deepcopy(args)
        self.journal.record(
            INPUT, {"verb": verb, "args": args}, actor="client", background=verb == "advance"
        )
        self.timeline.inputs.append(Input(self.clock.steps, verb, args))
        return getattr(self, f"_do_{verb}")(**args)

    def _again(self, given: Input) -> None:
        """Do it again, in a fork; what could not be done then cannot be done now, and was told then."""
        with suppress(UsageError, NovaError):
            self._input(given.verb, **given.args)

    def _wait(self, seconds: float) -> Any:
        """Let time pass, whether somebody works or not; what comes back is its end."""
        return self._input("advance", seconds=seconds)

    def _later(self, original: Inputs, ask: Callable[[Input], object]) -> Iterator[Due]:
        """What this fork has not been asked yet of what its original was, and last where that one stands.

        What real guests told is not told again: they are simulated here.
        """
        times = [event.time for event in original.journal if event.kind == "input"]
        asked = len(self.timeline.inputs)
        for given, time in list(zip(original.timeline.inputs, times, strict=True))[asked:]:
            if given.verb != "heard":
                yield Due(given.steps, time, partial(ask, given))
        yield Due(original.clock.steps, original.clock.now, lambda: None)

    def aside(self, work: Callable[[], T]) -> T:
        """Have it done by the thread that runs the engine, between two of its events; here, where none runs it.

        That is how another thread looks into databases in which the engine works.
        """
        if self._owner in (None, threading.get_ident()):
            return work()
        outcome: Future[T] = Future()

        def act() -> None:
            try:
                outcome.set_result(work())
            except Exception as error:
                outcome.set_exception(error)

        self.clock.real.post(act)
        while not outcome.done():
            with suppress(TimeoutError):
                outcome.exception(LOOK)
            if self._owner is None:  # the run is over, and nobody else will do it
                self.clock.real.listen()
        return outcome.result()

    def _check_open(self) -> None:
        """Raise UsageError for a cloud that is closed: whatever is asked, nothing runs in it any more."""
        if self.closed:
            raise UsageError("this cloud is closed: fork() goes on from where it stood")

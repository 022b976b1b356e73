"""Time travel: the state at any step, and what a replay needs.

Back is a cursor over the journal: a `Fold` computes a state from the events up to a step, and `Timeline` remembers
some of these states so that any step is near. Forward again, differently, is a fork: the recorded inputs are given to
a new cloud with the same seed, event by event the same is expected, and at the chosen step it is let go.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Protocol, TypeVar

from simnova.exceptions import UsageError
from simnova.kernel.clock import Clock
from simnova.kernel.journal import Event, Journal

__door__ = True

S = TypeVar("S")

CHECKPOINT = 1000
"""Events between two states that are remembered."""


class ReplayDiverged(Exception):
    """A replay did something else than the original; the message names the first difference."""


class Input(NamedTuple):
    """A call from outside that changed something, and how many engine steps had been made when it came."""

    steps: int
    verb: str
    args: dict[str, Any]


class Fold(Protocol[S]):
    """How a state grows event by event. `apply` may change the state in place; `copy` must make that harmless."""

    def start(self) -> S:
        """The state before anything happened."""
        ...

    def apply(self, state: S, event: Event) -> None:
        """What an event does to the state."""
        ...

    def copy(self, state: S) -> S:
        """A state that later changes of this one do not reach."""
        ...


Key = tuple[str, str, Any]
"""A row: its database, its table, its key."""


class Rows:
    """The rows of every database, from the row changes of the journal."""

    def start(self) -> dict[Key, dict[str, Any]]:
        """No rows."""
        return {}

    def apply(self, state: dict[Key, dict[str, Any]], event: Event) -> None:
        """Insert, change or remove one row."""
        if not event.kind.startswith("db.") or "key" not in event.data:
            return
        key = (event.data["db"], event.data["table"], event.data["key"])
        after = event.data.get("after")
        if after is None:
            state.pop(key, None)
        else:
            state[key] = {**state.get(key, {}), **after}

    def copy(self, state: dict[Key, dict[str, Any]]) -> dict[Key, dict[str, Any]]:
        """The rows themselves are never changed in place, so they can be shared."""
        return dict(state)


class Timeline:
    """The steps of one journal, the states along it, and the inputs that made it."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.inputs: list[Input] = []
        self._states: dict[type, list[Any]] = {}

    def at(self, seq: int, fold: Fold[S]) -> S:
        """The state after event `seq`; -1 is before the first. Raises `UsageError` past the end."""
        if not -1 <= seq < len(self.journal):
            raise UsageError(
                f"there is no event {seq}: this journal has events 0 to {len(self.journal) - 1}"
            )
        remembered = self._states.setdefault(type(fold), [fold.start()])
        while len(remembered) <= (seq + 1) // CHECKPOINT:
            self._remember(remembered, fold)
        number = (seq + 1) // CHECKPOINT
        state: S = fold.copy(remembered[number])
        for event in self.journal.events[number * CHECKPOINT : seq + 1]:
            fold.apply(state, event)
        return state

    def _remember(self, remembered: list[Any], fold: Fold[Any]) -> None:
        number = len(remembered)
        state = fold.copy(remembered[-1])
        for event in self.journal.events[(number - 1) * CHECKPOINT : number * CHECKPOINT]:
            fold.apply(state, event)
        remembered.append(state)

    def rows(self, seq: int | None = None) -> dict[Key, dict[str, Any]]:
        """The rows of all databases as they were after event `seq`, by default now."""
        return self.at(len(self.journal) - 1 if seq is None else seq, Rows())


class Comparer:
    """Holds a replay to its original, event by event; `difference` tells the first event that is not the original's.

    It raises nothing where the event happens: a service would catch it.
    """

    def __init__(self, original: Journal) -> None:
        self.original = original
        self.difference: str | None = None

    def __call__(self, event: Event) -> None:
        """Compare one event."""
        if self.difference is not None:
            return
        if event.seq >= len(self.original):
            self.difference = f"the replay went on after the original's last event: {event}"
            return
        expected = self.original[event.seq]
        if event.digest() != expected.digest():
            self.difference = (
                f"event {event.seq} differs: it was {expected}, in the replay it is {event}"
            )

    def check(self) -> None:
        """Raise `ReplayDiverged` where there is a difference."""
        if self.difference is not None:
            raise ReplayDiverged(self.difference)


class Due(NamedTuple):
    """Something that was done to another run from outside: after how many engine steps, and at which second."""

    steps: int
    time: float
    act: Callable[[], object]


class Rest:
    """What came into a run after a step, for a fork of it: after as many engine steps as long as nothing differs, then
    at the same times. The last is where that run stood: until then there is something to wait for. `wait` lets so many
    seconds pass where nothing else would.
    """

    def __init__(
        self,
        clock: Clock,
        comparer: Comparer,
        dues: Iterable[Due],
        wait: Callable[[float], object],
    ) -> None:
        self._clock, self._comparer, self._wait = clock, comparer, wait
        self._dues = deque(dues)
        self._timed: Due | None = None

    def give(self) -> bool:
        """Do what is due before the next engine step, if something is; whether it was."""
        due = self._dues[0]
        if not self._has_come(due):
            return False
        self._dues.popleft()
        if not self._dues:
            self._clock.rest = None
        due.act()
        return True

    def _has_come(self, due: Due) -> bool:
        clock = self._clock
        if self._comparer.difference is None:
            return clock.steps >= due.steps
        if clock.peek() <= due.time:
            return False
        if clock.now < due.time and self._timed is not due:
            self._timed = due
            self._wait(due.time - clock.now)
            return False
        return True


def replay(
    clock: Clock,
    comparer: Comparer,
    inputs: list[Input],
    seq: int,
    apply: Callable[[Input], object],
) -> None:
    """Give the inputs to a new cloud at the steps at which they came, and stop at the first one at or after `seq`.

    Raises `ReplayDiverged` at the first event that is not the original's.
    """
    for given in inputs:
        _go(clock, comparer, seq, given.steps)
        if len(clock.journal) > seq:
            return
        apply(given)
    _go(clock, comparer, seq)


def go_on(clock: Clock, comparer: Comparer, steps: int) -> None:
    """Make the steps that the original made after its last event: then it is the same time here and there."""
    while clock.steps < steps and clock.step():
        comparer.check()


def _go(clock: Clock, comparer: Comparer, seq: int, steps: float = math.inf) -> None:
    comparer.check()
    while clock.steps < steps and len(clock.journal) <= seq:
        clock.step()
        comparer.check()

"""What to try next: for a run, each of its choices that came after the last one decided, decided otherwise."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from itertools import chain, zip_longest
from typing import Any, TypeVar

from simnova.explore.attempt import Attempt
from simnova.explore.races import Races
from simnova.kernel.chance import Between
from simnova.kernel.choices import CRASH, LOSE, Point

T = TypeVar("T")
Decided = dict[str, Any]

MESSAGES = ("amqp", "http")
"""The streams whose choices are latencies: a message may be held up longer than the range says."""

FAULTS = (CRASH, LOSE)
MANY = 4
"""Of a longer sequence only so many others are tried."""


class Frontier:
    """Makes runs out of runs: one choice more decided otherwise, at most `faults` of them crashes and losses."""

    def __init__(self, delay: float, faults: int) -> None:
        self.delay = delay
        self.faults = faults

    def of(self, attempts: Iterable[Attempt]) -> Iterator[Decided]:
        """What to try after these runs: from each in turn, and in each from all sorts of choices in turn."""
        return by_turns([self._after(attempt) for attempt in attempts])

    def _after(self, attempt: Attempt) -> Iterator[Decided]:
        sorts: dict[str, list[Decided]] = {}
        races = Races(attempt.events)
        for point in self._open(attempt):
            for sort, value in self.others(point):
                if point.stream[0] in MESSAGES and not races.matter(point, value):
                    continue
                sorts.setdefault(sort, []).append({**attempt.decided, point.name: value})
        return by_turns([iter(found) for found in sorts.values()])

    def _open(self, attempt: Attempt) -> list[Point]:
        """The choices after the last one decided; no more faults than there may be."""
        places = [n for n, point in enumerate(attempt.points) if point.name in attempt.decided]
        after = attempt.points[places[-1] + 1 if places else 0 :]
        spent = sum(name.startswith(FAULTS) for name in attempt.decided)
        return [point for point in after if spent < self.faults or point.stream[0] not in FAULTS]

    def others(self, point: Point) -> Iterator[tuple[str, Any]]:
        """The other values of a choice, each with its sort: what is tried by turns."""
        kind, among = point.stream[0], point.among
        if kind in FAULTS:
            yield kind, True
            return
        if kind in MESSAGES and self.delay:
            yield "delay", point.usual + self.delay
        if isinstance(among, Between):
            values: Iterable[Any] = reversed(among.points)
        else:
            values = range(min(len(among), MANY))
        for value in values:
            if value != point.usual:
                yield "ends" if kind in MESSAGES else kind, value

    def at_random(self, usual: Attempt, rng: random.Random, several: int) -> Decided:
        """So many choices of the usual run, anywhere in it, each decided otherwise somehow."""
        points = self._open(usual._replace(decided={}))
        decided: Decided = {}
        for point in rng.sample(points, min(several, len(points))):
            faults = sum(name.startswith(FAULTS) for name in decided)
            if point.stream[0] not in FAULTS or faults < self.faults:
                decided[point.name] = rng.choice([value for _, value in self.others(point)])
        return decided


def by_turns(sources: Iterable[Iterator[T]]) -> Iterator[T]:
    """One from each, then the second from each; those that are exhausted are left out."""
    nothing = object()
    rounds = chain.from_iterable(zip_longest(*sources, fillvalue=nothing))
    return (one for one in rounds if one is not nothing)  # type: ignore[misc]

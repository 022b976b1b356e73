"""What chance chooses among, and how: one door, so that a search can put something else in its place."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

__door__ = True


class Between:
    """A range of durations or sizes to draw from; `points` are the ends, for a search that tries them all."""

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high
        self.points = (low, high) if high > low else (low,)

    def __repr__(self) -> str:
        return f"Between({self.low:g}, {self.high:g})"


Among = Between | Sequence[Any]
Chooser = Callable[[tuple[str, ...], Among, random.Random], Any]


def draw(stream: tuple[str, ...], among: Among, rng: random.Random) -> Any:
    """How the clock chooses unless something else is put in its place: at random from the named stream."""
    if isinstance(among, Between):
        return rng.uniform(among.low, among.high)
    return among[0] if len(among) == 1 else rng.choice(among)

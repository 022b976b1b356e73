"""What chance chooses among, and how: one door, so that a search can put something else in its place."""

from __future__ import annotations

import random
import uuid
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
Decider = Callable[[tuple[str, ...], Sequence[Any]], Any]


def draw(stream: tuple[str, ...], among: Among, rng: random.Random) -> Any:
    """How the clock chooses unless something else is put in its place: at random from the named stream."""
    if isinstance(among, Between):
        return among.low + (among.high - among.low) * rng.random()
    return among[0] if len(among) == 1 else rng.choice(among)


def usual(stream: tuple[str, ...], among: Sequence[Any]) -> Any:
    """How the clock decides what is not left to chance: the first."""
    return among[0]


class Chance:
    """The random streams of one cloud, all from one seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.chooser: Chooser = draw
        self.decider: Decider = usual
        self._streams: dict[tuple[str, ...], random.Random] = {}

    def rng(self, *stream: str) -> random.Random:
        """The random stream of that name; adding another stream changes no other."""
        if stream not in self._streams:
            self._streams[stream] = random.Random("/".join((str(self.seed), *stream)))
        return self._streams[stream]

    def choose(self, *stream: str, among: Among) -> Any:
        """Let chance decide, in one place: a search can put its own `chooser` here and try every way."""
        return self.chooser(stream, among, self._streams.get(stream) or self.rng(*stream))

    def decide(self, *stream: str, among: Sequence[Any]) -> Any:
        """Take the first, which is how it goes in every run, unless a search has put its own `decider` here."""
        return self.decider(stream, among)

    def uuid(self, *stream: str) -> str:
        """A version 4 UUID from the random stream of that name."""
        return str(uuid.UUID(int=self.rng("uuid", *stream).getrandbits(128), version=4))

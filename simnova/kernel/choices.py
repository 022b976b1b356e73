"""Choices by name: what chance decides and what else may go this way or that, each to be decided otherwise.

A choice is named by its stream and its number there, counted from when the cloud was ready:
`amqp/nova-conductor#3` is the third latency of nova-conductor's messages. What nobody names goes as it always does.
A service may die after each of its events (`crash/nova-conductor#7`): never does, unless it is decided.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from simnova.kernel.chance import Among, Between, draw
from simnova.kernel.journal import Event

if TYPE_CHECKING:
    from simnova.kernel.clock import Clock

__door__ = True

_NAME = re.compile(r"[^#]+#[1-9]\d*")

CRASH, LOSE, TIE, WORKER = "crash", "lose", "tie", "worker"
"""What is never left to chance: the first is what happens, and only a search decides otherwise."""


def is_name(name: Any) -> bool:
    """Whether this can name a choice."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


class Point(NamedTuple):
    """A choice that came up: among what, what it would have been, what it was, and the last step before it.

    Of a range the value stands here, of a sequence the place in it.
    """

    name: str
    among: Among
    usual: Any
    value: Any
    seq: int

    @property
    def stream(self) -> list[str]:
        """Its stream: `["amqp", "nova-conductor"]`."""
        return self.name.rpartition("#")[0].split("/")

    @property
    def deviates(self) -> bool:
        """Whether it was decided otherwise."""
        return bool(self.value != self.usual)


class Choices:
    """Decides for a clock, from now on, what is named in `decided`, and notes all that came up in `points`.

    What background work comes to is not noted, nor where there is nothing to choose.
    """

    def __init__(self, clock: Clock, decided: Mapping[str, Any]) -> None:
        self.clock = clock
        self.decided = dict(decided)
        self.points: list[Point] = []
        self._counts: Counter[tuple[str, ...]] = Counter()
        clock.chooser, clock.decider = self.choose, self.decide
        clock.untied = True
        clock.journal.after.append(self._perhaps_crash)

    def choose(self, stream: tuple[str, ...], among: Among, rng: random.Random) -> Any:
        """What chance draws, which is drawn in any case, or what was decided."""
        drawn = draw(stream, among, rng)
        if isinstance(among, Between):
            return self._point(stream, among, drawn)
        return among[self._place(stream, among, list(among).index(drawn))]

    def decide(self, stream: tuple[str, ...], among: Any) -> Any:
        """The first, or what was decided."""
        return among[self._place(stream, among, 0)]

    def _place(self, stream: tuple[str, ...], among: Any, usual: int) -> int:
        place = int(self._point(stream, among, usual))
        return place if 0 <= place < len(among) else usual

    def _point(self, stream: tuple[str, ...], among: Any, usual: Any) -> Any:
        self._counts[stream] += 1
        name = f"{'/'.join(stream)}#{self._counts[stream]}"
        value = self.decided.get(name, usual)
        task = self.clock.active
        open_ = len(among.points if isinstance(among, Between) else among) > 1
        if open_ and (task is None or not task.background):
            seq = len(self.clock.journal) - 1
            self.points.append(Point(name, among, usual, value, seq))
        return value

    def _perhaps_crash(self, event: Event) -> None:
        task = self.clock.active
        if task is None or event.background or event.kind == "log":
            return
        service = task.service
        if not (service.alive and service.name == event.actor and service.name.startswith("nova-")):
            return
        if self.decide((CRASH, service.name), (False, True)):
            self.clock.crash(service)

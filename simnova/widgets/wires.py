"""The rows of the sequence: which events of a journal make one, kept up as it grows and shared by all its players.

An arrow is made of a row when it is drawn, so what was under way then has arrived now.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final
from weakref import WeakKeyDictionary

from simnova.kernel.journal import Event, Journal
from simnova.observe import names, sequence
from simnova.observe.index import follow
from simnova.observe.steps import level

SPREADING: Final = 60.0
"""Seconds of the cloud's time in which a fanout may reach one more."""


def _may_reach_more(event: Event, now: float) -> bool:
    return bool(event.data.get("fanout")) and event.time > now - SPREADING


class Wires:
    """Which events are rows of the diagram at one detail, in what style and between whom; read once, and then on."""

    def __init__(self, deepest: int) -> None:
        self.at: list[int] = []
        self.styles: dict[int, str] = {}
        self.settled: set[str] = set()
        self.open: list[int] = []
        self.read = 0
        self._deepest = deepest

    def refresh(self, journal: Journal) -> None:
        """Take in the events that are new, and look again for messages that were under way."""
        wires = follow(journal, sequence.Arrows).of
        fresh = wires[bisect_left(wires, self.read) :]
        self.read = len(journal)
        pending, self.open = self.open, []
        for seq in (*pending, *fresh):
            event = journal[seq]
            if not event.background and level(event) <= self._deepest:
                self._take(journal, event)

    def _take(self, journal: Journal, event: Event) -> None:
        arrows = sequence.drawn_from(journal, event, self.read - 1)
        if event.seq not in self.styles:
            self.at.append(event.seq)
        self.styles[event.seq] = arrows[0].style
        now = journal[self.read - 1].time
        if any(arrow.seq_end is None for arrow in arrows) or _may_reach_more(event, now):
            self.open.append(event.seq)
        elif arrows[0].style != "service":
            self.settled.update(end for arrow in arrows for end in (arrow.source, arrow.target))

    def actors(self, journal: Journal) -> list[str]:
        """The actors that do something, from left to right; not those that only came up."""
        bound = (
            end for arrow in between(journal, self.open) for end in (arrow.source, arrow.target)
        )
        return sorted(self.settled.union(bound), key=names.place)


def between(journal: Journal, seqs: Sequence[int]) -> list[sequence.Arrow]:
    """The arrows of some rows as far as the journal has come; a fanout has several."""
    end = len(journal) - 1
    return [one for seq in seqs for one in sequence.drawn_from(journal, journal[seq], end)]


_WIRES: WeakKeyDictionary[Journal, dict[int, Wires]] = WeakKeyDictionary()


def shared(journal: Journal, detail: str) -> Wires:
    """The rows of a journal up to now, shared by all players that show it."""
    deepest = 0 if detail == "story" else 1
    kept = _WIRES.setdefault(journal, {})
    found = kept.get(deepest)
    if found is None or found.read > len(journal):
        found = kept[deepest] = Wires(deepest)
    found.refresh(journal)
    return found

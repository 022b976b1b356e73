"""The reel: the steps of a journal that are walked, and the ways between them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Sequence
from itertools import pairwise
from typing import Final

from simnova.kernel.journal import Event, Journal
from simnova.observe.query import Query
from simnova.observe.steps import Detail, steps
from simnova.widgets import lanes
from simnova.widgets.hits import Hits
from simnova.widgets.wires import shared

SOUGHT: Final = 16
"""Queries whose hits are kept."""


class Reel:
    """The steps of a journal at one detail, and where each lies; with a query, only those that it means.

    `steps` are all of the detail, `places` those that are walked, `rows` the events that the sequence draws.
    """

    def __init__(
        self, journal: Journal, detail: Detail = "story", query: Query | None = None
    ) -> None:
        self.journal = journal
        self.detail: Detail = detail
        self.query = query if query and query.terms else None
        self.read = -1
        self._sieve = [Hits(journal, self.query) for _ in range(2)] if self.query else []
        self._hits: dict[str, Hits] = {}
        self.refresh()

    def refresh(self) -> None:
        """Take in the events that the journal has got since."""
        if self.read == len(self.journal):
            return
        self.read = len(self.journal)
        wires = shared(self.journal, self.detail)
        self.steps = steps(self.journal, self.detail)
        self.places, self.rows = self.steps, list(wires.at)
        if self._sieve:
            walked, drawn = self._sieve
            self.places, self.rows = walked.among(self.steps), drawn.among(wires.at)
        self.actors = wires.actors(self.journal)
        self.strip = lanes.strip(self.places, wires.styles)

    def hits(self, query: Query) -> list[int]:
        """The places that a query means, in their order."""
        text = str(query)
        if text not in self._hits and len(self._hits) == SOUGHT:
            del self._hits[next(iter(self._hits))]
        return self._hits.setdefault(text, Hits(self.journal, query)).among(self.places)

    def cells(self, seqs: Sequence[int]) -> list[int]:
        """The cells of the strip in which one of these steps lies."""
        edges = lanes.edges(len(self.places) if seqs else 0)
        return [
            cell
            for cell, (start, stop) in enumerate(pairwise(edges))
            if bisect_left(seqs, self.places[start]) < bisect_right(seqs, self.places[stop - 1])
        ]

    # --- finding one's way ------------------------------------------------------------------------

    @property
    def first(self) -> int:
        """The first step, -1 where there is none."""
        return self.places[0] if self.places else -1

    @property
    def opening(self) -> int:
        """The step to open at: the first that somebody asked for, or the first of all."""
        kinds = (seq for seq in self.places if self.journal[seq].kind == "input")
        return next(kinds, self.first)

    @property
    def last(self) -> int:
        """The last step, -1 where there is none."""
        return self.places[-1] if self.places else -1

    def position(self, seq: int) -> int:
        """The number of the last step at or before `seq`, from one on; zero without steps."""
        return min(max(1, bisect_right(self.places, seq)), len(self.places))

    def share(self, seq: int) -> float:
        """Which part of the way to the last step it is to the one at `seq`, from 0 to 1."""
        return (self.position(seq) - 1) / max(1, len(self.places) - 1)

    def numbered(self, position: int) -> int:
        """The step of that number, kept between the first and the last."""
        inside = min(max(1, position), len(self.places))
        return self.places[inside - 1] if self.places else -1

    def nearest(self, seq: int) -> int:
        """The last step at or before `seq`, or the first one."""
        return self.numbered(self.position(seq))

    def beside(self, seq: int, by: int) -> int:
        """The step that lies `by` steps after the one at `seq`."""
        return self.numbered(self.position(seq) + by)

    def page(self, seq: int) -> Hashable:
        """What is the same for two steps around which the same rows stand."""
        return self.detail, self.read, lanes.page(self.rows, seq)

    def moment(self, seq: int) -> list[Event]:
        """What happened in the foreground since the step before, the step itself last; nothing without steps."""
        if not self.places:
            return []
        found = bisect_left(self.steps, seq)
        before = self.steps[found - 1] if found else self.steps[0] - 1
        return [
            self.journal[at] for at in range(before + 1, seq + 1) if not self.journal[at].background
        ]

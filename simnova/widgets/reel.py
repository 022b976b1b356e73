"""The reel: the steps of a journal at one detail, and the ways between them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable

from simnova.kernel.journal import Event, Journal
from simnova.observe.steps import Detail, steps
from simnova.widgets import lanes
from simnova.widgets.wires import shared


class Reel:
    """The steps of a journal at one detail, and where each lies."""

    def __init__(self, journal: Journal, detail: Detail = "story") -> None:
        self.journal = journal
        self.detail: Detail = detail
        self.read = -1
        self.refresh()

    def refresh(self) -> None:
        """Take in the events that the journal has got since."""
        if self.read == len(self.journal):
            return
        self.read = len(self.journal)
        rows = shared(self.journal, self.detail)
        self.places = steps(self.journal, self.detail)
        self.rows = list(rows.at)
        self.actors = rows.actors(self.journal)
        self.strip = lanes.strip(self.places, rows.styles)

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
        """What is the same for two steps as long as the same rows stand around them."""
        return self.detail, self.read, lanes.page(self.rows, seq)

    def moment(self, seq: int) -> list[Event]:
        """What happened in the foreground since the step before, the step itself last; nothing without steps."""
        if not self.places:
            return []
        position = self.position(seq)
        before = self.places[position - 2] if position > 1 else self.first - 1
        return [
            self.journal[at] for at in range(before + 1, seq + 1) if not self.journal[at].background
        ]

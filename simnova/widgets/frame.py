"""Frames: all that the player shows at one step, as JSON, computed from the journal alone."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

from simnova.kernel.journal import Event, Journal
from simnova.observe import sequence, story
from simnova.observe.steps import Detail, steps
from simnova.widgets import lanes, panels

NOTHING = "Nothing has happened yet."
BLANK: dict[str, Any] = {
    "seq": -1,
    "time": 0.0,
    "kind": "",
    "actor": "",
    "where": None,
    "sentence": NOTHING,
}


class Reel:
    """The steps of a journal at one detail, and the frame of each."""

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
        self.places = steps(self.journal, self.detail)
        self.sequence = sequence.arrows(self.journal, detail=self.detail)
        self.actors = lanes.everyone(self.sequence)
        self.strip = lanes.strip(
            self.places, {arrow.seq: arrow.style for arrow in self.sequence.arrows}
        )

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

    # --- showing ----------------------------------------------------------------------------------

    def moment(self, seq: int) -> list[Event]:
        """What happened in the foreground since the step before, the step itself last."""
        position = self.position(seq)
        before = self.places[position - 2] if position > 1 else self.first - 1
        return [
            self.journal[at] for at in range(before + 1, seq + 1) if not self.journal[at].background
        ]

    def told(self, seq: int) -> str:
        """The step in one line of text."""
        if not self.places:
            return NOTHING
        event = self.journal[seq]
        place = f"Step {self.position(seq)} of {len(self.places)} at {event.time:.3f} s"
        return f"{place}: {story.sentence(self.journal, seq)}"

    def frame(self, seq: int) -> dict[str, Any]:
        """What the browser draws at the step `seq`."""
        part = lanes.window(self.sequence.arrows, seq)
        actors = lanes.lifelines(self.actors, part)
        return {
            **self._head(seq),
            "position": self.position(seq),
            "total": len(self.places),
            "detail": self.detail,
            "actors": actors,
            "arrows": [lanes.as_dict(self.journal, one, seq) for one in lanes.drawn(part, actors)],
            **panels.all_of(self.journal, seq, self.moment(seq) if self.places else []),
        }

    def _head(self, seq: int) -> dict[str, Any]:
        if not self.places:
            return BLANK
        event = self.journal[seq]
        known = {name: getattr(event, name) for name in ("seq", "time", "kind", "actor", "where")}
        return {**known, "sentence": story.sentence(self.journal, seq)}

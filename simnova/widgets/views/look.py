"""A look at a journal: the step at the cursor, and what happened since the step before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from simnova.kernel.journal import Event, Journal
from simnova.observe import rows
from simnova.observe.steps import Detail
from simnova.widgets.fork import Fork


class Look(NamedTuple):
    """What a view is computed from. `moment` is what happened in the foreground since the step before, the step
    itself last; it is empty where there is no step at all. `fork` is the run beside this one, if there is one;
    `server` is the uuid of the one that somebody wants to see, empty for the one that the step is about.
    """

    journal: Journal
    seq: int
    moment: Sequence[Event]
    detail: Detail = "story"
    fork: Fork | None = None
    server: str = ""

    @property
    def event(self) -> Event:
        """The event at the cursor."""
        return self.journal[self.seq]

    @property
    def tables(self) -> set[str]:
        """The tables in which rows changed since the step before."""
        return {str(event.data.get("table")) for event in self.moment if event.kind in rows.CHANGES}

"""The film: every step of a reel with every view, as a page needs it that has no kernel to ask."""

from __future__ import annotations

from copy import copy
from typing import Any, Final

from simnova.exceptions import UsageError
from simnova.widgets import lanes
from simnova.widgets.export.parts import Parts
from simnova.widgets.frame import frame, pane
from simnova.widgets.reel import Reel
from simnova.widgets.views import VIEWS

STEPS: Final = 3000
"""Steps that a page may hold: a browser, perhaps a telephone's, reads them all at once."""
REMEDY: Final = (
    "export fewer: first= and last= are the numbers of events, detail='story' has the fewest steps"
)


def cut(reel: Reel, first: int | None, last: int | None) -> Reel:
    """The same reel without the steps before the event `first` and after the event `last`.

    Raises `UsageError` where no step is left, or more than a page may hold.
    """
    part = copy(reel)
    part.places = [
        seq
        for seq in reel.places
        if (first is None or seq >= first) and (last is None or seq <= last)
    ]
    if reel.places and not part.places:
        raise UsageError(
            f"there is no step from {first} to {last}: this journal has steps {reel.first} to {reel.last}"
        )
    if len(part.places) > STEPS:
        raise UsageError(f"{len(part.places)} steps are too many for a page ({STEPS}): {REMEDY}")
    styles = {arrow.seq: arrow.style for arrow in part.sequence.arrows}
    part.strip = lanes.strip(part.places, styles)
    return part


def film(reel: Reel, state: dict[str, Any]) -> dict[str, Any]:
    """All steps of a reel, and what else a page begins with.

    `frames` and the lists in `panes` say of each step which of the `parts` it is.
    """
    seqs, parts = reel.places or [-1], Parts()
    return {
        "steps": seqs,
        "frames": [parts.put(frame(reel, seq)) for seq in seqs],
        "panes": {view: [parts.put(pane(reel, seq, view)) for seq in seqs] for view in VIEWS},
        "state": parts.put({**state, "strip": reel.strip}),
        "parts": parts.kept,
    }

"""The film: every step of a reel with every view, as a page needs it that has no kernel to ask."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from copy import copy
from typing import Any, Final

from simnova.exceptions import UsageError
from simnova.observe.menus import choices
from simnova.widgets import lanes
from simnova.widgets.export.facts import facts
from simnova.widgets.export.openings import openings
from simnova.widgets.export.parts import Parts
from simnova.widgets.fork import Fork
from simnova.widgets.frame import frame, pane, score
from simnova.widgets.reel import Reel
from simnova.widgets.views import VIEWS
from simnova.widgets.wires import shared

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
    part.strip = lanes.strip(part.places, shared(reel.journal, reel.detail).styles)
    return part


def film(
    reel: Reel, state: dict[str, Any], fork: Fork | None = None, server: str = ""
) -> dict[str, Any]:
    """All steps of a reel, and what else a page begins with; `fork` is the run beside this one, `server` the uuid of
    the one that is watched.

    Each list in `shown` and `panes` says of every step which of the `parts` it is; `parting` is where the runs part.
    """
    seqs, parts = reel.places or [-1], Parts()
    views = [view for view in VIEWS if view != "fork" or fork]
    panes = {
        view: [parts.put(pane(reel, seq, view, fork, server)) for seq in seqs] for view in views
    }
    shown = {
        "score": scores(reel, seqs, parts),
        "frame": [parts.put(frame(reel, seq, fork)) for seq in seqs],
    }
    clickable = {"score": shown["score"], "topology": panes["topology"]}
    return {
        "steps": seqs,
        "shown": shown,
        "panes": panes,
        "opened": openings(reel.journal, seqs, parts, clickable),
        "facts": [parts.put(facts(reel.journal, seq)) for seq in seqs],
        "state": parts.put({**state, "strip": reel.strip, "menu": choices(reel.journal)}),
        "parting": None if fork is None else parting(reel, fork),
        "parts": parts.kept,
    }


def scores(reel: Reel, seqs: Sequence[int], parts: Parts) -> list[int]:
    """The part of the sequence that is drawn at each step: one for all steps of a page."""
    pages: dict[Hashable, int] = {}
    for seq in seqs:
        if reel.page(seq) not in pages:
            pages[reel.page(seq)] = parts.put(score(reel, seq))
    return [pages[reel.page(seq)] for seq in seqs]


def parting(reel: Reel, fork: Fork) -> int | None:
    """The last step before the runs part; None where they never do."""
    laid = fork.beside(reel.journal, reel.detail)
    return None if laid.place is None else laid.before(laid.place)

"""Frames: what the player shows at one step, as JSON, computed from the journal alone.

A frame is the story at the cursor, the score the part of the sequence around it, which stays the same for many steps,
and the pane is the one view beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from simnova.observe import story
from simnova.observe.sequence import Arrow
from simnova.widgets import lanes
from simnova.widgets.fork import Fork
from simnova.widgets.reel import Reel
from simnova.widgets.views import VIEWS, news
from simnova.widgets.views.look import Look
from simnova.widgets.wires import between

BLANK: Final[dict[str, Any]] = {
    "seq": -1,
    "time": 0.0,
    "kind": "",
    "actor": "",
    "where": None,
    "sentence": story.NOTHING,
}


def frame(reel: Reel, seq: int, fork: Fork | None = None) -> dict[str, Any]:
    """The story at the step `seq`, where it stands, and which views have news."""
    return {
        **head(reel, seq),
        "position": reel.position(seq),
        "total": len(reel.places),
        "detail": reel.detail,
        "news": news(look(reel, seq, fork)),
    }


def score(reel: Reel, seq: int) -> dict[str, Any]:
    """The pages of the sequence around the step `seq`, the same for all steps of a page."""
    return drawn(reel, lanes.few(between(reel.journal, lanes.pages(reel.rows, seq))))


def still(reel: Reel, seq: int) -> dict[str, Any]:
    """A frame with the rows around the step `seq`, each told whether it is past, now or future."""
    shown = drawn(reel, lanes.window(reel.journal, reel.rows, seq))
    told = [{**arrow, "when": lanes.when(arrow["seq"], seq)} for arrow in shown["arrows"]]
    return {**frame(reel, seq), **shown, "arrows": told}


def drawn(reel: Reel, part: Sequence[Arrow]) -> dict[str, Any]:
    """Lifelines, and the arrows between them."""
    actors = lanes.lifelines(reel.actors, part)
    arrows = [lanes.as_dict(reel.journal, one) for one in lanes.drawn(part, actors)]
    return {"actors": actors, "arrows": arrows}


def pane(
    reel: Reel, seq: int, view: str, fork: Fork | None = None, server: str = ""
) -> dict[str, Any]:
    """One view at the step `seq`; `fork` is the run beside this one, `server` the uuid of the one to show."""
    return {"view": view, "seq": seq, "data": VIEWS[view].at(look(reel, seq, fork, server))}


def look(reel: Reel, seq: int, fork: Fork | None = None, server: str = "") -> Look:
    """The look from the step `seq`."""
    return Look(reel.journal, seq, reel.moment(seq), reel.detail, fork, server)


def head(reel: Reel, seq: int) -> dict[str, Any]:
    """The event at the cursor, and its sentence."""
    if not reel.places:
        return BLANK
    event = reel.journal[seq]
    known = {name: getattr(event, name) for name in ("seq", "time", "kind", "actor", "where")}
    return {**known, "sentence": story.sentence(reel.journal, seq)}


def told(reel: Reel, seq: int) -> str:
    """The step in one line of text."""
    if not reel.places:
        return story.NOTHING
    event = reel.journal[seq]
    place = f"Step {reel.position(seq)} of {len(reel.places)} at {event.time:.3f} s"
    return f"{place}: {story.sentence(reel.journal, seq)}"

"""Frames: what the player shows at one step, as JSON, computed from the journal alone.

A frame is the story and the sequence, which are always seen, and the pane is the one view beside them.
"""

from __future__ import annotations

from typing import Any, Final

from simnova.observe import story
from simnova.widgets import lanes
from simnova.widgets.fork import Fork
from simnova.widgets.reel import Reel
from simnova.widgets.views import VIEWS, news
from simnova.widgets.views.look import Look

NOTHING: Final = "Nothing has happened yet."
BLANK: Final[dict[str, Any]] = {
    "seq": -1,
    "time": 0.0,
    "kind": "",
    "actor": "",
    "where": None,
    "sentence": NOTHING,
}


def frame(reel: Reel, seq: int, fork: Fork | None = None) -> dict[str, Any]:
    """The story and the sequence at the step `seq`, and which views have news."""
    part = lanes.window(reel.sequence.arrows, seq)
    actors = lanes.lifelines(reel.actors, part)
    return {
        **head(reel, seq),
        "position": reel.position(seq),
        "total": len(reel.places),
        "detail": reel.detail,
        "actors": actors,
        "arrows": [lanes.as_dict(reel.journal, one, seq) for one in lanes.drawn(part, actors)],
        "news": news(look(reel, seq, fork)),
    }


def pane(reel: Reel, seq: int, view: str, fork: Fork | None = None) -> dict[str, Any]:
    """One view at the step `seq`, where `fork` is the run beside this one."""
    return {"view": view, "seq": seq, "data": VIEWS[view].at(look(reel, seq, fork))}


def look(reel: Reel, seq: int, fork: Fork | None = None) -> Look:
    """The look from the step `seq`."""
    return Look(reel.journal, seq, reel.moment(seq), reel.detail, fork)


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
        return NOTHING
    event = reel.journal[seq]
    place = f"Step {reel.position(seq)} of {len(reel.places)} at {event.time:.3f} s"
    return f"{place}: {story.sentence(reel.journal, seq)}"

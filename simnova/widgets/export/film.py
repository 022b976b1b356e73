"""The film: every step of a reel with every view, as a page needs it that has no kernel to ask."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from copy import copy
from typing import Any, Final

from simnova.exceptions import UsageError
from simnova.observe.menus import choices
from simnova.observe.steps import DETAILS
from simnova.widgets import lanes
from simnova.widgets.export.facts import KNOWN, facts
from simnova.widgets.export.openings import messages, openings, sources
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


def inside(reel: Reel, first: int | None, last: int | None) -> list[int]:
    """The steps of a reel that lie from the event `first` to the event `last`."""
    return [
        seq
        for seq in reel.places
        if (first is None or seq >= first) and (last is None or seq <= last)
    ]


def held(reel: Reel, first: int | None, last: int | None) -> list[Reel]:
    """What a page holds of a run, this reel first: with what its filter leaves out, and every other detail, as far as
    there is room.

    Raises `UsageError` where no step is left, or more than a page may hold.
    """
    whole = Reel(reel.journal, reel.detail)
    own = cut(whole if len(inside(whole, first, last)) <= STEPS else reel, first, last)
    if reel.places and not own.places:
        raise UsageError(
            f"there is no step from {first} to {last}: this journal has steps {reel.first} to {reel.last}"
        )
    if len(own.places) > STEPS:
        raise UsageError(f"{len(own.places)} steps are too many for a page ({STEPS}): {REMEDY}")
    found, room = [own], STEPS - len(own.places)
    for detail in (one for one in DETAILS if one != reel.detail):
        other = cut(Reel(reel.journal, detail), first, last)
        if 0 < len(other.places) <= room:
            found.append(other)
            room -= len(other.places)
    return found


def cut(reel: Reel, first: int | None, last: int | None) -> Reel:
    """The same reel without the steps before the event `first` and after the event `last`."""
    part = copy(reel)
    part.places = inside(reel, first, last)
    return part


def film(
    reels: Sequence[Reel], state: dict[str, Any], fork: Fork | None = None, server: str = ""
) -> dict[str, Any]:
    """All steps of some reels of one journal, the first of which is looked at, and what else a page begins with.

    `fork` is the run beside this one, `server` the uuid of the one that is watched. Numbers stand for `parts`.
    """
    parts, reel = Parts(), reels[0]
    journal, by_detail = reel.journal, sorted(reels, key=lambda one: DETAILS.index(one.detail))
    shown = {one.detail: scenes(one, parts, fork, server) for one in by_detail}
    pictures = {
        seq: place
        for one in shown.values()
        for seq, place in zip(one["steps"], one["panes"]["topology"], strict=True)
    }
    steps = sorted(pictures)
    score = [place for one in shown.values() for place in one["score"]]
    states = [place for one in shown.values() for place in one["panes"]["state"]]
    return {
        "detail": reel.detail,
        "reels": shown,
        "steps": steps,
        **openings(journal, steps, parts, [pictures[seq] for seq in steps]),
        "messages": messages(journal, steps, parts, score),
        "sources": sources(parts, states),
        "facts": {str(seq): parts.put(facts(journal, seq)) for seq in steps},
        "styles": styles(reels, steps),
        "known": KNOWN,
        "drawn": {
            "page": lanes.PAGE,
            "lanes": lanes.LANES,
            "cells": lanes.CELLS,
            "urgent": lanes.URGENT,
        },
        "state": parts.put({**state, "menu": choices(journal)}),
        "parts": parts.kept,
    }


def scenes(reel: Reel, parts: Parts, fork: Fork | None, server: str) -> dict[str, Any]:
    """What is shown at each step of one detail; `parting` is where the runs part."""
    seqs = reel.places or [-1]
    views = [view for view in VIEWS if view != "fork" or fork]
    panes = {
        view: [parts.put(pane(reel, seq, view, fork, server)) for seq in seqs] for view in views
    }
    return {
        "steps": seqs,
        "actors": reel.actors,
        "score": scores(reel, seqs, parts),
        "frame": [parts.put(frame(reel, seq, fork)) for seq in seqs],
        "panes": panes,
        "parting": None if fork is None else parting(reel, fork),
    }


def styles(reels: Sequence[Reel], seqs: Sequence[int]) -> dict[str, str]:
    """In what style each step is drawn that is drawn at all: for the strip."""
    drawn = {
        seq: style for one in reels for seq, style in shared(one.journal, one.detail).styles.items()
    }
    return {str(seq): drawn[seq] for seq in seqs if seq in drawn}


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

"""The sequence in a frame: arrows around the cursor, lifelines, the strip at the slider."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from simnova.kernel.journal import Journal
from simnova.observe import sequence, story
from simnova.observe.markup import plain, shorten

BEFORE, AFTER = 40, 30
"""Rows of the sequence that are sent, before and after the cursor."""
LANES = 14
"""Lifelines that stand side by side for a whole journal; of more, those of the window alone."""
CELLS = 120
"""Cells of the strip at most."""

_UUID = re.compile(r"([0-9a-f]{8})-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_URGENT: Final = ("error", "timeout", "fault", "call", "cast", "fanout", "reply")
_LABEL = 34


def place(arrows: Sequence[sequence.Arrow], cursor: int) -> int:
    """How many of the arrows, which are in the order of time, began at or before the cursor."""
    return bisect_right(arrows, cursor, key=lambda arrow: arrow.seq)


def window(
    arrows: Sequence[sequence.Arrow], cursor: int, before: int = BEFORE, after: int = AFTER
) -> list[sequence.Arrow]:
    """The arrows near the cursor."""
    middle = place(arrows, cursor)
    return list(arrows[max(0, middle - before) : middle + after])


def everyone(whole: sequence.Sequence) -> list[str]:
    """The actors that do something, from left to right; not those that only came up."""
    return sequence.lifelines([arrow for arrow in whole.arrows if arrow.style != "service"])


def lifelines(actors: list[str], part: Sequence[sequence.Arrow]) -> list[str]:
    """The actors to draw: everyone, so that no step moves one; of too many, those that talk here."""
    if len(actors) <= LANES:
        return actors
    return sequence.lifelines([arrow for arrow in part if not arrow.note])


def drawn(part: Sequence[sequence.Arrow], actors: Sequence[str]) -> list[sequence.Arrow]:
    """The arrows whose two ends are drawn."""
    return [arrow for arrow in part if arrow.source in actors and arrow.target in actors]


def when(arrow: sequence.Arrow, cursor: int) -> str:
    """Where an arrow stands beside the cursor: past, now or future."""
    return "now" if arrow.seq == cursor else "past" if arrow.seq < cursor else "future"


def label(arrow: sequence.Arrow) -> str:
    """What stands at an arrow: uuids by their first digits, and of an answer the status."""
    text = plain(arrow.label)
    if arrow.style == "response":
        return text.partition(" ")[0]
    return shorten(_UUID.sub(r"\1…", text), _LABEL).replace("……", "…")


def as_dict(journal: Journal, arrow: sequence.Arrow, cursor: int) -> dict[str, Any]:
    """One row of the sequence for the browser."""
    return {
        "seq": arrow.seq,
        "time": arrow.time,
        "source": arrow.source,
        "target": arrow.target,
        "label": label(arrow),
        "style": arrow.style,
        "title": story.sentence(journal, arrow.seq),
        "when": when(arrow, cursor),
    }


def strip(places: Sequence[int], styles: Mapping[int, str]) -> list[str]:
    """The styles of all steps in at most 120 cells, each showing its most urgent one."""
    cells = min(len(places), CELLS)
    edges = [cell * len(places) // cells for cell in range(cells + 1)] if cells else []
    return [
        urgent([styles.get(seq, "") for seq in places[start:stop]])
        for start, stop in pairwise(edges)
    ]


def urgent(styles: Sequence[str]) -> str:
    """The style that must not be overlooked among some."""
    return next((style for style in _URGENT if style in styles), styles[0])

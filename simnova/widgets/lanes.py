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
from simnova.widgets.wires import between

BEFORE, AFTER = 40, 30
"""Rows of the sequence that are drawn, before and after the cursor."""
PAGE: Final = 32
"""Rows of a page; a browser gets the page of the cursor, the one before and the one after."""
LANES = 14
"""Lifelines that stand side by side for a whole journal; of more, those of the window alone."""
CELLS = 120
"""Cells of the strip at most."""

_UUID = re.compile(r"([0-9a-f]{8})-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
URGENT: Final = ("error", "timeout", "fault", "call", "cast", "fanout", "reply")
"""Styles that must not be overlooked among others, the most urgent first."""
_LABEL = 34


def window(
    journal: Journal, rows: Sequence[int], cursor: int, before: int = BEFORE, after: int = AFTER
) -> list[sequence.Arrow]:
    """The arrows near the cursor."""
    middle = bisect_right(rows, cursor)
    past = between(journal, rows[max(0, middle - before) : middle])
    return past[-before:] + between(journal, rows[middle : middle + after])[:after]


def page(rows: Sequence[int], cursor: int) -> int:
    """The page that the cursor is on."""
    return bisect_right(rows, cursor) // PAGE


def pages(rows: Sequence[int], cursor: int) -> Sequence[int]:
    """The rows of three pages, the cursor's in the middle: the same ones for most steps."""
    middle = page(rows, cursor)
    return rows[max(0, middle - 1) * PAGE : (middle + 2) * PAGE]


def lifelines(actors: Sequence[str], part: Sequence[sequence.Arrow]) -> list[str]:
    """The actors to draw: all, so that no step moves one; of too many, those that talk here."""
    if len(actors) <= LANES:
        return list(actors)
    return sequence.lifelines([arrow for arrow in part if not arrow.note])


def few(part: Sequence[sequence.Arrow]) -> list[sequence.Arrow]:
    """Some arrows without most of those of a fanout to many: those to who talks otherwise, or the first."""
    talking = set(sequence.lifelines([arrow for arrow in part if arrow.style != "fanout"]))
    told: set[int] = set()
    kept = []
    for arrow in part:
        if arrow.style != "fanout" or arrow.target in talking or arrow.seq not in told:
            kept.append(arrow)
            told.add(arrow.seq)
    return kept


def drawn(part: Sequence[sequence.Arrow], actors: Sequence[str]) -> list[sequence.Arrow]:
    """The arrows whose two ends are drawn."""
    return [arrow for arrow in part if arrow.source in actors and arrow.target in actors]


def when(seq: int, cursor: int) -> str:
    """Where a row stands beside the cursor: past, now or future."""
    return "now" if seq == cursor else "past" if seq < cursor else "future"


def label(arrow: sequence.Arrow) -> str:
    """What stands at an arrow: uuids by their first digits, and of an answer the status."""
    text = plain(arrow.label)
    if arrow.style == "response":
        return text.partition(" ")[0]
    return shorten(_UUID.sub(r"\1…", text), _LABEL).replace("……", "…")


def as_dict(journal: Journal, arrow: sequence.Arrow) -> dict[str, Any]:
    """One row of the sequence for the browser."""
    return {
        "seq": arrow.seq,
        "time": arrow.time,
        "source": arrow.source,
        "target": arrow.target,
        "label": label(arrow),
        "style": arrow.style,
        "title": story.sentence(journal, arrow.seq),
    }


def edges(steps: int) -> list[int]:
    """Where the cells of the strip begin and end among so many steps."""
    cells = min(steps, CELLS)
    return [cell * steps // cells for cell in range(cells + 1)] if cells else []


def strip(places: Sequence[int], styles: Mapping[int, str]) -> list[str]:
    """The styles of all steps in at most 120 cells, each showing its most urgent one."""
    return [
        urgent([styles.get(seq, "") for seq in places[start:stop]])
        for start, stop in pairwise(edges(len(places)))
    ]


def urgent(styles: Sequence[str]) -> str:
    """The style that must not be overlooked among some."""
    return next((style for style in URGENT if style in styles), styles[0])

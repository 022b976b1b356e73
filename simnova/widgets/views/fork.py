"""The fork: what can be done otherwise from this step on, and both runs side by side once it was."""

from __future__ import annotations

from typing import Any, Final

from simnova.kernel.journal import Journal
from simnova.observe import sequence, story
from simnova.observe.parting import Parting, outcome
from simnova.widgets import lanes
from simnova.widgets.changes import later, offered
from simnova.widgets.fork import Fork
from simnova.widgets.views.look import Look

BEFORE, AFTER = 30, 60
"""Rows that are sent, before and after the cursor."""
OUTCOMES: Final = 12
"""Servers whose outcome is told."""


def at(look: Look) -> dict[str, Any]:
    """The changes that are offered, or the rows of both runs around the cursor."""
    if look.fork is None:
        changes = offered(look.journal, look.seq)
        shown = [[one.group, one.label, one.code()] for one in changes]
        return {"changes": shown, "later": later(look.journal, look.seq)}
    laid = look.fork.beside(look.journal, look.detail)
    return {**told(look, look.fork, laid), **drawn(look, look.fork, laid)}


def news(look: Look) -> bool:
    """Whether this is the step where the runs part."""
    return look.fork is not None and any(event.seq == look.fork.at for event in look.moment)


def told(look: Look, fork: Fork, laid: Parting) -> dict[str, Any]:
    """Where the runs part and how each ends, in words."""
    ends = outcome(look.journal), outcome(fork.journal)
    servers = list(dict.fromkeys([*ends[0], *ends[1]]))[:OUTCOMES]
    return {
        "change": fork.change,
        "turned": fork.turned,
        "at": fork.at,
        "parted": [
            _sentence(*pair)
            for pair in zip((look.journal, fork.journal), laid.differing(), strict=True)
        ],
        "outcome": [_ends(uuid, *ends) for uuid in servers],
    }


def _ends(uuid: str, *ends: dict[str, tuple[str, str]]) -> list[str]:
    name = next(end[uuid][0] for end in ends if uuid in end)
    return [name, *(end.get(uuid, (name, "is not there"))[1] for end in ends)]


def _sentence(journal: Journal, seq: int | None) -> str:
    return "All of it happens in the other, too." if seq is None else story.sentence(journal, seq)


def drawn(look: Look, fork: Fork, laid: Parting) -> dict[str, Any]:
    """The rows near the cursor, and the lifelines of both."""
    now = laid.reached(look.seq)
    first = max(0, now - BEFORE)
    part = laid.rows[first : now + AFTER]
    whole = [one for row in laid.rows for one in row[:2] if one and one.style != "service"]
    actors = sequence.lifelines(whole)
    actors = lanes.lifelines(actors, [one for row in part for one in row[:2] if one])
    return {
        "actors": actors,
        "rows": [
            [_arrow(look.journal, row.one, actors), _arrow(fork.journal, row.other, actors)]
            for row in part
        ],
        "now": now - first,
        "parts": None if laid.place is None else laid.place - first,
        "differ": [place for place, row in enumerate(part) if not row.same],
    }


def _arrow(
    journal: Journal, arrow: sequence.Arrow | None, actors: list[str]
) -> dict[str, Any] | None:
    if arrow is None or not {arrow.source, arrow.target} <= set(actors):
        return None
    return lanes.as_dict(journal, arrow)

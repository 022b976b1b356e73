"""The player's twin: one step as a drawing that stands by itself, for where no kernel runs.

It is drawn from the same frame as the player's views and is the same text for the same journal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from textwrap import wrap
from typing import Any, Final

from simnova.observe import hosts as observed
from simnova.observe.markup import svg
from simnova.widgets import frame as frames
from simnova.widgets.reel import Reel
from simnova.widgets.twin import decision, hosts, sequence, state, topology, why
from simnova.widgets.twin.ink import words
from simnova.widgets.views import VIEWS
from simnova.widgets.views.cloud import cards

WIDTH: Final = 960
"""Pixels; on a narrower page the drawing shrinks."""
PAD: Final = 20
GAP: Final = 28
STYLE: Final = (
    ".simnova .sn-story{font-size:19px;font-weight:500}"
    ".simnova .sn-head{font-size:11px;font-weight:600}.simnova .sn-passed{fill:var(--sn-passed)}"
    ".simnova .sn-rejected{fill:var(--sn-rejected)}.simnova .sn-chosen{fill:var(--sn-chosen)}"
    ".simnova .sn-muted{fill:var(--sn-muted)}"
    ".simnova .sn-small{font-size:10.5px}.simnova .sn-bold{font-weight:600}"
    "@supports(paint-order:stroke){"
    ".simnova .sn-halo{paint-order:stroke;stroke:var(--sn-paper);stroke-width:4px}"
    ".simnova .sn-halo{stroke-linejoin:round}}"
)
EXTRA: Final = state.STYLE + topology.STYLE
_LINE = 84
MOST: Final = 60
"""Hosts that are counted."""
Drawer = Callable[[Any, float, float, float], tuple[float, list[str]]]
BELOW: Final[dict[str, Drawer]] = {"topology": topology.draw, "state": state.draw, "why": why.draw}
"""The views that can stand below the sequence in the place of the decision and the cloud."""


def draw(reel: Reel, seq: int, view: str = "") -> str:
    """The whole picture of a step: the decision and the cloud below the sequence, or the one `view` of `BELOW`."""
    frame, seen = frames.still(reel, seq), frames.look(reel, seq)
    lines = wrap(frame["sentence"], _LINE)[:4]
    top = 44 + 26 * len(lines)
    height, rows = sequence.draw(frame, PAD, top, WIDTH - 2 * PAD)
    below = top + height + 24
    if view:
        held, drawn = BELOW[view](VIEWS[view].at(seen), PAD, below, WIDTH - 2 * PAD)
        parts = [facts(frame), *story(lines), *rows, *drawn]
        return svg(WIDTH, below + held + 16, frame["sentence"], STYLE + EXTRA, parts)
    half = (WIDTH - 2 * PAD - GAP) / 2
    left, matrix = decision.draw(VIEWS["decision"].at(seen), PAD, below, half)
    there = observed.at(reel.journal, seq)[:MOST] if seen.moment else []
    right, boxes = hosts.draw(cards(seen, there), PAD + half + GAP, below, half)
    parts = [facts(frame), *story(lines), *rows, *matrix, *boxes]
    return svg(WIDTH, below + max(left, right) + 16, frame["sentence"], STYLE, parts)


def facts(frame: dict[str, Any]) -> str:
    """The line over the story: which step, when, who."""
    place = f"Step {frame['position']} of {frame['total']}"
    told = [place, f"{frame['time']:.3f} s", frame["actor"], frame["kind"]]
    return words(" · ".join(filter(None, told)), PAD, 28, "muted")


def story(lines: Sequence[str]) -> list[str]:
    """The sentence, in lines."""
    return [words(line, PAD, 54 + 26 * place, "sn-story") for place, line in enumerate(lines)]

"""The twin's chain of causes: a rail from the step down to the request that began it."""

from __future__ import annotations

from textwrap import wrap
from typing import Any, Final

from simnova.observe.markup import element, number
from simnova.widgets.twin.ink import stroke, words
from simnova.widgets.twin.sequence import colour

LINKS: Final = 24
"""Links and folds that are drawn; of a longer chain the rest is counted."""
LINE, LETTERS = 16, 128


def draw(chain: list[dict[str, Any]], x: float, y: float, width: float) -> tuple[float, list[str]]:
    """The height and the parts of the chain."""
    if not chain:
        return 40, [words("Nothing has happened yet.", x, y + 14, "muted")]
    parts: list[str] = []
    below = y + 8
    for one in chain[:LINKS]:
        height, drawn = fold(one, x, below) if "fold" in one else link(one, x, below)
        parts, below = parts + drawn, below + height
    if len(chain) > LINKS:
        parts.append(words(f"and {len(chain) - LINKS} more", x + 24, below + 12, "muted"))
        below += LINE
    rail = stroke(f"M{number(x + 6)} {number(y + 14)}V{number(below - 20)}", "var(--sn-line)", 2)
    return below - y + 8, [rail, *parts]


def fold(one: dict[str, Any], x: float, y: float) -> tuple[float, list[str]]:
    """What is folded, in one line."""
    spent = f", {one['wait']}" if one["wait"] else ""
    return LINE + 10, [words(f"… {one['fold']}{spent}", x + 24, y + 12, "muted")]


def link(one: dict[str, Any], x: float, y: float) -> tuple[float, list[str]]:
    """One event: its point, its sentence, and how long before the next it was."""
    lines = wrap(one["sentence"], LETTERS)
    turn = f"{one['turn'].upper()} · " if one["turn"] else ""
    earlier = f"{one['wait']} earlier · " if one["wait"] else ""
    told = f"{turn}{earlier}{one['time']:.3f} s · event {one['seq']}"
    kind = "sn-bold" if one["turn"] else None
    texts = [words(line, x + 24, y + 12 + LINE * place, kind) for place, line in enumerate(lines)]
    below = y + 12 + LINE * len(lines)
    paint = colour(one["style"])
    fill = paint if one["turn"] else "var(--sn-paper)"
    point = element(
        "circle", cx=number(x + 6), cy=number(y + 8), r=5, fill=fill, stroke=paint, stroke_width=2
    )
    return below - y + 12, [point, *texts, words(told, x + 24, below - 1, "sn-small muted")]

"""A server's states as a drawing: three lanes, a column for each change, its time above."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from simnova.observe.markup import element, escape, shorten, svg

if TYPE_CHECKING:
    from simnova.observe.states import History

LEFT, TOP, COLUMN, LANE = 100, 52, 128, 34
"""Pixels: the lanes' names, the times, a change's width, a lane's height. Width says order, not
duration.
"""
LANES = ("vm_state", "task_state", "power_state", "host")
_COLOURS = {"active": "passed", "running": "passed", "error": "error", "building": "cast"}
STYLE = (
    ".band{fill-opacity:.16;stroke-width:1.2}.now{fill:var(--sn-current)}"
    ".simnova .small{font-size:10.5px}.simnova .name{font-weight:600}"
)


def draw(history: History, current: int | None) -> str:
    """All changes from left to right."""
    width = LEFT + COLUMN * max(1, len(history)) + 14
    height = TOP + LANE * len(LANES) + 12
    title = element("text", escape(history.name), class_="name", x=14, y=22)
    parts = [title, mark(history, current)]
    parts += [
        element(
            "text", f"{one.time:.3f} s", class_="small muted", x=LEFT + COLUMN * place + 2, y=42
        )
        for place, one in enumerate(history.states)
    ]
    parts += [lane(history, name, TOP + LANE * place) for place, name in enumerate(LANES)]
    return svg(width, height, f"States of {history.name}", STYLE, parts)


def mark(history: History, current: int | None) -> str:
    """The ground behind the state at the current step."""
    here = history.at(current) if current is not None else None
    if here is None:
        return ""
    x = LEFT + COLUMN * list(history.states).index(here)
    return element(
        "rect", class_="now", x=x - 2, y=30, width=COLUMN, height=TOP + LANE * len(LANES) - 28, rx=4
    )


def lane(history: History, name: str, y: float) -> str:
    """One lane: a band for each value, as long as it lasts."""
    values = [getattr(one, name) for one in history.states]
    parts, place = [element("text", name, class_="small muted", x=14, y=y + 20)], 0
    for value, run in groupby(values):
        length = len(list(run))
        if value is not None:
            parts.append(band(str(value), LEFT + COLUMN * place, y, COLUMN * length - 4))
        place += length
    return "".join(parts)


def band(value: str, x: float, y: float, width: float) -> str:
    """One value for as long as it lasts."""
    colour = f"var(--sn-{_COLOURS.get(value, 'state')})"
    box = element(
        "rect",
        class_="band",
        x=x,
        y=y + 4,
        width=width,
        height=LANE - 8,
        rx=4,
        fill=colour,
        stroke=colour,
    )
    label = escape(shorten(value, int(width / 6)))
    return box + element("text", label, class_="small", x=x + 6, y=y + 21)

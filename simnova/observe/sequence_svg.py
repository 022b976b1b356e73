"""The sequence as a drawing: lifelines, arrows told apart by dash and head as well as by colour,
notes as pills.
"""

from __future__ import annotations

from collections.abc import Sequence as Many
from typing import TYPE_CHECKING

from simnova.observe.markup import element, escape, short, shorten, svg

if TYPE_CHECKING:
    from simnova.observe.sequence import Arrow

LEFT, LANE, ROW, TOP = 84, 158, 24, 62
"""Pixels: the margin with the times, a lane's width, a row's height, and the head."""
_COLOURS = {
    "fanout": "cast",
    "request": "http",
    "response": "http",
    "return": "virt",
    "decision": "chosen",
    "fault": "error",
    "service": "state",
    "input": "state",
}
_OPEN = {"reply", "response", "return", "cast", "fanout"}
_DASHES = {"cast": "7 4", "fanout": "7 4", "reply": "2 3", "response": "2 3", "return": "2 3"}
STYLE = (
    ".lane{stroke:var(--sn-line)}.head{fill:var(--sn-shade);stroke:var(--sn-line)}"
    ".simnova .name{font-weight:600;text-anchor:middle}"
    ".simnova .time{font-size:10px;text-anchor:end}"
    ".simnova .label,.simnova .note{font-size:11px;text-anchor:middle}"
    "@supports(paint-order:stroke){"
    ".simnova .label{paint-order:stroke;stroke:var(--sn-paper);stroke-width:4px}}"
    ".simnova .now .label,.simnova .now .note{font-weight:700}.row{fill:var(--sn-current)}"
    ".arrow{fill:none;stroke-width:1.6}.pill{fill:var(--sn-shade);stroke-width:1.2}"
    ".later{opacity:.35}"
)


def colour(style: str) -> str:
    """The CSS variable of a style's colour."""
    return f"var(--sn-{_COLOURS.get(style, style)})"


def draw(actors: Many[str], arrows: Many[Arrow], current: int | None) -> str:
    """The whole diagram; rows after the current step are pale."""
    lanes = {actor: LEFT + LANE * (place + 0.5) for place, actor in enumerate(actors)}
    width, height = LEFT + LANE * max(1, len(actors)) + 8, TOP + ROW * len(arrows) + 14
    now = nearest(arrows, current)
    parts = [lifeline(actor, x, height) for actor, x in lanes.items()]
    parts += [
        row(arrow, lanes, TOP + ROW * (place + 0.5), width, now)
        for place, arrow in enumerate(arrows)
    ]
    title = f"Sequence of {len(arrows)} messages between {len(actors)} services"
    return svg(width, height, title, STYLE, parts)


def nearest(arrows: Many[Arrow], current: int | None) -> int | None:
    """The step of the row to highlight: the current one, or the last one drawn before it."""
    if current is None:
        return None
    return max((arrow.seq for arrow in arrows if arrow.seq <= current), default=-1)


def lifeline(actor: str, x: float, height: float) -> str:
    """A name in two lines at most, and the line below it."""
    binary, _, host = actor.partition("@")
    box = element("rect", class_="head", x=x - LANE / 2 + 5, y=10, width=LANE - 10, height=36, rx=5)
    lines = [binary, host] if host else [binary]
    first = 32 - 7 * (len(lines) - 1)
    names = "".join(
        element("text", escape(shorten(text, 20)), class_="name", x=x, y=first + 14 * place)
        for place, text in enumerate(lines)
    )
    return element("line", class_="lane", x1=x, x2=x, y1=46, y2=height - 8) + box + names


def row(arrow: Arrow, lanes: dict[str, float], y: float, width: float, now: int | None) -> str:
    """One arrow or note with its time; the whole row is a target for a click by its `data-seq`."""
    ground = element("rect", class_="row", x=2, y=y - ROW / 2, width=width - 4, height=ROW, rx=3)
    time = element("text", f"{arrow.time:.3f} s", class_="time muted", x=LEFT - 16, y=y + 4)
    body = pill(arrow, lanes[arrow.source], y) if arrow.note else line(arrow, lanes, y)
    place = "now" if arrow.seq == now else "later" if now is not None and arrow.seq > now else None
    return element(
        "g",
        (ground if place == "now" else "") + time + body,
        class_=place,
        data_seq=arrow.seq,
        data_style=arrow.style,
    )


def pill(arrow: Arrow, x: float, y: float) -> str:
    """A note on a lifeline; a wide one on the first keeps clear of the times."""
    text = shorten(short(arrow.label), 38)
    half = min(LANE, 3.1 * len(text) + 9)
    x = max(x, LEFT - 8 + half)
    box = element(
        "rect",
        class_="pill",
        x=round(x - half, 1),
        y=y - 8.5,
        width=round(2 * half, 1),
        height=17,
        rx=8,
        stroke=colour(arrow.style),
    )
    return box + element("text", escape(text), class_="note", x=x, y=y + 4)


def line(arrow: Arrow, lanes: dict[str, float], y: float) -> str:
    """An arrow with its label above the line."""
    start, stop = lanes[arrow.source], lanes[arrow.target]
    way = 1 if stop > start else -1
    room = int((abs(stop - start) - 8) / 5.5)
    path = element(
        "path",
        class_="arrow",
        d=f"M{start:g} {y + 5:g}H{stop - way * (0 if arrow.style in _OPEN else 6):g}",
        stroke=colour(arrow.style),
        stroke_dasharray=_DASHES.get(arrow.style),
    )
    middle = (start + stop) / 2
    label = element(
        "text", escape(shorten(short(arrow.label), room)), class_="label", x=middle, y=y + 1
    )
    return path + head(arrow, stop, y + 5, way) + label


def head(arrow: Arrow, x: float, y: float, way: int) -> str:
    """An arrow's head: filled for what is asked and waited for, open for answers and casts, a cross
    for errors.
    """
    paint = colour(arrow.style)
    if arrow.style == "error":
        d = f"M{x - way * 12:g} {y - 4:g}l8 8m0 -8l-8 8M{x:g} {y:g}l{-way * 3:g} 0"
        return element("path", class_="arrow", d=d, stroke=paint)
    d = f"M{x - way * 8:g} {y - 4:g}L{x:g} {y:g}L{x - way * 8:g} {y + 4:g}"
    if arrow.style in _OPEN:
        return element("path", class_="arrow", d=d, stroke=paint)
    return element("path", d=d + "Z", fill=paint)

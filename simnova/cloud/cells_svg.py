"""Cells as a drawing: the API level above, each cell below it with its bus, its database, its conductor, its hosts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from simnova.observe.markup import element, escape, svg

WIDE, HIGH, GAP, EDGE = 172, 26, 16, 18
"""Pixels: a box's size, the room between two, and a frame's edge."""
FRAME = 2 * WIDE + GAP + 2 * EDGE
TOP, CELLS = 40, 172
"""Pixels: where the boxes of the API level begin, and the frames of the cells."""
STYLE = (
    ".frame{fill:none;stroke:var(--sn-line);stroke-width:1.4}.box{fill:var(--sn-shade);stroke:var(--sn-line)}"
    ".bus{stroke:var(--sn-cast);stroke-width:1.6}.base{stroke:var(--sn-call);stroke-width:1.6}"
    ".gone{stroke:var(--sn-error);stroke-width:2.4}.way{fill:none;stroke:var(--sn-line);stroke-width:1.4}"
    ".mapped{stroke-dasharray:5 4;stroke:var(--sn-muted)}.simnova .small{font-size:10.5px}"
)


@dataclass(frozen=True)
class Part:
    """One cell as it is drawn; the API level, too: it has more databases than one."""

    name: str
    bus: str
    databases: Sequence[str]
    services: Sequence[str]
    hosts: Sequence[str] = ()
    note: str = ""


def draw(above: Part, cells: Sequence[Part], gone: Iterable[str]) -> str:
    """The whole picture; what is `gone` (a service, a database, a bus) has a cross."""
    lost = set(gone)
    width = max(len(cells) * (FRAME + GAP) - GAP, 3 * (WIDE + GAP) + WIDE + 2 * EDGE) + 2 * EDGE
    tall = max((len(cell.services) + len(cell.hosts) for cell in cells), default=0)
    height = CELLS + 62 + tall * (HIGH + 8) + 46
    parts = [*_ways(cells), *_above(above, lost, width)]
    for place, cell in enumerate(cells):
        parts += _cell(cell, _x(place), lost, height - CELLS - 32)
    parts.append(_text("by cell mappings", 2 * EDGE + WIDE / 2 + 8, CELLS - 10, "small muted"))
    return svg(width, height, "Cells", STYLE, parts)


def _x(place: int) -> float:
    return EDGE + place * (FRAME + GAP)


def _above(above: Part, gone: set[str], width: float) -> list[str]:
    frame = _rect("frame", EDGE, 12, width - 2 * EDGE, CELLS - 44)
    parts = [frame, _text(above.name, 2 * EDGE, 30, "small muted")]
    for place, service in enumerate(above.services):
        parts += _box(service, 2 * EDGE + place * (WIDE + GAP), TOP, "", gone)
    y = TOP + HIGH + GAP
    parts += _box(above.bus, 2 * EDGE, y, "bus", gone)
    for place, database in enumerate(above.databases):
        parts += _box(database, 2 * EDGE + (place + 1) * (WIDE + GAP), y, "base", gone)
    return parts


def _cell(cell: Part, x: float, gone: set[str], high: float) -> list[str]:
    name = f"{cell.name} {cell.note}".strip()
    parts = [
        _rect("frame", x, CELLS, FRAME, high),
        _text(name, x + EDGE, CELLS + 18, "small muted"),
    ]
    left, right, y = x + EDGE, x + EDGE + WIDE + GAP, CELLS + 28.0
    parts += _box(cell.bus, left, y, "bus", gone)
    parts += _box(cell.databases[0], right, y, "base", gone)
    for row, service in enumerate([*cell.services, *cell.hosts]):
        low = y + HIGH + 24 + row * (HIGH + 8)
        conductor = row < len(cell.services)
        middle = low + HIGH / 2
        parts.append(
            element("path", class_="way", d=f"M{left - 8:g} {y + HIGH / 2:g}h8m-8 0V{middle:g}h8")
        )
        if conductor:
            parts.append(_way(right + WIDE / 2, y + HIGH, right + WIDE / 2, middle))
            parts.append(_way(left + WIDE, middle, right + WIDE / 2, middle))
        parts += _box(service, left, low, "", gone)
    return parts


def _ways(cells: Sequence[Part]) -> list[str]:
    """From the API level to the bus and the database of every cell."""
    found = []
    for place in range(len(cells)):
        left = _x(place) + EDGE + WIDE / 2
        for x in (left, left + WIDE + GAP):
            found.append(_way(x, CELLS - 32, x, CELLS + 28, "way mapped"))
    return found


def _box(name: str, x: float, y: float, kind: str, gone: set[str]) -> list[str]:
    lost = " gone" if name in gone else ""
    text = f"✗ {name}" if lost else name
    title = element("title", escape(name + (" is gone" if lost else "")))
    radius = {"bus": 13, "base": 2}.get(kind, 5)
    box = element(
        "rect", title, class_=f"box {kind}{lost}", x=x, y=y, width=WIDE, height=HIGH, rx=radius
    )
    return [box, _text(text, x + 10, y + 17, "small")]


def _rect(kind: str, x: float, y: float, width: float, height: float) -> str:
    return element("rect", class_=kind, x=x, y=y, width=width, height=height, rx=6)


def _text(text: str, x: float, y: float, kind: str) -> str:
    return element("text", escape(text), class_=kind, x=x, y=y)


def _way(x: float, y: float, to_x: float, to_y: float, kind: str = "way") -> str:
    return element("path", class_=kind, d=f"M{x:g} {y:g}L{to_x:g} {to_y:g}")

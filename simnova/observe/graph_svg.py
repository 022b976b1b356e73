"""The topology as a drawing: publishers, exchanges, queues with their depth, consumers, from left
to right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnova.observe.markup import element, escape, number, short, shorten, svg

if TYPE_CHECKING:
    from simnova.observe.graph import Edge, Topology

WIDE, HIGH, APART, COLUMN, TOP = 164, 26, 38, 216, 52
"""Pixels: a node's size, nodes one above the other, columns side by side, the heads."""
HEADS = ("publishes", "exchange", "queue", "consumes")
STYLE = (
    ".node{fill:var(--sn-shade);stroke:var(--sn-line);stroke-width:1.2}.exchange{stroke:var(--sn-cast)}"
    ".queue{stroke:var(--sn-call)}.way{fill:none;stroke:var(--sn-line);stroke-width:1.3}"
    ".now{stroke:var(--sn-chosen);stroke-width:2.4}.depth{fill:var(--sn-call)}"
    ".simnova .small,.simnova .number{font-size:10.5px}"
    ".simnova .number{fill:var(--sn-paper);text-anchor:middle}"
)
_COLUMNS = {"publishes": (0, 1), "routes": (1, 2), "delivers": (2, 3)}


def draw(topology: Topology) -> str:
    """The whole picture."""
    columns = [
        topology.names("publishes", "source"),
        sorted({*topology.names("publishes", "target"), *topology.names("routes", "source")}),
        sorted({*topology.names("routes", "target"), *topology.names("delivers", "source")}),
        topology.names("delivers", "target"),
    ]
    tall = max((len(names) for names in columns), default=1)
    places = {
        (column, name): (14.0 + COLUMN * column, TOP + middle(len(names), tall) + APART * place)
        for column, names in enumerate(columns)
        for place, name in enumerate(names)
    }
    parts = [
        element("text", head, class_="small muted", x=14 + COLUMN * column, y=26)
        for column, head in enumerate(HEADS)
    ]
    parts += [way(edge, places, edge in topology.current) for edge in topology.edges]
    parts += [node(name, column, *spot, topology.depths) for (column, name), spot in places.items()]
    return svg(
        28 + 3 * COLUMN + WIDE, TOP + APART * max(1, tall) + 8, "The message bus", STYLE, parts
    )


def middle(count: int, tall: int) -> float:
    """How far down a column begins, so that all have the same middle."""
    return APART * (tall - count) / 2


def way(edge: Edge, places: dict[tuple[int, str], tuple[float, float]], now: bool) -> str:
    """A curve from one node to another, the routing key as its title."""
    left, right = _COLUMNS[edge.kind]
    (x, y), (to_x, to_y) = places[left, edge.source], places[right, edge.target]
    start, stop, bend = x + WIDE, to_x, (to_x - x - WIDE) / 2
    points = (
        start,
        y + HIGH / 2,
        start + bend,
        y + HIGH / 2,
        stop - bend,
        to_y + HIGH / 2,
        stop,
        to_y + HIGH / 2,
    )
    d = "M{} {}C{} {} {} {} {} {}".format(*map(number, points))
    title = element("title", escape(edge.label or edge.kind))
    return element("path", title, class_="way now" if now else "way", d=d)


def node(name: str, column: int, x: float, y: float, depths: dict[str, int]) -> str:
    """A service, an exchange, or a queue with its depth."""
    kind = ("node", "node exchange", "node queue", "node")[column]
    box = element(
        "rect", class_=kind, x=x, y=y, width=WIDE, height=HIGH, rx=13 if column == 1 else 5
    )
    text = element("text", escape(shorten(short(name), 24)), class_="small", x=x + 10, y=y + 17)
    depth = depths.get(name, 0) if column == 2 else 0
    return element(
        "g", element("title", escape(name)) + box + text + (badge(depth, x, y) if depth else "")
    )


def badge(depth: int, x: float, y: float) -> str:
    """How many messages are in a queue."""
    circle = element("circle", class_="depth", cx=x + WIDE - 4, cy=y + 3, r=9)
    return circle + element("text", str(depth), class_="number", x=x + WIDE - 4, y=y + 7)

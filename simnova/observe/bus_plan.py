"""Where everything stands in the picture of the bus, and the curves between.

From top to bottom: who speaks HTTP only, the services, the broker with its queues and exchanges, the hosts. A second
row of boxes below holds the cells, each with a broker of its own. Places depend on the whole run and not on the step:
nothing moves, but that in a cloud of many hosts one that begins to talk takes the seat of another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from simnova.kernel.journal import Event, Journal
from simnova.observe.bus import MAIN, Bus, bare, buses
from simnova.observe.bus_rows import CARD, DRIVES, GAP, METAL, PILL, Row, Spot, cut
from simnova.observe.company import Company, is_compute
from simnova.observe.graph import DEFAULT
from simnova.observe.index import follow

WIDTH: Final = 480.0
"""Pixels of the picture beside the sequence."""
SLIM, HTTP, DOCK, HUB, EDGE = 24.0, 36.0, 12.0, 34.0, 10.0
"""Pixels: who speaks HTTP only; under them; from service to broker; from queues to exchanges; the broker's margin."""
HOST: Final = 105.0
"""Pixels that a host wants."""
PAIR: Final = 2
"""Cells side by side."""
LABEL, INSET = 20.0, 6.0
"""Pixels between a broker's edges and what is on it: on the left its name stands on end."""


class Box(NamedTuple):
    """A broker."""

    name: str
    x: float
    y: float
    w: float
    h: float


@dataclass
class Plan:
    """The picture of one run."""

    width: float
    height: float = 0.0
    boxes: list[Box] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    fixed: list[Spot] = field(default_factory=list)

    def at(self, seq: int) -> list[Spot]:
        """Everything that stands somewhere at a step."""
        return [*self.fixed, *(spot for row in self.rows for spot in row.at(seq))]


class Planner:
    """The plan of a journal, made anew when the journal has grown; `follow(journal, Planner)`."""

    def __init__(self) -> None:
        self._made: dict[float, Plan] = {}

    def add(self, event: Event) -> None:
        """Take in the next event: whatever was planned may be wrong."""
        self._made.clear()

    def of(self, journal: Journal, width: float) -> Plan:
        """The plan for a picture so many pixels wide."""
        if width not in self._made:
            self._made[width] = _draft(journal, width)
        return self._made[width]


def plan(journal: Journal, width: float = WIDTH) -> Plan:
    """Where everything stands in a picture so many pixels wide."""
    return follow(journal, Planner).of(journal, width)


def _draft(journal: Journal, width: float) -> Plan:
    known, others = buses(journal)
    heard = follow(journal, Company).heard
    made, y = Plan(width), 4.0
    if others:
        made.rows.append(Row(others, 4, width - 8, y, least=62, height=SLIM, heard=heard))
        y += SLIM + HTTP
    if known and known[0].name == MAIN:
        y = _place(made, known.pop(0), (4, y, width - 8), heard)
    wide = (width - 8 - (PAIR - 1) * GAP) / PAIR
    for first in range(0, len(known), PAIR):
        y += HUB
        pair = known[first : first + PAIR]
        ends = [
            _place(
                made,
                bus,
                (4 + place * (wide + GAP), y, wide if len(known) > 1 else width - 8),
                heard,
                cell=True,
            )
            for place, bus in enumerate(pair)
        ]
        y = max(ends)
    made.height = y + 4
    return made


def _place(
    made: Plan,
    bus: Bus,
    ground: tuple[float, float, float],
    heard: Sequence[tuple[int, str]],
    cell: bool = False,
) -> float:
    """Put a broker and those at home there into the plan; returns where it ends."""
    x, y, wide = ground
    above = [] if cell else [name for name in bus.members if name and not is_compute(name)]
    below = [name for name in bus.members if name not in above]
    least = HOST if wide > 300 else 60.0
    row = x + LABEL, wide - LABEL - INSET
    if above:
        made.rows.append(Row(above, *row, y, y + CARD + DOCK + EDGE, bus.queues, heard=heard))
        y += CARD + DOCK
    top = y
    y += EDGE + (PILL + HUB if above else 6)
    made.fixed += _exchanges(bus, *row, y)
    y += PILL + 4
    if below:
        y += HUB
        made.rows.append(
            Row(below, *row, y + PILL + EDGE + DOCK, y, bus.queues, least=least, heard=heard)
        )
        y += PILL
    y += EDGE
    made.boxes.append(Box(bus.name, x, top, wide, y - top))
    return y + (DOCK + CARD + DRIVES + METAL if below else 0) + 4


def _exchanges(bus: Bus, x: float, wide: float, y: float) -> list[Spot]:
    """The exchanges side by side: those that route by name in the middle, so that ways are short."""
    named = [name for name in bus.exchanges if _routes_by_name(name)]
    rest = [name for name in bus.exchanges if name not in named]
    left, right = rest[1::2], rest[::2]
    columns = [*[""] * (len(right) - len(left)), *left, *named, *right]
    column, spots = wide / max(1, len(columns)), []
    for place, name in enumerate(columns):
        label = cut(bare(name), column - 14)
        size = min(column - 4, max(54.0, 5.6 * len(label) + 18))
        middle = x + column * (place + 0.5)
        spots.append(Spot("exchange", name, middle - size / 2, y, size, PILL + 4, label))
    return [spot for spot in spots if spot.name]


def _routes_by_name(exchange: str) -> bool:
    return not bare(exchange).endswith("_fanout") and bare(exchange) != DEFAULT

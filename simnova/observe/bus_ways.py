"""The curves of the picture of the bus: from one thing that stands in it to another."""

from __future__ import annotations

import re
from typing import Final

from simnova.observe.bus_rows import Spot
from simnova.observe.markup import number

MARGIN: Final = 9.0
"""Pixels between the end of a curve and the corner of what it ends at."""
ARC: Final = 22.0
_NUMBER = re.compile(r"-?[\d.]+")
QUEUES: Final = {"queue", "reply", "fanout"}


def way(source: Spot, target: Spot) -> str:
    """The path of an SVG curve between two."""
    if target.kind == "exchange":
        return _publish(source, target)
    if "hypervisor" in (source.kind, target.kind):
        return _straight(source, target)
    if source.kind == "exchange" or source.kind in QUEUES:
        return _curve(source, target)
    return _talk(source, target)


def end(path: str) -> tuple[str, str]:
    """Where a curve ends: x and y, as they are written in it."""
    numbers = _NUMBER.findall(path)
    return numbers[-2] if "C" in path else numbers[0], numbers[-1]


def _within(x: float, spot: Spot) -> float:
    """The place on something's edge that is nearest to `x`."""
    return min(max(x, spot.x + MARGIN), spot.x + spot.w - MARGIN)


def _publish(source: Spot, target: Spot) -> str:
    """Beside the service's queues straight on, then to the exchange."""
    x, down = source.x + MARGIN, source.y < target.y
    start, stop = (source.bottom, target.y) if down else (source.y, target.bottom)
    knee = source.knee or start
    return f"M{number(x)} {number(start)}V{number(knee)}" + _bend(x, knee, _within(x, target), stop)


def _curve(source: Spot, target: Spot) -> str:
    """From an exchange to a queue, and from a queue to who listens."""
    down = source.y < target.y
    start, stop = (source.bottom, target.y) if down else (source.y, target.bottom)
    from_queue = source.kind in QUEUES
    x = source.middle if from_queue else _within(target.middle, source)
    to_x = _within(x, target) if from_queue else target.middle
    return f"M{number(x)} {number(start)}" + _bend(x, start, to_x, stop)


def _straight(source: Spot, target: Spot) -> str:
    down = source.y < target.y
    start, stop = (source.bottom, target.y) if down else (source.y, target.bottom)
    return f"M{number(source.middle)} {number(start)}V{number(stop)}"


def _talk(source: Spot, target: Spot) -> str:
    """HTTP from one service to another: an arc between neighbours, else a curve."""
    if source.y == target.y:
        docked = source.knee != source.y
        edge, by = (source.y, -ARC) if docked else (source.bottom, ARC)
        top = edge + by
        return (
            f"M{number(source.middle)} {number(edge)}C{number(source.middle)} {number(top)} "
            f"{number(target.middle)} {number(top)} {number(target.middle)} {number(edge)}"
        )
    down = source.y < target.y
    start, stop = (source.bottom, target.y) if down else (source.y, target.bottom)
    return f"M{number(source.middle)} {number(start)}" + _bend(
        source.middle, start, target.middle, stop
    )


def _bend(x: float, y: float, to_x: float, to_y: float) -> str:
    middle = number((y + to_y) / 2)
    return f"C{number(x)} {middle} {number(to_x)} {middle} {number(to_x)} {number(to_y)}"

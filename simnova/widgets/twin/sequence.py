"""The twin's sequence: the rows around the cursor."""

from __future__ import annotations

from typing import Any

from simnova.observe.markup import element, number, shorten
from simnova.widgets.twin.ink import box, stroke, words

Ends = tuple[float, float]
Spot = tuple[float, float, float]
"""Where a row stands: x, y, width."""

GUTTER, ROW, HEAD = 46, 26, 40
BEFORE, ROWS = 9, 13
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
DASHES = {"cast": "9 3", "fanout": "9 3", "timeout": "1.5 3.5"} | dict.fromkeys(
    ("reply", "response", "return", "error"), "5 3.5"
)
_FILLED = {"call", "virt"}
_HOLLOW = {"request", "response"}


def draw(frame: dict[str, Any], x: float, y: float, width: float) -> tuple[float, list[str]]:
    """The height and the parts of the sequence; as tall with few rows as with many."""
    rows, actors = near(frame), frame["actors"]
    lane = (width - GUTTER) / max(1, len(actors))
    lanes = {actor: x + GUTTER + lane * (place + 0.5) for place, actor in enumerate(actors)}
    bottom = y + HEAD + ROW * ROWS
    parts = [part for actor in actors for part in lifeline(actor, lanes[actor], y, bottom, lane)]
    for place, arrow in enumerate(rows):
        parts += row(arrow, lanes, (x, y + HEAD + ROW * place, width))
    return bottom - y, parts


def near(frame: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows to draw: the cursor's in the lower half."""
    arrows = frame["arrows"]
    reached = sum(arrow["when"] != "future" for arrow in arrows)
    start = max(0, min(reached - BEFORE, len(arrows) - ROWS))
    return list(arrows[start : start + ROWS])


def lifeline(actor: str, x: float, top: float, bottom: float, lane: float) -> list[str]:
    """A name of one line or two, and the line below it."""
    binary, _, host = actor.partition("@")
    room = int(lane / 6.4)
    service = binary.removeprefix("nova-")
    family = "nova" if service != binary else ""
    above, name = (service, host) if host else (family, service)
    return [
        stroke(f"M{number(x)} {number(top + 34)}V{number(bottom)}", "var(--sn-line)", 1),
        words(shorten(above, room), x, top + 12, "sn-small muted", "middle"),
        words(shorten(name, room), x, top + 26, "sn-bold", "middle"),
    ]


def row(arrow: dict[str, Any], lanes: dict[str, float], spot: Spot) -> list[str]:
    """One arrow or note with its time; the present one on its own ground, later ones pale."""
    x, y, width = spot
    if not {arrow["source"], arrow["target"]} <= set(lanes):
        return []
    ground = box(x, y, (width, ROW), "current", radius=4)
    time = words(f"{arrow['time']:.3f}", x + GUTTER - 8, y + 18, "sn-small muted", "end")
    start, stop = lanes[arrow["source"]], lanes[arrow["target"]]
    body = note(arrow, y, lanes) if start == stop else line(arrow, (start, stop), y, lanes)
    group = element("g", time + body, opacity=0.35 if arrow["when"] == "future" else None)
    return [ground, group] if arrow["when"] == "now" else [group]


def colour(style: str) -> str:
    """The variable of a style's colour."""
    return f"var(--sn-{_COLOURS.get(style, style)})"


def note(arrow: dict[str, Any], y: float, lanes: dict[str, float]) -> str:
    """A dot on a lifeline, its text on the side that has room."""
    x = lanes[arrow["source"]]
    outer = x in sorted(lanes.values())[-2:]
    way, anchor = (-1, "end") if outer else (1, "start")
    dot = element("circle", cx=number(x), cy=number(y + ROW / 2), r=4, fill=colour(arrow["style"]))
    return dot + label(arrow, x + 10 * way, y + ROW / 2 + 4, anchor)


def label(arrow: dict[str, Any], x: float, y: float, anchor: str) -> str:
    """The words at an arrow; a halo keeps them apart from the lifelines."""
    return words(arrow["label"], x, y, "sn-bold" if arrow["when"] == "now" else "sn-halo", anchor)


def line(arrow: dict[str, Any], ends: Ends, y: float, lanes: dict[str, float]) -> str:
    """An arrow: dash and head tell its kind as well as its colour."""
    start, stop = ends
    style, paint = arrow["style"], colour(arrow["style"])
    way, at = (1 if stop > start else -1), y + 19
    path = f"M{number(start)} {number(at)}H{number(stop - 6 * way * (style in _FILLED | _HOLLOW))}"
    wire = stroke(path, paint, 2.4 if arrow["when"] == "now" else 1.5, DASHES.get(style))
    return wire + head(style, stop, at, way, paint) + label(arrow, *anchored(ends, lanes, y + 13))


def anchored(ends: Ends, lanes: dict[str, float], y: float) -> tuple[float, float, str]:
    """Where a label stands: in the middle, at the outer lifelines growing inwards."""
    low, high = min(ends), max(ends)
    first, final = min(lanes.values()), max(lanes.values())
    if low == first and high < final:
        return low + 8, y, "start"
    if high == final and low > first:
        return high - 8, y, "end"
    return (low + high) / 2, y, "middle"


def head(style: str, x: float, y: float, way: int, paint: str) -> str:
    """An arrow's head: filled for what waits, hollow for HTTP, open for casts and answers, a cross for failures."""
    if style in {"error", "timeout"}:
        return stroke(f"M{number(x - 4)} {number(y - 4)}l8 8m0 -8l-8 8", paint)
    if style in _FILLED:
        return element("path", d=tip(x, y, way) + "z", fill=paint)
    if style in _HOLLOW:
        paper = "var(--sn-paper)"
        return element("path", d=tip(x, y, way) + "z", fill=paper, stroke=paint, stroke_width=1.5)
    double = tip(x - 5 * way, y, way) if style == "fanout" else ""
    return stroke(tip(x, y, way) + double, paint)


def tip(x: float, y: float, way: int) -> str:
    """The two strokes of a head."""
    back = number(x - 8 * way)
    return f"M{back} {number(y - 4)}L{number(x)} {number(y)}L{back} {number(y + 4)}"

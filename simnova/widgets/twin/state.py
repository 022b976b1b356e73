"""The twin's state: the boxes of the operation with what is lit in them, and who waits at which line."""

from __future__ import annotations

from typing import Any, Final

from simnova.observe.markup import shorten
from simnova.widgets.twin.ink import box, words
from simnova.widgets.views.state import NOBODY

STYLE: Final = ".simnova .sn-now{fill:var(--sn-paper);font-weight:600}"
"""What these drawings need besides the twin's own."""
PILL, LINE, LETTER = 20, 18, 7.1
_SIGNS: Final = {"now": "● ", "been": "✓ ", "fails": "✗ "}
_EDGES: Final = {"now": "chosen", "been": "chosen", "next": "chosen", "fails": "error"}
_DASHES: Final = {"next": "4 3", "fails": "1.5 3"}
_ROWS: Final = 6

Drawn = tuple[float, list[str]]


def draw(found: dict[str, Any] | None, x: float, y: float, width: float) -> Drawn:
    """The height and the parts of the diagram with its lists."""
    if not found or not found["boxes"]:
        return 40, [words(found["none"] if found else NOBODY, x, y + 14, "muted")]
    name = dict(found["servers"]).get(found["server"], "")
    head = f"{name}: {found['operation']}, {found['outcome']}"
    height, drawn = boxes(found["boxes"], x, y + 26, width)
    parts, below = [words(shorten(head, 90), x, y + 14, "sn-bold"), *drawn], y + 26 + height
    powers = [power(name, lit) for name, lit in found["powers"] if lit != "open"]
    ahead = "; ".join(found["onward"])
    for told in (f"power_state: {', '.join(powers)}", f"next: {ahead}"):
        parts.append(words(shorten(told, 140), x, below + 14, "muted"))
        below += LINE
    for line in [*map(changed, found["rows"][:_ROWS]), *map(waiting, found["waits"][:_ROWS])]:
        parts.append(words(shorten(line, 140), x, below + 18))
        below += LINE
    return below - y + 12, parts


def boxes(found: list[dict[str, Any]], x: float, y: float, width: float) -> Drawn:
    """The vm_states from left to right, in as many rows as they take."""
    parts: list[str] = []
    across, down, tall = x, y, 0.0
    for one in found:
        wide, height, drawn = vm(one, (across, down), width)
        if across > x and across + wide > x + width:
            across, down, tall = x, down + tall + 8, 0.0
            wide, height, drawn = vm(one, (across, down), width)
        parts, across, tall = parts + drawn, across + wide + 10, max(tall, height)
    return down + tall + 8 - y, parts


def vm(
    one: dict[str, Any], place: tuple[float, float], width: float
) -> tuple[float, float, list[str]]:
    """A vm_state as wide and as high as its tasks need, which go on in another line where there is no room."""
    x, y = place
    parts: list[str] = []
    across, down, right = (
        x + 12,
        y + 22,
        x + 12 + LETTER * len(one["vm"] or "no row in a cell") + 12,
    )
    for pill in one["pills"]:
        text = f"{_SIGNS.get(pill['lit'], '')}{pill['task'] or 'no task'} {pill['spent']}".strip()
        wide = len(text) * LETTER + 18
        if across + wide > x + width - 12:
            across, down = x + 12, down + PILL + 6
        parts += tile(pill["lit"], text, (across, down), wide)
        across += wide + 14
        right = max(right, across - 2)
    size = right - x, down + PILL + 8 - y
    title = words((one["vm"] or "no row in a cell").upper(), x + 12, y + 14, "sn-head muted")
    edge, dashes = _EDGES.get(one["lit"], "line"), _DASHES.get(one["lit"])
    ground = box(x, y, size, "shade", radius=8, edge=edge, dashes=dashes)
    return *size, [ground, title, *parts]


def tile(lit: str, text: str, place: tuple[float, float], wide: float) -> list[str]:
    """A task: its sign and its edge tell what its colour tells."""
    x, y = place
    fill = "chosen" if lit == "now" else "paper"
    edge, dashes = _EDGES.get(lit, "line"), _DASHES.get(lit)
    shape = box(x, y, (wide, PILL), fill, radius=10, edge=edge, dashes=dashes)
    kind = "sn-now" if lit == "now" else "muted" if lit == "open" else None
    return [shape, words(text, x + 9, y + 14, kind)]


def power(name: str, lit: str) -> str:
    """A power state that the server is or was in."""
    return f"{_SIGNS[lit]}{name}"


def changed(line: dict[str, Any]) -> str:
    """A changed column."""
    before = "" if line["before"] is None else f"{line['before']} → "
    return f"{line['table']} {line['column']}: {before}{line['after']}"


def waiting(one: dict[str, Any]) -> str:
    """Where a service is in its source."""
    held = f"waits for {one['what']}, {one['seconds'] or '0 s'}" if one["what"] else "was here last"
    return f"{one['service']} at {one['where'] or 'a place outside'}: {held}"

"""The twin's topology: the same plan as the player's."""

from __future__ import annotations

from typing import Any

from simnova.observe.bus_ways import end
from simnova.observe.markup import element, number
from simnova.widgets.twin.ink import box, stroke, words
from simnova.widgets.twin.sequence import DASHES, colour

BADGE = 15
SCALE = 1.4
"""How much larger than in the player."""
STYLE = ".simnova .sn-full{fill:var(--sn-paper)}"
_LOOKS = {
    "queue": ("free", "line", 6.0),
    "fold": ("paper", "line", 6.0),
    "exchange": ("paper", "muted", 11.0),
    "hypervisor": ("shade", "line", 3.0),
}
"""What something is filled with, its edge, and how round it is."""
_SAYS = {"down": "down", "cut": "cut off"}


def draw(shown: dict[str, Any] | None, x: float, y: float, width: float) -> tuple[float, list[str]]:
    """The height and the parts of the picture, in the middle of `width`."""
    if shown is None:
        return 40, [words("Nobody has talked to anybody yet.", x, y + 14, "muted")]
    parts = [
        *(broker(one) for one in shown["boxes"]),
        *(stroke(one["d"], "var(--sn-line)", 1.2) for one in shown["ways"]),
        *(leg for trip in shown["trips"] for leg in travel(trip)),
        *(part for one in shown["nodes"] for part in node(one)),
    ]
    left = x + (width - SCALE * shown["width"]) / 2
    place = f"translate({number(left)} {number(y)}) scale({SCALE})"
    return SCALE * shown["height"], [element("g", "".join(parts), transform=place)]


def broker(one: dict[str, Any]) -> str:
    """A broker's ground, and its name on end."""
    x, y, wide, high = one["at"]
    edge = "line" if one["tone"] == "up" else "error"
    dashes = None if one["tone"] == "up" else "5 4"
    turned = f"translate({number(x + 13)} {number(y + high / 2)}) rotate(-90)"
    said = " is ".join(filter(None, (one["name"], _SAYS.get(one["tone"]))))
    name = element("g", words(said, 0, 0, "sn-small muted", "middle"), transform=turned)
    return box(x, y, (wide, high), "shade", radius=9, edge=edge, dashes=dashes) + name


def travel(trip: dict[str, Any]) -> list[str]:
    """A message's way; that of the step itself is thick, and has a dot at each end of a leg."""
    paint, dashes = colour(trip["style"]), DASHES.get(trip["style"])
    legs = [stroke(leg, paint, 2.6 if trip["now"] else 1.4, dashes) for leg in trip["legs"]]
    return legs + ([arrival(leg, paint) for leg in trip["legs"]] if trip["now"] else [])


def arrival(leg: str, paint: str) -> str:
    """Where a leg of a way ends."""
    x, y = end(leg)
    return element("circle", cx=x, cy=y, r=4, fill=paint)


def node(one: dict[str, Any]) -> list[str]:
    """Something that stands in the picture, with what is written on it."""
    x, y, wide, high = one["at"]
    fill, edge, round_ = _LOOKS.get(one["kind"], ("paper", "muted", 6.0))
    off = _SAYS.get(one.get("tone", ""))
    edge = "error" if off else "chosen" if one.get("now") else edge
    ground = box(x, y, (wide, high), fill, radius=round_, edge=edge, dashes="5 3" if off else None)
    small, middle = off or one.get("aside", ""), x + wide / 2
    parts = [ground]
    if small:
        parts.append(words(small, middle, y + 12, "sn-small muted", "middle"))
    kind = "sn-small" if high < 23 else "sn-bold"
    down = 25 if small and high > 28 else high / 2 + 4
    return [*parts, words(one["label"], middle, y + down, kind, "middle"), *depth(one)]


def depth(one: dict[str, Any]) -> list[str]:
    """How many messages wait, on a filled badge, and how many are not acknowledged, on an empty one."""
    x, y, wide, _ = one["at"]
    counts = [(one.get("ready", 0), "ink", " sn-full"), (one.get("held", 0), "paper", "")]
    parts, left = [], x + wide + 4
    for count, fill, kind in reversed([each for each in counts if each[0]]):
        left -= BADGE + 1
        parts.append(box(left, y - 7, (BADGE, 13), fill, radius=6.5, edge="ink"))
        text = words(str(count), left + BADGE / 2, y + 3, f"sn-small{kind}", "middle")
        parts.append(text)
    return parts

"""The hosts as a drawing: a box each, three bars that fill, the servers as tiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from simnova.observe.markup import element, escape, shorten, svg

UNREPORTED = "its nova-compute has not reported what it has"

if TYPE_CHECKING:
    from simnova.observe.hosts import HostView, Meter, ServerView

WIDE, GAP, ACROSS, BAR, TILE = 268, 14, 3, 150, 24
"""Pixels: a box, the space between boxes, boxes side by side, a bar's length, a tile's height."""
_UNITS = {"VCPU": "VCPU", "MEMORY_MB": "MB", "DISK_GB": "GB"}
STYLE = (
    ".box{fill:var(--sn-shade);stroke:var(--sn-line)}"
    ".down{stroke:var(--sn-error);stroke-dasharray:5 4}"
    ".free{fill:var(--sn-free)}.used{fill:var(--sn-used)}.full{fill:var(--sn-cast)}"
    ".simnova .name{font-weight:600}.simnova .small{font-size:10.5px}"
    ".there{stroke:var(--sn-ink);stroke-width:1.4}.tile{fill:var(--sn-paper);stroke-width:1.4}"
)
_STATES = {"active": "passed", "error": "error", "building": "cast"}


def draw(hosts: Sequence[HostView]) -> str:
    """All hosts, three side by side."""
    lines = [hosts[first : first + ACROSS] for first in range(0, len(hosts), ACROSS)]
    parts, y = [], float(GAP)
    for line in lines:
        tall = max(map(height, line))
        parts += [box(host, GAP + place * (WIDE + GAP), y, tall) for place, host in enumerate(line)]
        y += tall + GAP
    width = GAP + min(ACROSS, max(1, len(hosts))) * (WIDE + GAP)
    return svg(width, max(y, 60), f"{len(hosts)} hosts", STYLE, parts)


def height(host: HostView) -> float:
    """How tall a host's box is."""
    return 96 + TILE * len(host.servers) + (6 if host.servers else 0)


def box(host: HostView, x: float, y: float, tall: float) -> str:
    """One host."""
    kind = "box" if host.up else "box down"
    frame = element("rect", class_=kind, x=x, y=y, width=WIDE, height=tall, rx=7)
    name = element("text", escape(shorten(host.name, 24)), class_="name", x=x + 12, y=y + 21)
    state = element(
        "text",
        escape(host.status),
        class_="small muted",
        x=x + WIDE - 12,
        y=y + 21,
        text_anchor="end",
    )
    bars = "".join(bar(one, x + 12, y + 34 + 19 * place) for place, one in enumerate(host.meters))
    if not host.meters:
        bars = element("text", UNREPORTED, class_="small muted", x=x + 12, y=y + 46)
    tiles = "".join(
        tile(one, x + 12, y + 94 + TILE * place) for place, one in enumerate(host.servers)
    )
    return frame + name + state + bars + tiles


def bar(meter: Meter, x: float, y: float) -> str:
    """What is sold of what may be sold."""
    length = round(BAR * min(1.0, meter.share), 1)
    whole = element("rect", class_="free", x=x, y=y, width=BAR, height=12, rx=3)
    part = element(
        "rect",
        class_="full" if meter.share >= 1 else "used",
        x=x,
        y=y,
        width=length,
        height=12,
        rx=3,
    )
    title = element("title", f"{meter.used} of {meter.capacity} sold, {meter.total} there")
    tick = there(meter, x, y)
    words = f"{meter.used}/{meter.capacity} {_UNITS.get(meter.name, meter.name)}"
    label = element("text", escape(words), class_="small", x=x + BAR + 7, y=y + 10)
    return element("g", title + whole + (part if length else "") + tick + label)


def there(meter: Meter, x: float, y: float) -> str:
    """The end of what is there, where more than that may be sold."""
    if meter.capacity <= meter.total:
        return ""
    end = round(x + BAR * meter.total / meter.capacity, 1)
    return element("line", class_="there", x1=end, x2=end, y1=y - 2, y2=y + 14)


def tile(server: ServerView, x: float, y: float) -> str:
    """One server and its state."""
    colour = f"var(--sn-{_STATES.get(str(server.vm_state), 'state')})"
    frame = element(
        "rect", class_="tile", x=x, y=y, width=WIDE - 24, height=TILE - 4, rx=4, stroke=colour
    )
    name = element("text", escape(shorten(server.name, 16)), class_="small", x=x + 8, y=y + 14)
    state = element(
        "text",
        escape(shorten(server.state, 24)),
        class_="small muted",
        x=x + WIDE - 32,
        y=y + 14,
        text_anchor="end",
    )
    title = element(
        "title",
        escape(f"{server.name}: {server.vcpus} VCPU, {server.memory_mb} MB, {server.root_gb} GB"),
    )
    return element("g", title + frame + name + state)

"""The twin's hosts: a box as wide as the host's memory, filled by its servers."""

from __future__ import annotations

from typing import Any

from simnova.observe.markup import shorten
from simnova.widgets.twin.ink import box, words

BOX, STEP, HOSTS = 28, 66, 6
LEAST = 56
"""Pixels of the narrowest server, so that its name can be read."""
_PAINT = {"bad": "error", "building": "chosen"}


def draw(hosts: list[dict[str, Any]], x: float, y: float, width: float) -> tuple[float, list[str]]:
    """The height and the parts of the hosts: the first six, and how many more there are."""
    parts: list[str] = []
    for place, host in enumerate(hosts[:HOSTS]):
        parts += one(host, x, y + STEP * place, width)
    height = STEP * min(len(hosts), HOSTS)
    if len(hosts) <= HOSTS:
        return height, parts
    return height + 20, [
        *parts,
        words(f"{len(hosts) - HOSTS} more hosts", x, y + height + 14, "muted"),
    ]


def one(host: dict[str, Any], x: float, y: float, width: float) -> list[str]:
    """A host: its name and what is sold of it, and its box."""
    sold = [
        f"{room['name']} {room['used']}/{room['total']} {room['unit']}" for room in host["rooms"]
    ]
    head = f"{shorten(host['name'], 18)} {host['state'] if host['tone'] == 'bad' else ''}"
    return [
        words(head, x, y + 16, "sn-bold"),
        words(" · ".join(map(str.strip, sold)), x + width, y + 16, "sn-small muted", "end"),
        box(x, y + 24, (width, BOX), "free"),
        *servers(host["servers"], x, y + 24, width),
    ]


def servers(shown: list[dict[str, Any]], x: float, y: float, width: float) -> list[str]:
    """The servers in a box, side by side, as many as fit."""
    parts: list[str] = []
    for server in shown:
        if width < LEAST:
            break
        wide = min(max(server["share"] * width, LEAST), width)
        parts += tile(server, x, y, wide)
        x, width = x + wide, width - wide
    return parts


def tile(server: dict[str, Any], x: float, y: float, wide: float) -> list[str]:
    """One server; dashed while it is building, in the colour of errors when it failed."""
    paint = _PAINT.get(server["tone"], "used")
    dashes = "4 2" if server["tone"] == "building" else None
    text = shorten(f"{server['name']} {server['state']}", int((wide - 10) / 6))
    size = wide - 3, BOX - 4
    return [
        box(x + 2, y + 2, size, paint, radius=4, opacity=0.25, edge=paint, dashes=dashes),
        words(text, x + 8, y + 18, "sn-small"),
    ]

"""Spans side by side: on one lane, spans lie one after the other or strictly within each other.

Strictly, for an arrow's end belongs to the innermost slice at its time: so the outer one has its first and its last
nanosecond for itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from simnova.observe.traces.spans import Span

LEAST: Final = 1
"""Nanoseconds that a span without length is drawn long, so that arrows can point at it."""


Room = tuple[int, int]
"""When a slice begins and ends, in nanoseconds."""


class Slice(NamedTuple):
    """A span with its service's lane, counted from 0, and its time in nanoseconds."""

    span: Span
    lane: int
    begin: int
    end: int


def slices(spans: Iterable[Span]) -> list[Slice]:
    """The spans in the order in which they begin, on as few lanes a service as they need."""
    timed = sorted(
        ((*_times(span), number, span) for number, span in enumerate(spans)),
        key=lambda one: (one[0], -one[1], one[2]),
    )
    lanes: dict[str, list[list[Room]]] = {}
    return [
        Slice(span, *_placed(lanes.setdefault(span.service, []), begin, end))
        for begin, end, _, span in timed
    ]


def _times(span: Span) -> tuple[int, int]:
    begin, end = round(span.start * 10**9), round(span.finish * 10**9)
    return begin, max(end, begin + LEAST)


def _placed(lanes: list[list[Room]], begin: int, end: int) -> tuple[int, int, int]:
    """The first lane that has room, and from when to when; a lane is the spans open on it, the innermost last."""
    for number, opened in enumerate(lanes):
        while opened and opened[-1][1] <= begin:
            opened.pop()
        room = _room(opened, begin, end)
        if room is not None:
            opened.append(room)
            return number, *room
    lanes.append([(begin, end)])
    return len(lanes) - 1, begin, end


def _room(opened: list[Room], begin: int, end: int) -> Room | None:
    if not opened:
        return begin, end
    outer = opened[-1]
    inner = max(begin, outer[0] + 1), min(end, outer[1] - 1)
    return inner if end <= outer[1] and inner[0] < inner[1] else None

"""Spans side by side: on one lane, spans lie within each other or one after the other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from simnova.observe.traces.spans import Span

LEAST: Final = 1
"""Nanoseconds that a span without length is drawn long, so that arrows can point at it."""


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
    lanes: dict[str, list[list[int]]] = {}
    return [
        Slice(span, _lane(lanes.setdefault(span.service, []), begin, end), begin, end)
        for begin, end, _, span in timed
    ]


def _times(span: Span) -> tuple[int, int]:
    begin, end = round(span.start * 10**9), round(span.finish * 10**9)
    return begin, max(end, begin + LEAST)


def _lane(lanes: list[list[int]], begin: int, end: int) -> int:
    """The first lane that has room, as ends of the spans open on it, the innermost last."""
    for number, ends in enumerate(lanes):
        while ends and ends[-1] <= begin:
            ends.pop()
        if not ends or end <= ends[-1]:
            ends.append(end)
            return number
    lanes.append([end])
    return len(lanes) - 1

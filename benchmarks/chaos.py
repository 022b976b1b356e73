"""Memory of a chaos run of 100,000 events: random operations and faults on one cloud."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Line, show
from simnova.kernel.journal import Level

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))

EVENTS = 100_000
LEVELS: tuple[Level, ...] = ("summary", "full")


def lines() -> Iterator[Line]:
    """The journal's share, what else is left, and what the run adds to the process at most."""
    from chaos_memory import kept

    for level in LEVELS:
        found = kept(level, EVENTS)
        yield Line(f"chaos, memory of an event, journal {level}", found.each, "bytes")
        note = f"{found.events} events"
        yield Line("  all else that is left, for an event", found.rest, "bytes", note)
        yield Line("  growth of the process, tracing included", found.grown, "MB", "at most")


if __name__ == "__main__":
    show(lines())

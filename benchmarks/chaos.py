"""Memory of a chaos run of 100,000 events: random operations and faults on one cloud.

Minutes of CPU, as each allocation is traced. `python -m benchmarks.chaos full` measures one level.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from benchmarks.measure import Line, show
from simnova.kernel.journal import Level

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))

EVENTS = 100_000
LEVELS: tuple[Level, ...] = ("summary", "full")


def lines(levels: Sequence[str] = LEVELS) -> Iterator[Line]:
    """The journal's share, what else is left, and what the run adds to the process at most."""
    from chaos_memory import kept

    for level in levels:
        found = kept(level, EVENTS, tell=partial(_tell, level))
        yield Line(f"chaos, memory of an event, journal {level}", found.each, "bytes")
        note = f"{found.events} events"
        yield Line("  all else that is left, for an event", found.rest, "bytes", note)
        yield Line("  growth of the process, tracing included", found.grown, "MB", "at most")


def _tell(level: str, events: int, steps: int) -> None:
    print(f"  {level}: {events:,} events, {steps} steps", file=sys.stderr, flush=True)


if __name__ == "__main__":
    show(lines(sys.argv[1:] or LEVELS))

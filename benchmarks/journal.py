"""What one event of the journal costs: time to record it, memory to keep it; and what else a boot leaves behind."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator

from benchmarks.measure import Line, best, boot, roomy, show
from simnova.kernel.clock import Clock
from simnova.kernel.journal import Level

EVENTS, BOOTS = 20_000, 40
TIMEOUTS = 120.0
"""Seconds after which the timers of all calls are gone."""
LEVELS: tuple[Level, ...] = ("full", "summary")


def lines() -> Iterator[Line]:
    """Time by itself, memory from real boots."""
    for level in LEVELS:
        taken = best(lambda level=level: _record(level)) / EVENTS
        yield Line(f"recording an event, journal {level}", taken * 1e6, "us")
    for level in LEVELS:
        yield from _kept(level)


def _record(level: Level) -> None:
    clock = Clock(level=level)

    async def work() -> None:
        for _ in range(EVENTS):
            clock.journal.record("input", {"verb": "request", "args": {}})

    clock.spawn(work(), service=clock.start("nova-api"))
    clock.run()


def _kept(level: Level) -> Iterator[Line]:
    cloud = roomy(10, level=level)
    boot(cloud, 3)
    tracemalloc.start()
    seen, start = len(cloud.journal), _allocated()
    boot(cloud, BOOTS)
    cloud.run(until=cloud.now + TIMEOUTS)
    all_of_it, events = _allocated() - start, len(cloud.journal) - seen
    del cloud.journal.events[seen:]
    rest = _allocated() - start
    tracemalloc.stop()
    each = (all_of_it - rest) / events
    yield Line(f"memory of an event, journal {level}", each, "bytes", f"{events} events")
    note = "what the scheduler knows of the server, mostly"
    yield Line("  memory of a boot beyond the journal", rest / BOOTS, "bytes", note)


def _allocated() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


if __name__ == "__main__":
    show(lines())

"""Picking the events that a query means out of a journal of 100,000 events, and plots of all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks.measure import Line, cpu, long, show
from simnova.observe.query import Query, choices, matching

EVENTS = 100_000
QUERIES = ("service:nova-conductor kind:rpc.cast to:compute", "server:web3", "-method:object_")
WORD = "spawning"


def lines() -> Iterator[Line]:
    """Each query is asked twice: the first time reads the journal, and a word makes sentences, which are kept."""
    cloud = long(EVENTS)
    total = len(cloud.journal)
    steps = cloud.steps()
    for text in QUERIES:
        yield from _twice(
            text, lambda t=text: matching(cloud.journal, Query.parse(t)), f"{total:,} events"
        )
    word = Query.parse(WORD)
    yield from _twice(
        f"{WORD}, in the story",
        lambda: matching(cloud.journal, word, steps),
        f"{len(steps):,} steps",
    )
    yield from _twice(
        f"{WORD}, everywhere", lambda: matching(cloud.journal, word), f"{total:,} events"
    )
    yield from _twice("menus", lambda: choices(cloud.journal), "")
    for name in ("queues", "utilisation", "latencies", "states", "topology"):
        drawn = getattr(cloud.plot, name)
        yield Line(f"plot: {name}", cpu(lambda d=drawn: d()._repr_svg_()), "s")


def _twice(what: str, work: Callable[[], object], note: str) -> Iterator[Line]:
    yield Line(f"{what}, first", cpu(work) * 1e3, "ms", note)
    yield Line(what, cpu(work) * 1e3, "ms")


if __name__ == "__main__":
    show(lines())

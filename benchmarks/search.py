"""Runs per CPU second of the search for the failing order, and how many of the possible ones it makes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from benchmarks.measure import Line, show
from simnova import Cloud, search

RUNS = 60


def boot(cloud: Cloud) -> None:
    """One server."""
    cloud.submit("a")


def race(cloud: Cloud) -> None:
    """Two servers at the same time."""
    cloud.submit("a")
    cloud.submit("b")


def lines() -> Iterator[Line]:
    """Searches that find nothing: one boot with all its faults, two boots that race."""
    search(boot, "nothing_is_oversold", hosts=2, runs=1)
    yield _line("runs of one boot, crashes and losses", boot, 1)
    yield _line("runs of two boots at once, no faults", race, 0)


def _line(what: str, scenario: Callable[[Cloud], None], faults: int) -> Line:
    start = time.process_time()
    found = search(scenario, "nothing_is_oversold", hosts=2, runs=RUNS, faults=faults)
    spent = time.process_time() - start
    note = f"{spent / found.tried.runs * 1e3:.0f} ms each, {len(found.tried.orders)} orders in {RUNS} runs"
    return Line(what, found.tried.runs / spent, "a second", note)


if __name__ == "__main__":
    print(str(__doc__).splitlines()[0] + "\n")
    show(lines())

"""All benchmarks, in one table."""

from __future__ import annotations

from benchmarks import (
    boots,
    conductors,
    files,
    guests,
    journal,
    player,
    query,
    rpc,
    schedule,
    search,
    seek,
    startup,
    tour,
    views,
)
from benchmarks.measure import show

PARTS = (
    startup,
    boots,
    conductors,
    tour,
    schedule,
    rpc,
    journal,
    seek,
    files,
    query,
    player,
    views,
    search,
    guests,
)

for part in PARTS:
    print("\n" + str(part.__doc__).splitlines()[0] + "\n")
    show(part.lines())

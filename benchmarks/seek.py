"""Going to a step of a journal of 100,000 events: the rows of all databases there. For the player see player.py."""

from __future__ import annotations

import random
from collections.abc import Iterator

from benchmarks.measure import Line, cpu, long, show
from simnova.kernel.timeline import Rows

EVENTS, SEEKS = 100_000, 100


def lines() -> Iterator[Line]:
    """The first seek reads the journal up to there, so it is told apart; the others go anywhere."""
    cloud = long(EVENTS)
    total = len(cloud.journal)
    places = random.Random(0).sample(range(total), SEEKS)
    first = cpu(lambda: cloud.timeline.at(max(places), Rows()))
    yield Line("rows, first seek", first * 1e3, "ms", f"{total:,} events")
    taken = sorted(cpu(lambda seq=seq: cloud.timeline.at(seq, Rows())) for seq in places)
    worst = f"worst {taken[-1] * 1e3:.0f} ms"
    yield Line("rows, a seek", sum(taken) / len(taken) * 1e3, "ms", worst)


if __name__ == "__main__":
    show(lines())

"""Going to a step of a journal of 100,000 events: the rows of all databases there, and the player's frame."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from benchmarks.measure import Line, boot, cpu, roomy, show
from simnova import Cloud
from simnova.kernel.timeline import Rows
from simnova.widgets.frame import Reel

EVENTS, SEEKS, HOSTS = 100_000, 100, 20


def lines() -> Iterator[Line]:
    """The first seek reads the journal up to there, so it is told apart; the others go anywhere."""
    cloud = _long()
    total = len(cloud.journal)
    anywhere = random.Random(0).sample(range(total), SEEKS)
    note = f"{total:,} events"
    yield from _seeks("rows", lambda seq: cloud.timeline.at(seq, Rows()), anywhere, note)
    reels: list[Reel] = []
    yield Line("player: reading the journal", cpu(lambda: reels.append(Reel(cloud.journal))), "s")
    reel, steps = reels[0], [reels[0].nearest(seq) for seq in anywhere]
    yield from _seeks("player: frame", reel.frame, steps, f"{len(reel.places):,} steps")
    beside = [reel.beside(steps[0], by) for by in range(SEEKS)]
    taken = [cpu(lambda seq=seq: reel.frame(seq)) for seq in beside]
    yield Line("player: frame of the next step", sum(taken) / SEEKS * 1e3, "ms")


def _long() -> Cloud:
    cloud = roomy(HOSTS)
    while len(cloud.journal) < EVENTS:
        boot(cloud, 20)
    return cloud


def _seeks(
    what: str, seek: Callable[[int], object], places: list[int], note: str
) -> Iterator[Line]:
    yield Line(f"{what}, first seek", cpu(lambda: seek(max(places))) * 1e3, "ms", note)
    taken = sorted(cpu(lambda seq=seq: seek(seq)) for seq in places)
    yield Line(
        f"{what}, a seek", sum(taken) / len(taken) * 1e3, "ms", f"worst {taken[-1] * 1e3:.0f} ms"
    )


if __name__ == "__main__":
    show(lines())

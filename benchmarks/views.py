"""Each view of the player beside many steps: the median and the worst of them, and what a page costs for each step.

Aims: no step over 50 ms from key to picture in any view, also among 200 hosts and 1,000 servers; a player opens in
under a second. What is measured here is Python's share of a step, in CPU time; `benchmarks.player` has the browser's.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from benchmarks.measure import Line, boot, burst, cpu, roomy, show
from simnova import Cloud
from simnova.kernel.collector import Seldom
from simnova.widgets.player import Player
from simnova.widgets.views import VIEWS

EVENTS, STEPS, SEEKS, PAGE = 100_000, 300, 40, 200
AIM, OPENS = 50.0, 1.0
"""What is aimed at: milliseconds for a step at worst, seconds to open."""


def lines() -> Iterator[Line]:
    """From few hosts to many servers."""
    yield from measured("20 hosts", boots(20))
    yield from measured("200 hosts", boots(200))
    yield from measured("1,000 servers", servers(200, 1_000))


def boots(hosts: int) -> Cloud:
    """A cloud of 100,000 events, of boots one after the other."""
    cloud = roomy(hosts)
    while len(cloud.journal) < EVENTS:
        boot(cloud, 20)
    return cloud


def servers(hosts: int, count: int) -> Cloud:
    """A cloud with so many servers, a hundred to a request."""
    cloud = roomy(hosts)
    for _ in range(count // 100):
        burst(cloud, 100)
    return cloud


def measured(what: str, cloud: Cloud) -> Iterator[Line]:
    """One cloud: opening, each view, the journal's far ends, a page."""
    players: list[Player] = []
    opening = cpu(lambda: players.append(Player(cloud)))
    events = f"{len(cloud.journal):,} events"
    yield Line(f"{what}: opening", opening, "s", f"{events}; {aimed(opening, OPENS)}")
    player = players[0]
    places = player._reel.places
    for view in VIEWS:
        player.view = view
        player.seek(places[len(places) // 2])
        yield spread(f"{what}: a step, {view}", each(player.forward, STEPS))
        anywhere = random.Random(view).sample(places, SEEKS)
        jumps = [lambda seq=seq: player.seek(seq) for seq in anywhere]
        yield spread("  a seek to anywhere", timed(jumps))
    yield page(player, places)


def page(player: Player, places: list[int]) -> Line:
    """An exported page of the last steps, for each of them."""
    part = places[-PAGE:]
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "page.html"
        taken = cpu(lambda: player.export(file, first=part[0], last=part[-1])) / len(part) * 1e3
        size = file.stat().st_size / len(part) / 1e3
    return Line("  a step of a page", taken, "ms", f"{len(part)} steps; {size:.1f} kB each")


def each(work: Callable[[], object], times: int) -> list[float]:
    """The CPU seconds of each call."""
    return timed([work] * times)


def timed(work: Iterable[Callable[[], object]]) -> list[float]:
    """The CPU seconds of each, fewest first. The collector passes between them, as it does once a picture is sent."""
    taken = []
    for one in work:
        with Seldom():
            start = time.process_time()
            one()
            taken.append(time.process_time() - start)
    return sorted(taken)


def spread(what: str, taken: list[float]) -> Line:
    """The median, and the worst against the aim."""
    worst = taken[-1] * 1e3
    return Line(
        what,
        taken[len(taken) // 2] * 1e3,
        "ms",
        f"median; worst {worst:.0f} ms, {aimed(worst, AIM)}",
    )


def aimed(value: float, aim: float) -> str:
    """How much of what is aimed at that is."""
    return f"{value / aim:.2f} times the aim"


if __name__ == "__main__":
    show(lines())

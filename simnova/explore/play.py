"""One scenario with one thing that breaks: to the end, and on, until what can mend itself has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simnova.cloud.cloud import Cloud
from simnova.explore.facts import Facts, answer, look
from simnova.explore.points import Point
from simnova.explore.scenarios import Scenario
from simnova.kernel.journal import Level

AUDIT = 700.0
"""Seconds in which every periodic task of Nova has its turn, those every ten minutes too."""


@dataclass(frozen=True)
class Ending:
    """How a scenario ended in which one thing broke.

    `heard` is what the client was told, `broken` what was left when nobody worked any more with the dead service still
    dead, `restarted` when it was up again, `settled` when the periodic tasks had had their turn.
    """

    heard: str
    broken: Facts
    restarted: Facts
    settled: Facts

    @property
    def accepted(self) -> bool:
        """Whether the client was told that it will be done."""
        return self.heard.startswith("20")


def broken(scenario: Scenario, point: Point, level: Level = "full") -> Cloud:
    """A cloud in which a scenario was played and one thing broke, with nobody at work; the dead service is dead."""
    return _broken(scenario, point, level)[0]


def play(scenario: Scenario, point: Point, then: Callable[[Cloud], None] | None = None) -> Ending:
    """Play it to the end, and have `then` look at the cloud there; raises what the engine raises."""
    cloud, heard = _broken(scenario, point, "summary")
    try:
        after = look(cloud)
        restart(cloud, point)
        up = look(cloud)
        cloud.run(cloud.now + AUDIT)
        ending = Ending(heard, after, up, look(cloud))
        if then is not None:
            then(cloud)
        return ending
    finally:
        cloud.close()


def _broken(scenario: Scenario, point: Point, level: Level) -> tuple[Cloud, str]:
    cloud = scenario.cloud(level)
    point.arm(cloud)
    call = scenario.act(cloud)
    point.reach(cloud)
    cloud.run()
    if any(one.waits for one in cloud.faults.armed):
        raise RuntimeError(f"it did not strike: {point}")
    return cloud, answer(call)


def restart(cloud: Cloud, point: Point) -> None:
    """Start the dead service again, as systemd does, and let it settle down."""
    running = cloud.assembly.running.get(point.service)
    if point.what != "lose" and not (running and running.alive):
        cloud.start(point.service)
        cloud.run()

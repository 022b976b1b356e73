"""One run of a scenario, some choices decided otherwise than usual: what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from typing import Any, NamedTuple

from simnova.cloud.cloud import Cloud
from simnova.exceptions import NovaError, UsageError
from simnova.explore.order import order
from simnova.explore.properties import Property, wrong
from simnova.kernel.choices import Point
from simnova.kernel.journal import Event, Level

Scenario = Callable[[Cloud], object]


def as_scenario(given: Any) -> Scenario:
    """A scenario; raises UsageError for what is none, and for a function that does nothing when it is called."""
    if not callable(given):
        raise UsageError(f"scenario={given!r}: give a function that asks a cloud for something")
    if iscoroutinefunction(given) or isgeneratorfunction(given) or isasyncgenfunction(given):
        raise UsageError(
            f"scenario={given!r} does nothing when it is called: leave out async, await and yield"
        )
    return given  # type: ignore[no-any-return]


_CHANGES = ("db.", "virt.")
"""After events of these kinds it is asked whether what must always hold does."""


class Broken(BaseException):
    """What must always hold does not; it passes through all that a scenario may catch."""


class Attempt(NamedTuple):
    """What was decided in a run, what is wrong after it, which choices came up, its order, its events."""

    decided: dict[str, Any]
    wrong: str | None
    points: list[Point]
    order: str
    events: list[Event]

    @property
    def length(self) -> int:
        """How many events it has, background ones aside."""
        return sum(not event.background for event in self.events)


@dataclass
class Plan:
    """What a search does in each run: a new cloud, the scenario, quiet, the property.

    Services that died are started again at quiet; `settle` seconds pass then, for audits and other periodic tasks.
    """

    scenario: Scenario
    holds: Property
    always: Property | None = None
    settle: float = 0.0
    recipe: dict[str, Any] = field(default_factory=dict)

    def run(self, decided: Mapping[str, Any]) -> Attempt:
        """Run with these choices decided, and keep no cloud."""
        with self.cloud(decided, "summary") as cloud:
            begun = len(cloud.journal)
            said = self.play(cloud)
            events = cloud.journal.events[begun:]
            points = cloud.choices.points if cloud.choices else []
            return Attempt(dict(decided), said, points, order(events), events)

    def cloud(self, decided: Mapping[str, Any], level: Level) -> Cloud:
        """A new cloud in which these choices are decided."""
        return Cloud(**self.recipe, level=level, choices=dict(decided))

    def play(self, cloud: Cloud) -> str | None:
        """Run the scenario to its end on a new cloud; what is wrong then, or None.

        Where nothing was decided otherwise, what the scenario raises is raised: it does not even work as usual.
        """
        try:
            self._watch(cloud)
            self._ask(cloud)
            self._rest(cloud)
            return wrong(self.holds, cloud)
        except Broken as broken:
            return str(broken)
        except Exception as error:
            if not self._deviates(cloud):
                raise
            return f"{type(error).__name__}: {error}"

    def _ask(self, cloud: Cloud) -> None:
        """The scenario; where a service that died or a request that was refused ends it early, that is its end."""
        try:
            self.scenario(cloud)
        except (NovaError, UsageError):
            if not self._deviates(cloud):
                raise

    def _rest(self, cloud: Cloud) -> None:
        cloud.run()
        dead = [name for name, life in cloud.assembly.running.items() if not life.alive]
        for name in dead if self._deviates(cloud) else ():
            cloud.start(name)
        if dead:
            cloud.run()
        if self.settle:
            cloud.run(cloud.now + self.settle).run()

    def _deviates(self, cloud: Cloud) -> bool:
        return bool(cloud.choices and cloud.choices.decided)

    def _watch(self, cloud: Cloud) -> None:
        """Ask after each change whether what must always hold does; where not, the engine stops after its step."""
        always = self.always
        told: list[str] = []
        if always is None:
            return

        def look(event: Event) -> None:
            if told or event.background or not event.kind.startswith(_CHANGES):
                return
            asked = len(cloud.timeline.inputs)
            said = wrong(always, cloud)
            if len(cloud.timeline.inputs) != asked:
                told.append("")
                cloud.clock.tell(
                    UsageError("always= asks something of the cloud: it may only look")
                )
            if said:
                told.append(said)
                cloud.clock.tell(Broken(said))

        cloud.journal.after.append(look)

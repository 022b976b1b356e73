"""What a search has found, and all that it can show of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from simnova.cloud.cloud import Cloud
from simnova.exceptions import UsageError
from simnova.explore.attempt import Attempt, Plan
from simnova.explore.telling import told
from simnova.kernel.choices import Point
from simnova.observe.markup import element, escape
from simnova.observe.story import Story

if TYPE_CHECKING:
    from simnova.kernel.journal import Journal
    from simnova.widgets.player import Player


@dataclass
class Tried:
    """How much was tried: runs, those of them that broke it, orders that were not seen before, and where it ended."""

    runs: int = 0
    broken: int = 0
    orders: set[str] = field(default_factory=set, repr=False)
    bound: str = ""

    def __str__(self) -> str:
        return f"{_many(self.runs, 'run')} in {_many(len(self.orders), 'order')}, {self.bound}"


GIST = ("input", "fault", "service", "rpc", "db", "scheduler.select", "virt.error", "virt.return")
"""The kinds of events by which a run is told in few lines."""


class Found:
    """The outcome of a search: true where something breaks the property, and then how, by the shortest run.

    `wrong` is what is wrong then, `choices` what must go otherwise than usual for it (give it to `Cloud(choices=…)`),
    `cloud` a cloud in which it has happened, stopped where the property broke, with its `journal` and `player()`.
    """

    def __init__(
        self, plan: Plan, tried: Tried, usual: Attempt | None, best: Attempt | None
    ) -> None:
        self._plan = plan
        self._best = best
        self.tried = tried
        self.usual = usual

    def __bool__(self) -> bool:
        return self._best is not None

    # --- what breaks ------------------------------------------------------------------------------------------

    @property
    def wrong(self) -> str | None:
        """What is wrong after the shortest run that breaks the property; None where none does."""
        return self._best.wrong if self._best else None

    @property
    def choices(self) -> dict[str, Any]:
        """The choices that must go otherwise than usual, by name, as JSON keeps them."""
        return dict(self._broken().decided)

    @cached_property
    def cloud(self) -> Cloud:
        """A cloud, all payloads kept, in which the scenario has run by these choices, up to where it breaks.

        Raises UsageError where nothing was found, and where the scenario goes another way this time.
        """
        best = self._broken()
        cloud = self._plan.cloud(best.decided, "full")
        said = self._plan.play(cloud)
        if said != best.wrong:
            raise UsageError(
                f"run again, the scenario ends otherwise ({said or 'nothing is wrong'}): it must ask the same each time"
            )
        return cloud

    @property
    def journal(self) -> Journal:
        """The journal of that cloud."""
        return self.cloud.journal

    def _broken(self) -> Attempt:
        if self._best is None:
            raise UsageError(
                f"nothing breaks it: {self.tried}; try more runs, deviations or faults"
            )
        return self._best

    # --- how it is told ---------------------------------------------------------------------------------------

    @property
    def deviations(self) -> list[Point]:
        """The choices that went otherwise, in their order, with the steps of the journal after which they did."""
        points = self.cloud.choices.points if self.cloud.choices else []
        return [point for point in points if point.deviates]

    @property
    def first(self) -> int:
        """The step at which the run leaves the usual way; where it never does, that of the first request."""
        if self.deviations:
            return self.deviations[0].seq
        return next(one.seq for one in self.journal if one.kind == "input")

    def story(self, **narrowed: Any) -> Story:
        """What mattered from where the run leaves the usual way to where it breaks (`cloud.story`).

        Without the requests to neighbours; `found.cloud.story(first=found.first)` tells them too.
        """
        return self.cloud.story(**{"first": self.first, "only": GIST, **narrowed})

    def explain(self) -> str:
        """What breaks, what must go otherwise for it, and the story from there."""
        return f"{self!r}\n\n{self.story()}\nThen: {self.wrong}." if self else repr(self)

    def player(self, **options: Any) -> Player:
        """Step through the shortest run, opened where it leaves the usual way. Needs Jupyter."""
        return self.cloud.player(**{"step": self.first, **options})

    def __repr__(self) -> str:
        if self._best is None:
            return f"Nothing breaks it: {self.tried}."
        broken = f"{self.tried.broken} of {_many(self.tried.runs, 'run')}"
        shortest = f"the shortest in {_many(self._best.length, 'event')}"
        lines = [f"Broken in {broken}, {shortest}: {self._best.wrong}."]
        return "\n".join([*lines, *self._told()])

    def _told(self) -> list[str]:
        if not self.choices:
            return ["It goes so in the usual run."]
        return [
            f"After event {one.seq} {told(one)}. (Event {one.seq}: {self.cloud.sentence(one.seq)})"
            for one in self.deviations
        ]

    def _repr_html_(self) -> str:
        text = element("p", escape(repr(self)), style="white-space:pre-line")
        return text + (self.story()._repr_html_() if self else "")


def _many(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


Trial = Callable[[dict[str, Any]], Attempt]


def shrunk(best: Attempt, run: Trial) -> Attempt:
    """The same without each choice that need not go otherwise: what is left breaks it, and nothing less of it does."""
    for name in list(best.decided):
        fewer = {other: value for other, value in best.decided.items() if other != name}
        attempt = run(fewer)
        if attempt.wrong is not None:
            best = attempt
    return best

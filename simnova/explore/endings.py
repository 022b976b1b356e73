"""How a request ends, in turn for everything that can break while it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from simnova.cloud.cloud import Cloud
from simnova.exceptions import UsageError, quoted, unknown
from simnova.explore.hangs import Hang, hang_in
from simnova.explore.play import Ending, broken, play, restart
from simnova.explore.points import Point, points
from simnova.explore.scenarios import Scenario
from simnova.explore.ways import Way, way_of
from simnova.observe.table import Table

MESSAGES = "a message is lost"


@dataclass(frozen=True)
class Played:
    """A point, and how the scenario ended that broke there."""

    point: Point
    ending: Ending

    def __str__(self) -> str:
        return f"{self.point}: {self.ending.settled}"

    @property
    def breaks(self) -> str:
        """What breaks: a message, or the service that dies."""
        return MESSAGES if self.point.what == "lose" else f"{self.point.service} dies"

    @property
    def way(self) -> Way | None:
        """The way in which it ends."""
        return way_of(self.point, self.ending)

    @property
    def hang(self) -> Hang | None:
        """What Nova leaves hanging, if anything."""
        return hang_in(self.ending.settled)


@dataclass(frozen=True)
class Class:
    """The points from which a scenario ends in the same way, for the same reason."""

    played: tuple[Played, ...]

    @property
    def breaks(self) -> str:
        """What breaks."""
        return self.played[0].breaks

    @property
    def way(self) -> str:
        """How it ends, in a few words."""
        way = self.played[0].way
        return way.name if way else "no way that is known"

    @property
    def hang(self) -> Hang | None:
        """What is left hanging."""
        return self.played[0].hang

    @property
    def why(self) -> str:
        """The mechanism in Nova that ends it so."""
        way = self.played[0].way
        return " ".join(one.why for one in (way, self.hang) if one and one.why)

    @property
    def remedy(self) -> str:
        """Who mends it, and with what."""
        way = self.played[0].way
        said = [way.mends if way else "", self.hang.remedy if self.hang else ""]
        return "; ".join(filter(None, said))

    @property
    def endings(self) -> list[str]:
        """What is left when all has settled down, once each."""
        return _once(str(one.ending.settled) for one in self.played)

    @property
    def before(self) -> list[str]:
        """What it was before the dead service was started again, where that differs from the end."""
        changed = (one.ending for one in self.played if one.ending.broken != one.ending.settled)
        return _once(str(ending.broken) for ending in changed)

    @property
    def heard(self) -> list[str]:
        """What the client was told."""
        return _once(one.ending.heard for one in self.played)


def _once(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))


class Endings:
    """All that was played of a scenario; as text, and in a notebook, the table of its classes.

    `of("nova-conductor")` are those in which that dies, `of("lose")` those in which a message is lost; `cloud(point)`
    gives a broken cloud, to look at and to go on with.
    """

    def __init__(self, scenario: Scenario, played: Iterable[Played]) -> None:
        self.scenario = scenario
        self.played = list(played)

    def __iter__(self) -> Iterator[Played]:
        return iter(self.played)

    def __len__(self) -> int:
        return len(self.played)

    @cached_property
    def classes(self) -> list[Class]:
        """Equal endings together, by what breaks, in the order of the run."""
        found: dict[tuple[str, str, str], list[Played]] = {}
        for one in self.played:
            way, hang = one.way, one.hang
            key = (one.breaks, way.name if way else str(one.ending), hang.name if hang else "")
            found.setdefault(key, []).append(one)
        order = _once(key[0] for key in found)
        return [Class(tuple(found[key])) for first in order for key in found if key[0] == first]

    def of(self, what: str) -> Endings:
        """Those of one service, or of the messages that are lost ("lose")."""
        found = [one for one in self.played if what in (one.point.service, one.point.what)]
        if not found:
            names = {name for one in self.played for name in (one.point.service, one.point.what)}
            raise unknown("service that dies", what, names)
        return Endings(self.scenario, found)

    def point(self, name: str) -> Point:
        """A point by its name or its sentence, as `points()` has them."""
        known = {
            text: one.point for one in self.played for text in (one.point.name, str(one.point))
        }
        if name not in known:
            raise unknown("point", str(name), [one.point.name for one in self.played])
        return known[name]

    def cloud(self, point: Point | str, restarted: bool = False) -> Cloud:
        """A cloud in which the scenario broke at a point, with nobody at work; whole journal, for the player.

        What died is dead unless it is to be `restarted`.
        """
        found = point if isinstance(point, Point) else self.point(point)
        cloud = broken(self.scenario, found)
        if restarted:
            restart(cloud, found)
        return cloud

    def table(self) -> Table:
        """A row for each class, and how many points it has."""
        rows = [
            [
                one.breaks,
                one.way,
                len(one.played),
                one.hang.name if one.hang else None,
                one.endings[0] + (" …" if len(one.endings) > 1 else ""),
            ]
            for one in self.classes
        ]
        columns = ["what breaks", "how it ends", "points", "what Nova leaves", "in the books"]
        title = f"{self.scenario.name}, broken at {len(self)} points"
        breaks = _once(one.breaks for one in self.classes)
        if len(breaks) == 1:
            return Table(columns[1:], [row[1:] for row in rows], f"{title}: {breaks[0]}")
        return Table(columns, rows, title)

    def points(self) -> Table:
        """A row for each point: its name, for `cloud(…)`, and how it ends."""
        rows = [[one.point.name, str(one.point), str(one.ending.settled)] for one in self.played]
        return Table(["point", "what breaks", "how it ends"], rows, whole=("point",))

    def __repr__(self) -> str:
        return repr(self.table())

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def endings(
    scenario: Scenario,
    only: Callable[[Point], bool] | str | None = None,
    then: Callable[[Cloud], None] | None = None,
) -> Endings:
    """Play a scenario once for each point at which it can break, and tell how it ended.

    `only` takes those of a service, or "lose", the messages, or a condition; `then` looks at each cloud at its end.
    All of a boot take about a minute. Raises `UsageError` for a service that does nothing in it.
    """
    if not isinstance(scenario, Scenario):
        raise UsageError(f"{quoted(scenario)} is no scenario: give one, as simnova.explore.boot")
    every = points(scenario)
    if isinstance(only, str):
        wanted = [point for point in every if only in (point.service, point.what)]
        if not wanted:
            raise unknown("service", only, {"lose", *(point.service for point in every)})
    else:
        wanted = [point for point in every if only is None or only(point)]
    return Endings(scenario, [Played(point, play(scenario, point, then)) for point in wanted])

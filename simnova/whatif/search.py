"""The search: for each knob the least turn after which a host passes, or wins; each choice tried by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from simnova.scenario import objects
from simnova.scenario.scenario import Scenario
from simnova.whatif import choices, knobs
from simnova.whatif.asked import Question, Reply, ask
from simnova.whatif.choices import Choice
from simnova.whatif.knobs import Knob

BIG: Final = 24
"""Hosts beyond which only the asked host is varied."""
NEAR: Final = 16
CLOSE: Final = 3
"""How many grains are tried one by one where filters of one's own are asked: nearer than a turn that is enough, and
where none was found far off.
"""


@dataclass(frozen=True)
class Test:
    """What is to be true of a reply, and by how much it is: negative where it is not."""

    holds: Callable[[Reply], bool]
    margin: Callable[[Reply], float] = lambda reply: 0.0


@dataclass(frozen=True)
class Change:
    """One change that would have been enough: `relative` is None for what is no amount, and for an amount that was
    nothing.
    """

    side: str
    what: str
    unit: str
    now: float | str
    other: float | str
    effect: str
    question: Question
    fallen: tuple[str, ...] = ()
    """Hosts that it would have made fall."""

    @property
    def relative(self) -> float | None:
        """By which part of itself an amount would have to change."""
        if isinstance(self.now, str) or isinstance(self.other, str) or not self.now:
            return None
        return abs(self.other - self.now) / abs(self.now)


def changes(question: Question, host: str) -> list[Change]:
    """The single changes that would have let a host pass, where it fell, or win: amounts first, the least relative
    change in front; then what is no amount, of the host, of the request, of the options.
    """
    base = ask(question)
    if base.wins(host):
        return []
    ways = _winning if base.passes(host) else _passing
    found = [*ways(question, host, base)]
    order = {id(one): place for place, one in enumerate(found)}
    return sorted(found, key=lambda one: (_rank(one), one.relative or 0.0, order[id(one)]))


def undrawn(question: Question, drawing: Sequence[str]) -> Iterator[Change]:
    """For a host that stood first when another was drawn: the options that draw, turned off."""
    conf = objects.config(Scenario(question.data)).filter_scheduler
    for name in drawing:
        changed = question.copy()
        off: float | str = 1 if name == "host_subset_size" else "off"
        now: float | str = conf.host_subset_size if off == 1 else "on"
        knobs.option("filter_scheduler", name, int)(changed, int(off == 1))
        yield Change("option", name, "", now, off, "wins", changed)


def _rank(change: Change) -> int:
    if change.relative is not None:
        return 0
    return 2 if isinstance(change.now, str) else 1


# --- a host that fell -----------------------------------------------------------------------------


def _passing(question: Question, host: str, base: Reply) -> Iterator[Change]:
    """It is asked for by itself: filters look at one host at a time. What is found is asked again with all hosts, and
    where it would only pass, the search goes on to where it would win.
    """
    alone = question.only({host})
    search = Search(alone, Test(lambda reply: reply.passes(host)))
    rivals = Rivals(question, host, base)
    for knob in [
        *knobs.of_host(question, host),
        *knobs.of_request(alone),
        *knobs.of_options(alone, {}),
    ]:
        for side, steps in search.least(knob):
            whole = knob.turned(question, steps)
            found = [*_enough(knob, knob.at(steps), whole, host, base)]
            yield from found
            if [one.effect for one in found] == ["passes"]:
                yield from rivals.towards(knob, side)
    for choice in _choices(alone, host):
        if search.test.holds(ask(choice.chosen(alone))):
            yield from _enough(choice, choice.other, choice.chosen(question), host, base)


def _choices(question: Question, host: str) -> Iterator[Choice]:
    yield from choices.of_host(question, host)
    yield from choices.of_request(question, host)
    yield from choices.of_options(question)


def _enough(
    one: Knob | Choice, other: float | str, whole: Question, host: str, base: Reply
) -> Iterator[Change]:
    """The change, if it lets the host pass or win among all."""
    reply = ask(whole)
    effect = _effect(reply, host)
    fallen = tuple(name for name in base.left if not reply.passes(name))
    if effect:
        unit = one.unit if isinstance(one, Knob) else ""
        yield Change(one.side, one.what, unit, one.now, other, effect, whole, fallen)


def _effect(reply: Reply, host: str) -> str:
    return "wins" if reply.wins(host) else "passes" if reply.passes(host) else ""


# --- a host that was outweighed -------------------------------------------------------------------


def _winning(question: Question, host: str, base: Reply) -> Iterator[Change]:
    few = len(question.data["hosts"]) <= BIG
    rivals = Rivals(question, host, base)
    for knob in knobs.of_host(question, host):
        yield from rivals.least(knob)
    if few:
        for knob in [*knobs.of_request(question), *knobs.of_options(question, _differ(base))]:
            yield from rivals.least(knob)
    for choice in _choices(question, host) if few else choices.of_host(question, host):
        yield from (
            one
            for one in _enough(choice, choice.other, choice.chosen(question), host, base)
            if one.effect == "wins"
        )


def _differ(base: Reply) -> dict[str, bool]:
    """Which weighers gave different weights, whatever their multipliers."""
    return {
        one["name"]: len(set(one["normalized"].values())) > 1
        for one in base.weighed.get("weighers", ())
    }


class Rivals:
    """The hosts that must be beaten. Of many, those that count: the best, the ends of the weighers' scales, and whoever
    else turns out to stand in the way when all are asked.
    """

    def __init__(self, question: Question, host: str, base: Reply) -> None:
        self.question, self.host, self.base = question, host, base
        names = {one["name"] for one in question.data["hosts"]}
        few = len(names) <= BIG
        self.all = few
        self.test = Test(lambda reply: reply.wins(host), lambda reply: reply.margin(host))
        self._gather(names if few else {host, *base.left[:2], *base.extremes()})

    def _gather(self, names: set[str]) -> None:
        self.names = names
        self.search = Search(self.question.only(names), self.test)

    def least(self, knob: Knob) -> Iterator[Change]:
        """The least turns of a knob in both directions with which the host wins among all."""
        for side in (-1, 1):
            yield from self.towards(knob, side)

    def towards(self, knob: Knob, side: int) -> Iterator[Change]:
        """The least turn of a knob in one direction with which it does."""
        steps = self._least(knob, side)
        if steps is not None:
            whole = knob.turned(self.question, steps)
            yield from _enough(knob, knob.at(steps), whole, self.host, self.base)

    def _least(self, knob: Knob, side: int) -> int | None:
        """Whoever beats it after all is a rival from then on, and the search begins again."""
        while True:
            steps = self.search.towards(knob, side)
            if steps is None or self.all:
                return steps
            first = ask(knob.turned(self.question, steps)).left[:1]
            if first == [self.host]:
                return steps
            if not first or first[0] in self.names:
                return None
            self._gather({*self.names, *first})


# --- one knob -------------------------------------------------------------------------------------


@dataclass
class Search:
    """Turns knobs of one question until a test holds."""

    question: Question
    test: Test

    @cached_property
    def still(self) -> Reply:
        """The reply while no knob is turned."""
        return ask(self.question)

    def least(self, knob: Knob) -> Iterator[tuple[int, int]]:
        """The fewest grains with which it holds, in each direction: the direction and the grains."""
        found = ((side, self.towards(knob, side)) for side in (-1, 1))
        return ((side, steps) for side, steps in found if steps is not None)

    def towards(self, knob: Knob, side: int) -> int | None:
        """The fewest grains in one direction: looked for far off, then nearer, and narrowed down from there.

        A filter of one's own may like every second amount: then the first grains are tried one by one.
        """
        steps = self._boundary(knob, side)
        own, end = bool(self.question.filters), abs(knob.ends[side > 0])
        near = min(end, (CLOSE if steps is None else abs(steps) - 1), NEAR) if own else 0
        tried = (side * count for count in range(1, near + 1))
        return next((one for one in tried if self.test.holds(self._turned(knob, one))), steps)

    def _boundary(self, knob: Knob, side: int) -> int | None:
        near = False
        for place in _places(knob.ends[side > 0]):
            reply = self._turned(knob, place)
            if self.test.holds(reply):
                return self._narrowed(knob, place, reply)
            if reply == self.still or (near and self._farther(reply)):
                return None
            near = True
        return None

    def _farther(self, reply: Reply) -> bool:
        """Whether a turn made it no better."""
        return self.test.margin(reply) <= self.test.margin(self.still)

    def _turned(self, knob: Knob, steps: int) -> Reply:
        return ask(knob.turned(self.question, steps))

    def _narrowed(self, knob: Knob, works: int, there: Reply) -> int:
        """Between no turn at all and one with which it holds: the first with which it does. Every other guess goes
        where a straight line between the two margins would have it.
        """
        fails, straight = 0, True
        below, above = self.test.margin(self.still), self.test.margin(there)
        while abs(works - fails) > 1:
            middle = (fails + works) // 2
            if straight and below < 0 <= above:
                guess = round(fails + (works - fails) * below / (below - above))
                middle = _between(fails, works, guess)
            reply, straight = self._turned(knob, middle), not straight
            if self.test.holds(reply):
                works, above = middle, self.test.margin(reply)
            else:
                fails, below = middle, self.test.margin(reply)
        return works


def _places(end: int) -> list[int]:
    """Where to look: far, then nearer, for a weight that must lie between two others."""
    return list(dict.fromkeys(place for part in (1, 4, 16) if (place := int(end / part))))


def _between(one: int, other: int, guess: int) -> int:
    """The guess, kept strictly between the two."""
    low, high = sorted((one, other))
    return min(high - 1, max(low + 1, guess))

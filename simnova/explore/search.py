"""The search for the failing order: a scenario and a property, and the shortest run in which it does not hold.

The usual run comes first, then all runs in which one choice goes otherwise, then two, and so on: delay-bounded search
(Emmi, Qadeer, Rakamaric: Delay-bounded scheduling, 2011), here over latencies, draws, ties, losses and crashes.
A run whose order was seen before is not gone on from, and a message that races with nothing is not held up (`races`).
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

from simnova.exceptions import UsageError
from simnova.explore.attempt import Attempt, Plan, Scenario, as_scenario
from simnova.explore.found import Found, Tried, shrunk
from simnova.explore.frontier import Frontier
from simnova.explore.properties import Property, as_property


def search(
    scenario: Scenario,
    holds: Property | str = "no_server_is_lost",
    *,
    runs: int = 300,
    deviations: int = 2,
    faults: int = 0,
    delay: float = 1.0,
    always: Property | str | None = None,
    settle: float = 0.0,
    at_random: bool = False,
    seed: int = 0,
    **cloud: Any,
) -> Found:
    """Try the orders in which a scenario can go, and hand back the shortest run after which a property does not hold.

    `scenario(cloud)` asks a new cloud for something, and may run it; the same each time. `holds(cloud)` is asked when
    nobody works any more: True (or None) says that it holds, False or a text that it does not; the names of
    `simnova.explore.properties.READY` will do. `always` is asked after each change as well, and must hold there.

    At most `runs` runs are made, each with up to `deviations` choices decided otherwise than usual, of which up to
    `faults` may be crashes of Nova's services and lost messages. A message may take `delay` seconds longer. Services
    that died start again at quiet; then `settle` seconds pass. `at_random` spends the runs that are left beyond the
    bound on more deviations, drawn by `seed`. What else is given is for the cloud: `hosts=2`, `config=…`, `managers=…`.

    An interrupt ends the search, and what is known by then is handed back. Raises `UsageError` for what cannot be
    searched, and what the scenario raises where it does not even work as usual.
    """
    _check_numbers(runs=runs, deviations=deviations, faults=faults)
    _check_seconds(delay=delay, settle=settle)
    asks = as_scenario(scenario)
    if not isinstance(at_random, bool):
        raise UsageError(f"at_random={at_random!r}: give True or False")
    for name in {"level", "choices"} & cloud.keys():
        raise UsageError(
            f"{name}= is the search's own: the found cloud keeps all, by found.choices"
        )
    must = None if always is None else as_property(always, "always")
    recipe = {**cloud, "seed": seed}
    plan = Plan(asks, as_property(holds), must, settle, recipe)
    return _Search(plan, Frontier(delay, faults), runs, deviations).go(at_random, seed)


class _Enough(Exception):
    """As many runs as there may be are made."""


class _Search:
    """One search under way."""

    def __init__(self, plan: Plan, frontier: Frontier, runs: int, deviations: int) -> None:
        self.plan = plan
        self.frontier = frontier
        self.deviations = deviations
        self.left = runs
        self.tried = Tried()
        self.usual: Attempt | None = None
        self.best: Attempt | None = None

    def go(self, at_random: bool, seed: int) -> Found:
        """Search, until a bound is reached, something is found, or the learner has had enough."""
        try:
            self._levels()
            if at_random and self.best is None:
                self._beyond(random.Random(f"search/{seed}"))
        except _Enough:
            self.tried.bound = "as many as there may be"
        except KeyboardInterrupt:
            self.tried.bound = "then it was interrupted"
        return Found(self.plan, self.tried, self.usual, self.best)

    def _levels(self) -> None:
        """Level by level: no choice decided otherwise, one, two …; the first level that breaks it is the last."""
        self.tried.bound = "the usual one alone"
        self.usual = self._try({})
        level = [self.usual]
        for number in range(1, self.deviations + 1):
            if self.best is not None:
                return
            self.tried.bound = f"all with {number} deviation{'s' * (number > 1)} or less"
            level = self._new(self.frontier.of(level))

    def _new(self, runs: Iterable[dict[str, Any]]) -> list[Attempt]:
        """Make these runs; those that went another way than all before are returned."""
        found = []
        for decided in runs:
            known = len(self.tried.orders)
            attempt = self._try(decided)
            if len(self.tried.orders) > known:
                found.append(attempt)
        return found

    def _beyond(self, rng: random.Random) -> None:
        """More deviations at once than the bound has, somewhere, until no run is left or something is found."""
        several = self.deviations + 1
        while self.best is None and self.usual is not None:
            decided = self.frontier.at_random(self.usual, rng, rng.randint(several, several + 3))
            attempt = self._try(decided)
            if attempt.wrong is not None:
                self.best = shrunk(attempt, self.plan.run)

    def _try(self, decided: dict[str, Any]) -> Attempt:
        if not self.left:
            raise _Enough
        self.left -= 1
        attempt = self.plan.run(decided)
        self.tried.runs += 1
        self.tried.orders.add(attempt.order)
        if attempt.wrong is not None:
            self._broken(attempt)
        return attempt

    def _broken(self, attempt: Attempt) -> None:
        """Keep the shortest; after the first one there are as many runs more as it took to find it, in its level."""
        if self.best is None:
            self.left = min(self.left, self.tried.runs)
        self.tried.broken += 1
        if self.best is None or attempt.length < self.best.length:
            self.best = attempt


def _check_numbers(**given: Any) -> None:
    for name, value in given.items():
        least = int(name == "runs")
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise UsageError(f"{name}={value!r}: give a whole number from {least} up")


def _check_seconds(**given: Any) -> None:
    for name, value in given.items():
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value < 1e9:
            raise UsageError(f"{name}={value!r}: give seconds, 0 or more")

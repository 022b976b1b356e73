"""The course of an operation on a server: its states as the table of moves has them, which of them the server has
been through, where it is, and where it may go next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Final, Literal

from simnova.nova.objects.states import MOVES, Move, PowerState, VmState
from simnova.nova.objects.states import State as Pair
from simnova.observe.chart import key, pair, runs
from simnova.observe.operations import breaks, fails, operations, settled, strays
from simnova.observe.states import History, State

Lit = Literal["now", "been", "next", "fails", "open"]
"""How a state shows: the server is in it, was, may come into it by the next move, or by a failure; or none of it."""

_RESET: Final = "resetState"
"""It begins with the changes by which others fail."""
CREATE: Final = "create"
"""What is being done to a server that has no row in a cell yet."""
NOWHERE: Final = Pair(None, None)
"""What a server is before it has a row in a cell."""


@dataclass(frozen=True)
class Place:
    """One state of the course; `spent` is for how many seconds the server was in it, `by` what leads there."""

    vm: str | None
    task: str | None
    lit: Lit
    by: str = ""
    spent: float | None = None


@dataclass(frozen=True)
class Course:
    """The operation under way, or the last one, in its order, and what may be asked for now."""

    operation: str
    done: bool
    state: State | None
    places: Sequence[Place]
    powers: Sequence[tuple[str, Lit]]
    offers: Sequence[str]


def course(past: History, now: float) -> Course:
    """The course of a server's last operation, out of its states up to the time `now` in seconds."""
    run = latest(past.states)
    name, taken = begun(run) if run else (CREATE, [])
    here = pair(run[-1]) if run else NOWHERE
    own, failures = ways(name, pair(taken[0]) if taken else here) if name else ([], [])
    lights = _Lights(taken, now, own, failures)
    ends = [end for move in own for end in (move.before, move.after)]
    broken = [Pair(VmState.ERROR, None)] if any(map(breaks, failures)) else []
    return Course(
        name,
        rests(here),
        run[-1] if run else None,
        [lights.place(one) for one in dict.fromkeys([*ends, *map(pair, taken), *broken, here])],
        powers(taken or run),
        offers(here) if rests(here) else [],
    )


def rests(one: Pair) -> bool:
    """Whether nothing is being done to a server in that state."""
    return one.task is None and one.vm not in (None, VmState.BUILDING)


def latest(states: Sequence[State]) -> list[State]:
    """The states from where nothing was being done to the server to the end; of the last time in which it changed."""
    found: list[State] = []
    for run in runs(states):
        moved = any(pair(one) != pair(run[0]) for one in run)
        found = list(run) if moved else [*found, *run[1:]]
    return found


def begun(run: Sequence[State]) -> tuple[str, list[State]]:
    """The operation that a run of states is in, and the run from its beginning on: another may have taken its place,
    as a deletion does in the middle of a boot.
    """
    name, since, inside = "", list(run), set[tuple[Pair, Pair]]()
    for at, move in enumerate(pairwise(map(pair, run))):
        begins = "" if move in inside or move[0] == move[1] else beginnings().get(move, "")
        if begins and (not name or begins != _RESET):
            name, since = begins, list(run[at:])
            inside = {key(way) for part in ways(name, move[0]) for way in part}
    return name, since


@cache
def beginnings() -> dict[tuple[Pair, Pair], str]:
    """The names of the operations by the changes that begin them; of several that begin alike, the first's."""
    found: dict[tuple[Pair, Pair], str] = {}
    for one in operations():
        for move in one.firsts:
            found.setdefault(key(move), one.name)
    return found


@cache
def after() -> dict[Pair, list[Move]]:
    """The moves of the table by the state that they start from."""
    found: dict[Pair, list[Move]] = {}
    for move in MOVES:
        found.setdefault(move.before, []).append(move)
    return found


@cache
def ways(name: str, start: Pair) -> tuple[list[Move], list[Move]]:
    """The moves of an operation that begins in the state `start`, and those by which it fails."""
    firsts = next(one.firsts for one in operations() if one.name == name)
    own = [move for move in after().get(start, []) if move in firsts]
    failures: list[Move] = []
    for move in own:
        onward = [] if settled(move) else after().get(move.after, [])
        own += [one for one in onward if not strays(one) and one not in own]
        failures += [one for one in onward if fails(one) and one not in failures]
    return own, failures


class _Lights:
    """What lights the states of a course up."""

    def __init__(
        self, taken: Sequence[State], now: float, own: Sequence[Move], failures: Sequence[Move]
    ) -> None:
        self.here = pair(taken[-1]) if taken else NOWHERE
        done = rests(self.here)
        self.been = {pair(one) for one in taken}
        self.by = {move.after: move.by for move in reversed([*own, *failures])}
        self.next = {move.after for move in own if move.before == self.here and not done}
        self.failing = {move.after for move in failures if move.before == self.here and not done}
        self.spent: dict[Pair, float] = {}
        ends = [*(one.time for one in taken[1:]), now]
        for one, end in list(zip(taken, ends, strict=False))[1:]:
            self.spent[pair(one)] = self.spent.get(pair(one), 0.0) + end - one.time

    def place(self, one: Pair) -> Place:
        """A state with its light."""
        return Place(one.vm, one.task, self.lit(one), self.by.get(one, ""), self.spent.get(one))

    def lit(self, one: Pair) -> Lit:
        """How a state shows: to come back to where the operation began is its next move, too."""
        if one == self.here:
            return "now"
        if one in self.next and (one not in self.been or rests(one)):
            return "next"
        if one in self.been:
            return "been"
        return "fails" if one in self.failing else "open"


def powers(taken: Sequence[State]) -> list[tuple[str, Lit]]:
    """The power states, with those that the server was in."""
    here = taken[-1].power_state if taken else ""
    been = {one.power_state for one in taken if one.seq >= 0}
    names = dict.fromkeys([*(one.name.lower() for one in PowerState), *sorted(been)])
    return [(name, "now" if name == here else "been" if name in been else "open") for name in names]


@cache
def offers(here: Pair) -> list[str]:
    """The operations that may begin in a state; none on a server that is gone."""
    if here.vm == VmState.DELETED:
        return []
    names = (one.name for one in operations() if any(move.before == here for move in one.firsts))
    return list(dict.fromkeys(names))

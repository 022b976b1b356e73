"""Every operation as moves between states: a figure and a table, and over them the way one server
took.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from simnova.exceptions import UsageError, unknown
from simnova.nova.objects.states import Move, VmState
from simnova.nova.objects.states import State as Pair
from simnova.observe import chart_svg
from simnova.observe.operations import ORDER, Operation, operations
from simnova.observe.states import History, State
from simnova.observe.table import Table


@dataclass(frozen=True)
class Trip:
    """One operation that a server went through: which one it was of all, and where it led."""

    number: int
    operation: str
    before: str | None
    after: str
    tasks: Sequence[str]


@dataclass(frozen=True)
class States:
    """The operations as moves between vm_states, drawn from Nova's table of allowed moves; `trips`
    are those of one server.
    """

    operations: Sequence[Operation]
    trips: Sequence[Trip] = ()
    server: str = ""

    def table(self) -> Table:
        """A row per operation: the states it is allowed in, the tasks, the states it ends in."""
        columns = ("operation", "from", "task_state", "to", "fails to")
        return Table(columns, [row(one) for one in self.operations])

    def path(self) -> Table:
        """A row per operation that the server went through."""
        columns = ("", "operation", "from", "task_state", "to")
        rows = [
            (one.number, one.operation, one.before, " > ".join(one.tasks), one.after)
            for one in self.trips
        ]
        return Table(columns, rows, self.server)

    def __str__(self) -> str:
        return str(self.path() if self.server else self.table())

    __repr__ = __str__

    def svg(self) -> str:
        """vm_states across, operations down."""
        return chart_svg.draw(self)

    def _repr_svg_(self) -> str:
        return self.svg()


def row(one: Operation) -> tuple[str, str, str, str, str]:
    """An operation in words."""
    legs = one.legs
    ways = {
        "from": [*one.stays, *(str(before) for before, _ in legs if before)],
        "to": [*one.stays, *(after for _, after in legs)],
    }
    before, after = (", ".join(state for state in ORDER if state in way) for way in ways.values())
    return one.name, before, " > ".join(one.tasks), after, "error" if one.fails else ""


def chart(only: Any = None, history: History | None = None) -> States:
    """The figure of all operations, of those named in `only`, or of those of one server's history.

    Raises `UsageError` for an operation that there is not.
    """
    known = operations()
    taken = trips(known, history) if history else []
    shown = chosen(known, only) if only else known
    if history and not only:
        names = {one.name: one for one in known}
        shown = [names[name] for name in dict.fromkeys(trip.operation for trip in taken)]
    return States(shown, taken, history.name if history else "")


def chosen(known: Sequence[Operation], only: str | Iterable[str]) -> list[Operation]:
    """The operations of those names."""
    asked = [only] if isinstance(only, str) else only
    if not isinstance(asked, list | tuple) or not all(isinstance(one, str) for one in asked):
        raise UsageError(
            f'only={only!r} names no operations: give one, only="resize", or a list of them'
        )
    for name in asked:
        if not any(one.called(name) for one in known):
            raise unknown("operation", name, {n for one in known for n in one.name.split(", ")})
    return [one for one in known if any(map(one.called, asked))]


# --- the way of one server ------------------------------------------------------------------------


def trips(known: Sequence[Operation], history: History) -> list[Trip]:
    """The operations that a server went through, one after the other."""
    found: list[Trip] = []
    for run in runs(history.states):
        name = named(known, run)
        if name:
            tasks = dict.fromkeys(one.task_state for one in run[1:] if one.task_state)
            number, after = len(found) + 1, str(run[-1].vm_state)
            found.append(Trip(number, name, run[0].vm_state, after, list(tasks)))
    return found


def runs(states: Sequence[State]) -> list[list[State]]:
    """The states from one in which nothing is being done to the next; the first begins with
    none.
    """
    found: list[list[State]] = []
    run = [State(-1, 0.0, None, None, "", None)]
    for state in states:
        run.append(state)
        if state.task_state is None and state.vm_state != VmState.BUILDING:
            found.append(run)
            run = [state]
    return [*found, run] if len(run) > 1 else found


def named(known: Sequence[Operation], run: Sequence[State]) -> str:
    """The operation that a run of states is; empty where it changed neither state nor task."""
    moves = [(pair(one), pair(other)) for one, other in pairwise(run)]
    first = next((move for move in moves if move[0] != move[1]), None)
    begun = (one.name for one in known if first and first in {key(move) for move in one.firsts})
    return next(begun, "")


def pair(state: State) -> Pair:
    """A state as the table has it."""
    return Pair(state.vm_state, state.task_state)


def key(move: Move) -> tuple[Pair, Pair]:
    """What a move changes."""
    return move.before, move.after

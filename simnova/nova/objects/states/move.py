"""How the table of moves is written: an operation is a line of tasks between two states."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from simnova.nova.objects.states.names import State, TaskState, VmState


class Move(NamedTuple):
    """An allowed change of a server's state, and the step of Nova's that makes it."""

    before: State
    after: State
    by: str


def operation(
    asked: str,
    done: str,
    starts: Iterable[VmState],
    tasks: Sequence[TaskState],
    ends: VmState | None = None,
    fails: bool = False,
) -> list[Move]:
    """The moves of an operation: `asked` by the API, `done` by a service, the tasks one after another.

    It may start in any of `starts` and ends in `ends`, or where it began. What fails gives the task back
    (`reverts_task_state`); where it `fails` for good, the server is in ERROR, its task with it for a moment.
    """
    moves = []
    for vm in starts:
        line = [State(vm, task) for task in tasks]
        moves.append(Move(State(vm, None), line[0], f"api: {asked}"))
        moves += [Move(one, other, done) for one, other in pairwise(line)]
        moves.append(Move(line[-1], State(ends or vm, None), done))
        moves += [Move(state, State(vm, None), f"{done} has failed") for state in line]
        if fails:
            for one in line:
                kept = State(VmState.ERROR, one.task)
                moves += [
                    Move(before, after, f"{done} has failed")
                    for before, after in pairwise((one, kept, State(VmState.ERROR, None)))
                    if before != after
                ]
                moves.append(Move(one, State(VmState.ERROR, None), f"{done} has failed"))
    return moves


def states_of(moves: Iterable[Move]) -> list[State]:
    """Every state that the moves lead to, in order of name."""
    return sorted({move.after for move in moves}, key=str)

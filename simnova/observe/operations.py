"""The operations on a server as moves between its states, read from the table of allowed moves
(`nova/objects/states`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from simnova.nova.objects.states import MOVES, Move, VmState

T = TypeVar("T")
Leg = tuple[str | None, str]
"""From one vm_state to another; None before the server has a row."""

ORDER: Final = (
    VmState.BUILDING,
    VmState.ACTIVE,
    VmState.STOPPED,
    VmState.PAUSED,
    VmState.SUSPENDED,
    VmState.RESCUED,
    VmState.RESIZED,
    VmState.SHELVED,
    VmState.SHELVED_OFFLOADED,
    VmState.ERROR,
    VmState.SOFT_DELETED,
    VmState.DELETED,
)
"""The vm_states from left to right."""

_ASKED = "api: "
_NAMES = {
    "conductor: instance.create in the cell": "create",
    "compute: confirm_resize": "confirmResize",
    "api: delete, to be reclaimed": "delete (soft)",
    "api: delete, to be reclaimed, of one that is being deleted already": "delete (soft)",
    "api: delete, to be reclaimed, of one that is being evacuated": "delete (soft)",
    "api: delete, without a host that is up": "delete",
}
"""The moves that begin an operation without saying so, and those whose words are no name."""


@dataclass
class Operation:
    """One operation: the vm_states it leads from and to, those it `stays` in, the tasks on the way,
    and whether the server is in ERROR where it fails.
    """

    name: str
    legs: list[Leg] = field(default_factory=list)
    stays: list[str] = field(default_factory=list)
    tasks: list[str] = field(default_factory=list)
    fails: bool = False
    firsts: set[Move] = field(default_factory=set)

    def called(self, name: str) -> bool:
        """Whether this is the operation of that name: resize is one with migrate."""
        return name in (self.name, *self.name.split(", "), self.name.partition(" ")[0])


def operations(moves: Iterable[Move] = MOVES) -> list[Operation]:
    """Every operation of the table, in its order."""
    table = list(moves)
    found: dict[str, Operation] = {}
    after: dict[object, list[Move]] = {}
    for move in table:
        after.setdefault(move.before, []).append(move)
    for move in filter(begins, table):
        name = _NAMES.get(move.by, move.by.removeprefix(_ASKED))
        walk(found.setdefault(name, Operation(name)), move, lambda one: after.get(one.after, []))
    return list(found.values())


def begins(move: Move) -> bool:
    """Whether a move begins an operation."""
    return move.by.startswith(_ASKED) or move.by in _NAMES


def fails(move: Move) -> bool:
    """Whether a move is that of a failure."""
    into_error = move.after.vm == VmState.ERROR != move.before.vm
    return move.by.endswith("has failed") or (into_error and not move.by.startswith(_ASKED))


def strays(move: Move) -> bool:
    """Whether a move is none of an operation's own: it fails, begins another, or is the end of a
    server that nobody is deleting.
    """
    given_up = move.after.vm == VmState.DELETED and move.before.task is None
    return fails(move) or begins(move) or given_up


def walk(found: Operation, first: Move, onward: Callable[[Move], list[Move]]) -> None:
    """Go all the ways that an operation may take from its first move on, until nothing is being
    done any more.
    """
    found.firsts.add(first)
    ways, seen, left = [first], {first}, first.before.vm
    while ways:
        move = ways.pop(0)
        take(found, move, left)
        goes = [] if settled(move) else onward(move)
        found.fails |= any(map(breaks, goes))
        ways += [one for one in goes if not strays(one) and one not in seen]
        seen |= set(goes)


def breaks(move: Move) -> bool:
    """Whether a move is a failure after which the server is in ERROR, where it was not."""
    return fails(move) and move.after.vm == VmState.ERROR != move.before.vm


def settled(move: Move) -> bool:
    """Whether nothing is being done to the server after a move."""
    return move.after.task is None and move.after.vm != VmState.BUILDING


def take(found: Operation, move: Move, left: str | None) -> None:
    """Note a move of an operation that began in the vm_state `left`."""
    if move.before.vm != move.after.vm:
        keep(found.legs, (move.before.vm, str(move.after.vm)))
    elif settled(move) and move.after.vm == left:
        keep(found.stays, str(left))
    if move.after.task:
        keep(found.tasks, str(move.after.task))


def keep(things: list[T], thing: T) -> None:
    """Keep a thing once."""
    if thing not in things:
        things.append(thing)

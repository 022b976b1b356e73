"""Moves that are allowed from any state: delete, soft delete, reset; and what undoes a soft delete."""

from __future__ import annotations

from collections.abc import Iterable

from simnova.nova.objects.states.move import Move, operation, states_of
from simnova.nova.objects.states.names import State, TaskState, VmState

_A, _E, _SOFT = VmState.ACTIVE, VmState.ERROR, VmState.SOFT_DELETED
_DELETING, _SOFT_DELETING = TaskState.DELETING, TaskState.SOFT_DELETING
_GONE = State(VmState.DELETED, None)

_BY_TERMINATE = "compute: terminate_instance"


def moves_from(others: Iterable[Move]) -> list[Move]:
    """The moves that start from every state of the others."""
    restore = operation("restore", "compute: restore_instance", (_SOFT,), [TaskState.RESTORING], _A)
    states = [*states_of([*others, *restore]), State(_SOFT, None)]
    found = [*restore, Move(_GONE, State(_E, None), "compute: what it was about to do has failed")]
    for state in states:
        found.append(Move(state, State(state.vm, _DELETING), "api: delete"))
        found.append(Move(state, State(state.vm, _SOFT_DELETING), "api: delete, to be reclaimed"))
        found += [Move(state, State(vm, None), "api: resetState") for vm in (_A, _E)]
    for vm in sorted({str(state.vm) for state in states}):
        found += _ends(vm)
    return found


def _ends(vm: str) -> list[Move]:
    deleting, soft = State(vm, _DELETING), State(vm, _SOFT_DELETING)
    return [
        *(Move(before, _GONE, _BY_TERMINATE) for before in (deleting, State(vm, None))),
        *(Move(deleting, State(to, None), f"{_BY_TERMINATE} has failed") for to in (vm, _E)),
        *(
            Move(one, State(_E, one.task), f"{_BY_TERMINATE} has failed")
            for one in (deleting, soft)
        ),
        Move(soft, State(_SOFT, None), "compute: soft_delete_instance"),
        Move(soft, State(vm, None), "compute: soft_delete_instance has failed"),
        Move(soft, deleting, "api: forceDelete"),
        Move(soft, _GONE, "api: delete, without a host that is up"),
        Move(deleting, soft, "api: delete, to be reclaimed, of one that is being deleted already"),
        *(
            Move(one, State(to, None), "api: resetState")
            for one in (deleting, soft)
            for to in (_A, _E)
        ),
    ]

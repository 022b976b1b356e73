"""The states of a server and the moves between them: their only home.

`vm_state` says what the server is, `task_state` what is being done to it, `power_state` what the hypervisor sees
(`nova/compute/vm_states.py`, `task_states.py`, `power_state.py`). `MOVES` is the table of allowed moves, a module of
it for each group of operations; a change that is not in it is journalled as `state.unexpected`. Diagrams are drawn
from it.
"""

from __future__ import annotations

from simnova.nova.objects.states import anywhere, boot, image, moving, power, shelve, startup
from simnova.nova.objects.states.move import Move
from simnova.nova.objects.states.names import PowerState, State, TaskState, VmState

OPERATIONS: tuple[Move, ...] = (
    *boot.MOVES,
    *power.MOVES,
    *image.MOVES,
    *shelve.MOVES,
    *moving.MOVES,
    *startup.MOVES,
)
"""The moves of all operations that start from some states only."""

MOVES: tuple[Move, ...] = (*OPERATIONS, *anywhere.moves_from(OPERATIONS))
_ALLOWED = {(move.before, move.after) for move in MOVES}


def allowed(before: State, after: State) -> bool:
    """Whether a server may go from one state to the other in one step."""
    return before == after or (before, after) in _ALLOWED


__all__ = ["MOVES", "OPERATIONS", "Move", "PowerState", "State", "TaskState", "VmState", "allowed"]

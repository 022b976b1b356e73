"""Moves of the operations that take a server to another host or another flavor."""

from __future__ import annotations

from simnova.nova.objects.states.move import Move, operation
from simnova.nova.objects.states.names import State, TaskState, VmState

_A, _E, _P, _S, _R = (
    VmState.ACTIVE,
    VmState.ERROR,
    VmState.PAUSED,
    VmState.STOPPED,
    VmState.RESIZED,
)
_T = TaskState

_RESIZE = (_T.RESIZE_PREP, _T.RESIZE_MIGRATING, _T.RESIZE_MIGRATED, _T.RESIZE_FINISH)
_BY_REVERT = "compute: finish_revert_resize"
_BY_EVACUATE = "compute: rebuild_instance of an evacuation"

_CONFIRM = [
    Move(State(_R, task), State(to, None), "compute: confirm_resize")
    for task in (None, _T.DELETING, _T.SOFT_DELETING)
    for to in (_A, _S)
] + [Move(State(_R, None), State(_E, None), "compute: confirm_resize has failed")]

_REVERT = [
    *operation("revertResize", _BY_REVERT, (_R,), [_T.RESIZE_REVERTING], _A, fails=True),
    Move(State(_R, _T.RESIZE_REVERTING), State(_R, _T.POWERING_OFF), _BY_REVERT),
    Move(State(_R, _T.POWERING_OFF), State(_S, None), "compute: stop_instance"),
    Move(State(_R, _T.POWERING_OFF), State(_R, None), "compute: stop_instance has failed"),
    Move(State(_R, _T.POWERING_OFF), State(_E, _T.POWERING_OFF), f"{_BY_REVERT} has failed"),
]

_GONE = State(VmState.DELETED, None)
_LOST = [
    move
    for task in _RESIZE[1:]
    for move in (
        *(
            Move(before, State(_E, task), "compute: a move that a deletion came before")
            for before in (*(State(vm, _T.DELETING) for vm in (_A, _S, _E)), _GONE)
        ),
        Move(State(_E, task), _GONE, "compute: terminate_instance"),
    )
]
"""The step that came too late writes ERROR, and with it the task that it could not begin."""

_EVACUATE = [
    Move(State(vm, task), State(vm, _T.REBUILDING), "api: evacuate")
    for vm in (_A, _S, _E)
    for task in _T
    if task != _T.REBUILDING
] + [Move(State(vm, _T.REBUILD_SPAWNING), State(_A, None), _BY_EVACUATE) for vm in (_A, _S, _E)]

MOVES: list[Move] = [
    *operation("resize, migrate", "compute: finish_resize", (_A, _S), _RESIZE, _R, fails=True),
    *_CONFIRM,
    *_REVERT,
    *_LOST,
    *operation("os-migrateLive", "compute: live_migration", (_A, _P), [_T.MIGRATING], fails=True),
    *_EVACUATE,
]

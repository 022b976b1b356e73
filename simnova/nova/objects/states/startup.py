"""Moves of nova-compute's start (`_init_instance`), and of a step whose task that start has taken away."""

from __future__ import annotations

from simnova.nova.objects.states.move import Move
from simnova.nova.objects.states.names import State, TaskState, VmState

_A, _E, _S = VmState.ACTIVE, VmState.ERROR, VmState.STOPPED
_T = TaskState

_SOFT = (_T.REBOOTING, _T.REBOOT_PENDING, _T.REBOOT_STARTED)
_STEPS = (
    *(_T.RESIZE_MIGRATING, _T.RESIZE_MIGRATED, _T.RESIZE_FINISH),
    *(_T.REBUILD_BLOCK_DEVICE_MAPPING, _T.REBUILD_SPAWNING),
)
_AFTERWARDS = (_A, _S, _E, VmState.SOFT_DELETED)
_BY_START = "compute: init_host"

MOVES: list[Move] = [
    *(
        Move(State(_A, task), State(_A, _T.REBOOT_PENDING_HARD), f"{_BY_START}, the guest is off")
        for task in _SOFT
    ),
    *(
        Move(
            State(vm, found),
            State(_E, task),
            "compute: a step that comes too late, its service has started or somebody else was there",
        )
        for task in _STEPS
        for vm in _AFTERWARDS
        for found in (None, _T.SOFT_DELETING)
    ),
    *(
        Move(
            State(vm, _T.REBUILDING),
            State(VmState.SOFT_DELETED, None),
            "api: delete, to be reclaimed, of one that is being evacuated",
        )
        for vm in (_A, _S, _E)
    ),
]
"""The step that comes too late writes ERROR, and with it the task that it could not begin."""

"""Moves of shelving a server and of taking it from the shelf."""

from __future__ import annotations

from simnova.nova.objects.states.move import Move, operation
from simnova.nova.objects.states.names import State, TaskState, VmState

_A, _S = VmState.ACTIVE, VmState.SHELVED
_OFFLOADED = VmState.SHELVED_OFFLOADED
_FROM = (_A, VmState.STOPPED, VmState.PAUSED, VmState.SUSPENDED)
_T = TaskState

_SHELVE = (_T.SHELVING, _T.SHELVING_IMAGE_PENDING_UPLOAD, _T.SHELVING_IMAGE_UPLOADING)
_BY_SHELVE, _BY_OFFLOAD = "compute: shelve_instance", "compute: shelve_offload_instance"

MOVES: list[Move] = [
    *operation("shelve", _BY_SHELVE, _FROM, _SHELVE, _S),
    *(
        Move(State(vm, _T.SHELVING), State(vm, _T.SHELVING_IMAGE_UPLOADING), _BY_SHELVE)
        for vm in _FROM
    ),
    *(
        Move(State(vm, _T.SHELVING_IMAGE_UPLOADING), State(_S, _T.SHELVING_OFFLOADING), _BY_SHELVE)
        for vm in _FROM
    ),
    *operation("shelveOffload", _BY_OFFLOAD, (_S,), [_T.SHELVING_OFFLOADING], _OFFLOADED),
    *operation("unshelve", "compute: start_instance", (_S,), (_T.UNSHELVING, _T.POWERING_ON), _A),
    *operation(
        "unshelve", "compute: unshelve_instance", (_OFFLOADED,), (_T.UNSHELVING, _T.SPAWNING), _A
    ),
]

"""Moves of the operations that make an image of a server, or a server of an image anew."""

from __future__ import annotations

from simnova.nova.objects.states.move import Move, operation
from simnova.nova.objects.states.names import State, TaskState, VmState

_A, _E, _P, _S = VmState.ACTIVE, VmState.ERROR, VmState.PAUSED, VmState.STOPPED
_FROM = (_A, _S, _P, VmState.SUSPENDED)
_T = TaskState

_UPLOAD = (_T.IMAGE_PENDING_UPLOAD, _T.IMAGE_UPLOADING)
_SNAPSHOT = (_T.IMAGE_SNAPSHOT_PENDING, _T.IMAGE_SNAPSHOT)
_REBUILD = (_T.REBUILDING, _T.REBUILD_BLOCK_DEVICE_MAPPING, _T.REBUILD_SPAWNING)

MOVES: list[Move] = [
    *operation("createImage", "compute: snapshot_instance", _FROM, (*_SNAPSHOT, *_UPLOAD)),
    *operation("createBackup", "compute: backup_instance", _FROM, (_T.IMAGE_BACKUP, *_UPLOAD)),
    *(
        Move(State(vm, task), State(vm, _T.IMAGE_UPLOADING), "compute: the driver uploads at once")
        for vm in _FROM
        for task in (_T.IMAGE_SNAPSHOT, _T.IMAGE_BACKUP)
    ),
    *operation("rebuild", "compute: rebuild_instance", (_A, _S, _E), _REBUILD, _A, fails=True),
    Move(
        State(_A, None),
        State(_A, _T.POWERING_OFF),
        "compute: rebuild_instance of a server that was stopped",
    ),
    Move(
        State(_S, _T.REBUILD_SPAWNING),
        State(_A, _T.POWERING_OFF),
        "compute: rebuild_instance of a server that was stopped",
    ),
]

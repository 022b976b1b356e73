"""Moves of a boot, and of one that fails."""

from __future__ import annotations

from itertools import pairwise

from simnova.nova.objects.states.move import Move
from simnova.nova.objects.states.names import State, TaskState, VmState

_B, _A, _E = VmState.BUILDING, VmState.ACTIVE, VmState.ERROR
_T = TaskState

_BOOT = [
    Move(State(None, None), State(_B, _T.SCHEDULING), "conductor: instance.create in the cell"),
    Move(State(_B, _T.SCHEDULING), State(_B, None), "compute: the build begins"),
    Move(State(_B, None), State(_B, _T.NETWORKING), "compute: network allocation"),
    Move(State(_B, _T.NETWORKING), State(_B, _T.BLOCK_DEVICE_MAPPING), "compute: block devices"),
    Move(State(_B, _T.BLOCK_DEVICE_MAPPING), State(_B, _T.SPAWNING), "compute: driver.spawn"),
    Move(State(_B, _T.SPAWNING), State(_A, None), "compute: the guest runs"),
]
_FAILURE = [
    Move(State(_B, task), State(_B, _T.SCHEDULING), "compute: reschedule to an alternate")
    for task in (None, _T.NETWORKING, _T.BLOCK_DEVICE_MAPPING, _T.SPAWNING)
] + [
    Move(
        State(_B, task),
        State(_E, None),
        "no valid host, no alternate left, or the build was aborted",
    )
    for task in (_T.SCHEDULING, None, _T.NETWORKING, _T.BLOCK_DEVICE_MAPPING, _T.SPAWNING)
]
_TIMED_OUT = [
    Move(State(_B, task), State(_E, task), "compute: _check_instance_build_time")
    for task in (_T.NETWORKING, _T.BLOCK_DEVICE_MAPPING, _T.SPAWNING)
]
"""The build itself knows nothing of it, and goes on."""

_TASKS = (None, _T.NETWORKING, _T.BLOCK_DEVICE_MAPPING, _T.SPAWNING)
_TAKEN_UP = [
    *(Move(State(_E, one), State(_E, other), "compute: build") for one, other in pairwise(_TASKS)),
    Move(State(_E, _T.SPAWNING), State(_A, None), "compute: the guest runs"),
    *(Move(State(_E, task), State(_E, None), "compute: the build has failed") for task in _TASKS),
]
"""A request has waited in its host's queue: the host sets it to ERROR when it is back, then takes it up."""

MOVES: list[Move] = [*_BOOT, *_FAILURE, *_TIMED_OUT, *_TAKEN_UP]

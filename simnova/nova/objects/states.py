"""The states of a server and the moves between them: their only home.

`vm_state` says what the server is, `task_state` what is being done to it, `power_state` what the hypervisor sees
(`nova/compute/vm_states.py`, `task_states.py`, `power_state.py`). `MOVES` is the table of allowed moves; a change
that is not in it is journalled as `state.unexpected`. Diagrams are drawn from it.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import NamedTuple


class VmState(StrEnum):
    """What a server is, when nothing is being done to it."""

    ACTIVE = "active"
    BUILDING = "building"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    STOPPED = "stopped"
    RESCUED = "rescued"
    RESIZED = "resized"
    SOFT_DELETED = "soft-delete"
    DELETED = "deleted"
    ERROR = "error"
    SHELVED = "shelved"
    SHELVED_OFFLOADED = "shelved_offloaded"


class TaskState(StrEnum):
    """What is being done to a server; None where nothing is."""

    SCHEDULING = "scheduling"
    BLOCK_DEVICE_MAPPING = "block_device_mapping"
    NETWORKING = "networking"
    SPAWNING = "spawning"
    DELETING = "deleting"


class PowerState(IntEnum):
    """What the hypervisor sees."""

    NOSTATE = 0
    RUNNING = 1
    PAUSED = 3
    SHUTDOWN = 4
    CRASHED = 6
    SUSPENDED = 7


class State(NamedTuple):
    """A vm_state and a task_state."""

    vm: str | None
    task: str | None

    def __str__(self) -> str:
        return f"{self.vm}/{self.task or '-'}"


class Move(NamedTuple):
    """An allowed change of a server's state, and the step of Nova's that makes it."""

    before: State
    after: State
    by: str


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
_STATES = {move.after for move in (*_BOOT, *_FAILURE)}
_DELETE = [
    Move(before, State(before.vm, _T.DELETING), "api: delete")
    for before in sorted(_STATES, key=str)
] + [
    Move(State(vm, task), State(VmState.DELETED, None), "compute: terminate_instance")
    for vm in (_B, _A, _E)
    for task in (_T.DELETING, None)
]

MOVES: tuple[Move, ...] = (*_BOOT, *_FAILURE, *_DELETE)
_ALLOWED = {(move.before, move.after) for move in MOVES}


def allowed(before: State, after: State) -> bool:
    """Whether a server may go from one state to the other in one step."""
    return before == after or (before, after) in _ALLOWED

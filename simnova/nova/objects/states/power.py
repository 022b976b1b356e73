"""Moves of the operations on a guest's power: stop, start, reboot, pause, suspend, rescue, and a new password."""

from __future__ import annotations

from simnova.nova.objects.states.move import Move, operation
from simnova.nova.objects.states.names import State, TaskState, VmState

_A, _E, _P, _S = VmState.ACTIVE, VmState.ERROR, VmState.PAUSED, VmState.STOPPED
_SUSPENDED, _RESCUED = VmState.SUSPENDED, VmState.RESCUED
_T = TaskState

_SOFT = (_T.REBOOTING, _T.REBOOT_PENDING, _T.REBOOT_STARTED)
_HARD = (_T.REBOOTING_HARD, _T.REBOOT_PENDING_HARD, _T.REBOOT_STARTED_HARD)
_HARD_FROM = (_A, _S, _P, _SUSPENDED, _E)
_INTERRUPTED = (
    State(_A, _T.REBOOTING),
    State(_A, _T.REBOOT_PENDING),
    State(_A, _T.REBOOT_STARTED),
    State(_A, _T.PAUSING),
    State(_P, _T.UNPAUSING),
    State(_A, _T.SUSPENDING),
    State(_SUSPENDED, _T.RESUMING),
)
"""What a hard reboot may interrupt (`task_states.ALLOW_REBOOT`)."""

_BY_SYNC = "compute: _sync_power_states"
_BY_STOP = "compute: stop_instance"
_NOT_AS_ITS_SERVER = [
    move
    for vm in (_S, _P)
    for stopping in [State(vm, _T.POWERING_OFF)]
    for move in (
        Move(State(vm, None), stopping, _BY_SYNC),
        Move(stopping, State(_S, None), _BY_STOP),
        Move(stopping, State(vm, None), f"{_BY_STOP} has failed"),
    )
]
"""A guest runs whose server is stopped, or is off whose server is paused: nova-compute stops it by itself."""

MOVES: list[Move] = [
    *operation("stop", "compute: stop_instance", (_A, _E), [_T.POWERING_OFF], _S),
    *operation("start", "compute: start_instance", (_S,), [_T.POWERING_ON], _A),
    *operation("reboot SOFT", "compute: reboot_instance", (_A,), _SOFT, _A, fails=True),
    *operation("reboot HARD", "compute: reboot_instance", _HARD_FROM, _HARD, _A, fails=True),
    *(
        Move(state, State(state.vm, _T.REBOOTING_HARD), "api: reboot HARD")
        for state in _INTERRUPTED
    ),
    *operation("pause", "compute: pause_instance", (_A,), [_T.PAUSING], _P),
    *operation("unpause", "compute: unpause_instance", (_P,), [_T.UNPAUSING], _A),
    *operation(
        "suspend", "compute: suspend_instance", (_A,), [_T.SUSPENDING], _SUSPENDED, fails=True
    ),
    *operation("resume", "compute: resume_instance", (_SUSPENDED,), [_T.RESUMING], _A, fails=True),
    *operation(
        "rescue", "compute: rescue_instance", (_A, _S, _E), [_T.RESCUING], _RESCUED, fails=True
    ),
    *operation(
        "unrescue", "compute: unrescue_instance", (_RESCUED,), [_T.UNRESCUING], _A, fails=True
    ),
    *operation(
        "changePassword", "compute: set_admin_password", (_A,), [_T.UPDATING_PASSWORD], fails=True
    ),
    *_NOT_AS_ITS_SERVER,
]

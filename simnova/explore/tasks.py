"""Tasks on which nobody works any more, of servers that were built: which a restart takes up, which nobody does.

Nova sets a task in its API and casts. Where the cast is lost, or the service that had it, the task stays: what
`_init_instance` (`nova/compute/manager.py`) names goes on when nova-compute starts, the rest until somebody acts.
"""

from __future__ import annotations

from simnova.cloud.cloud import Cloud
from simnova.cloud.server import Server
from simnova.explore.facts import Facts
from simnova.explore.hang import Hang, restart_compute
from simnova.nova.objects.states import TaskState as T
from simnova.nova.objects.states import VmState as V

_TAKEN_UP = {
    *(T.POWERING_OFF, T.POWERING_ON),
    *(T.REBOOTING, T.REBOOT_PENDING, T.REBOOT_STARTED),
    *(T.REBOOTING_HARD, T.REBOOT_PENDING_HARD, T.REBOOT_STARTED_HARD),
    *(T.IMAGE_SNAPSHOT_PENDING, T.IMAGE_SNAPSHOT, T.IMAGE_PENDING_UPLOAD, T.IMAGE_UPLOADING),
    *(T.RESIZE_PREP, T.RESIZE_MIGRATING, T.MIGRATING, T.DELETING),
    *(T.SCHEDULING, T.NETWORKING, T.BLOCK_DEVICE_MAPPING, T.SPAWNING),
}
_REBUILDING = (T.REBUILDING, T.REBUILD_BLOCK_DEVICE_MAPPING, T.REBUILD_SPAWNING)
_IN_ERROR_TOO = (T.DELETING, T.RESIZE_MIGRATING)
_BETWEEN = (T.RESIZE_MIGRATED, T.RESIZE_FINISH, T.RESIZE_REVERTING, T.RESIZE_CONFIRMING)


# --- what an operator does --------------------------------------------------------------------------------------------


def _restart(cloud: Cloud, server: Server) -> None:
    restart_compute(cloud, server.host)


def _restart_or_set_error(cloud: Cloud, server: Server) -> None:
    _restart(cloud, server)
    if server.task_state is not None:
        _set_error(cloud, server)


def _set_active(cloud: Cloud, server: Server) -> None:
    server.reset_state("active")
    server.reboot("HARD")
    cloud.run()


def _set_error(cloud: Cloud, server: Server) -> None:
    server.reset_state("error")
    cloud.run()


def _force_delete(cloud: Cloud, server: Server) -> None:
    server.reset_state("error")
    server.force_delete()
    cloud.run()


# --- what it is known by ----------------------------------------------------------------------------------------------


def _hangs(facts: Facts) -> bool:
    return facts.task_state is not None and facts.vm_state != V.BUILDING


def _in_error(facts: Facts) -> bool:
    return _hangs(facts) and facts.vm_state == V.ERROR and facts.task_state not in _IN_ERROR_TOO


def _taken_up(facts: Facts) -> bool:
    left = facts.vm_state == V.SOFT_DELETED or not facts.host or _in_error(facts)
    return _hangs(facts) and not left and facts.task_state in _TAKEN_UP


def _rebuilding(facts: Facts) -> bool:
    return _hangs(facts) and bool(facts.host) and facts.task_state in _REBUILDING


def _deleting(facts: Facts) -> bool:
    return _hangs(facts) and facts.task_state in (T.DELETING, T.SOFT_DELETING)


def _between(facts: Facts) -> bool:
    return _hangs(facts) and facts.task_state in _BETWEEN


def _half_deleted(facts: Facts) -> bool:
    return facts.vm_state == V.DELETED and bool(facts.row and facts.host)


def _ignored(facts: Facts) -> bool:
    lives = facts.vm_state not in (None, V.BUILDING, V.ERROR, V.DELETED)
    return facts.action is None and lives and facts.mapped and bool(facts.host)


def _off_the_shelf(facts: Facts) -> bool:
    return _hangs(facts) and not facts.host


TASKS: tuple[Hang, ...] = (
    Hang(
        "deletion that was not finished",
        "The guest and the ports are gone and the server is noted as deleted; then Placement did not take its "
        "allocation back, without which nova-compute does not delete the row, or the message that was to do so was "
        "lost. It is DELETED and stays in the lists, and Placement holds its room.",
        "restart nova-compute: `_init_instance` completes the deletion of what is DELETED and still has a row",
        _half_deleted,
        _restart,
    ),
    Hang(
        "ERROR with a task",
        "A step that failed wrote ERROR, and with it the task that it could not begin; whoever gives the task back "
        "had been preempted. nova-compute leaves servers in ERROR alone when it starts.",
        "`openstack server set --state error`, which takes the task away",
        _in_error,
        _set_error,
    ),
    Hang(
        "task that a restart takes up",
        "The message to nova-compute, or what it had to write, was lost, and the service ran on: it looks at tasks "
        "only when it starts.",
        "restart nova-compute: `_init_instance` goes on with the task, forgets it, or sets ERROR",
        _taken_up,
        _restart,
    ),
    Hang(
        "rebuild or evacuation that nobody has",
        "The message to the conductor or to nova-compute was lost. When nova-compute starts it sets ERROR for a "
        "rebuild that it had begun; of a server that is being evacuated from it, it destroys the guest and sets "
        "nothing.",
        "restart nova-compute; `openstack server set --state error` where the task stays; then rebuild, or "
        "evacuate again",
        _rebuilding,
        _restart_or_set_error,
    ),
    Hang(
        "deletion that nobody has",
        "The message to nova-compute was lost. A second deletion is ignored while one is under way, and of a soft "
        "deletion nova-compute knows nothing when it starts.",
        "`openstack server set --state error`; `openstack server delete --force`",
        _deleting,
        _force_delete,
    ),
    Hang(
        "move between two hosts",
        "A step of a move was lost after the disk had left. Guest, disk, port and allocations lie on two hosts, and "
        "no start of nova-compute takes it up.",
        "`openstack server set --state error`; `openstack server delete --force`; `nova-manage placement audit "
        "--delete`; what is left of the guest goes with `virsh undefine`",
        _between,
        _force_delete,
    ),
    Hang(
        "unshelving that nobody has",
        "The request was lost before a host had the server: no nova-compute can look at it when it starts.",
        "`openstack server create` from the image that shelving made; `openstack server delete`",
        _off_the_shelf,
        _force_delete,
    ),
    Hang(
        "task that nobody takes up",
        "The message to nova-compute was lost, or the service died at work, and `_init_instance` does not name this "
        "task (suspending, resuming, rescuing, shelving, restoring, a backup, a password), or not as the guest is "
        "now (pausing).",
        "`openstack server set --state active`; `openstack server reboot --hard`",
        _hangs,
        _set_active,
    ),
    Hang(
        "deletion that was ignored",
        'A deletion in the midst of another: nova-api answers as if all were well, logs "Instance is already in '
        'deleting state, ignoring this request" and notes no action. Where nothing comes of the other deletion, '
        "nothing comes of this one.",
        "ask again: `openstack server delete --force`",
        _ignored,
        _force_delete,
    ),
)
"""In this order: the first that fits is the one."""

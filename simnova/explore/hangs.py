"""Where Nova itself leaves a server hanging, or something behind, and how an operator mends it.

A request whose message is lost, or whose service dies, is taken up by nobody: RPC is at most once, and no periodic task
looks for it. Each `Hang` says by what it is known, why Nova leaves it so, and what to do; `mend` does that.
"""

from __future__ import annotations

from simnova.cloud.cloud import Cloud
from simnova.cloud.server import Server
from simnova.explore.facts import Facts, look
from simnova.explore.hang import Hang as Hang
from simnova.explore.hang import restart_compute
from simnova.explore.tasks import TASKS

AUDIT = 130.0
"""Seconds in which every audit of a minute has had its turn."""

RUNNING_DELETED = 1900.0
"""Seconds in which `_cleanup_running_deleted_instances` has had its turn: it comes every 1800."""


def hang_of(cloud: Cloud, server: Server, request: str = "%") -> Hang | None:
    """The hang that a server is in; None where it is in none. `request` is the id of one that has no end."""
    return hang_in(look(cloud, server.id, request))


def hang_in(facts: Facts) -> Hang | None:
    """The hang that such facts tell of."""
    return next((hang for hang in HANGS if hang.known(facts)), None)


# --- what an operator does --------------------------------------------------------------------------------------------


def _delete(cloud: Cloud, server: Server) -> None:
    """`openstack server delete`, and the audits."""
    server.delete()
    cloud.run()
    cloud.run(cloud.now + AUDIT)


def _restart_its_host(cloud: Cloud, server: Server) -> None:
    """Where it runs, or, where no host has it yet, where Placement has room for it."""
    facts = look(cloud, server.id)
    for host in {facts.host or "", *facts.allocation} - {""}:
        restart_compute(cloud, host)


def _restart_and_delete(cloud: Cloud, server: Server) -> None:
    _restart_its_host(cloud, server)
    _delete(cloud, server)


def _map_and_delete(cloud: Cloud, server: Server) -> None:
    """SQL, as no command does it: the API is told which cell has the row."""
    cell = str(look(cloud, server.id).row)
    where = f"database_connection LIKE '%{cell}%'"
    ((number,),) = cloud.sql(f"SELECT id FROM nova_api.cell_mappings WHERE {where}")
    cloud.update_rows("nova_api.instance_mappings", {"instance_uuid": server.id}, cell_id=number)
    _delete(cloud, server)


def _heal(cloud: Cloud, server: Server) -> None:
    cloud.heal_allocations()


def _new_port(cloud: Cloud, server: Server) -> None:
    cloud.heal_allocations()
    server.attach_interface()
    cloud.run()


def _delete_and_wait(cloud: Cloud, server: Server) -> None:
    _delete(cloud, server)
    cloud.run(cloud.now + RUNNING_DELETED)


def _restart_miscounting(cloud: Cloud, server: Server) -> None:
    for host in look(cloud, server.id).miscounted:
        restart_compute(cloud, host)


def _nothing(cloud: Cloud, server: Server) -> None:
    """There is nothing to mend."""


# --- what it is known by ----------------------------------------------------------------------------------------------


def _is(facts: Facts, *states: str) -> bool:
    return facts.vm_state in states


def _unwritten(facts: Facts) -> bool:
    return facts.build_request and facts.row is None


def _unmapped(facts: Facts) -> bool:
    return facts.row is not None and not facts.mapped


def _unclaimed(facts: Facts) -> bool:
    return _is(facts, "building") and facts.row is not None and facts.host is None


def _interrupted(facts: Facts) -> bool:
    return _is(facts, "building") and facts.host is not None


def _abandoned_guest(facts: Facts) -> bool:
    return bool(set(facts.guests) - {facts.host}) and _is(facts, "error")


def _unplugged(facts: Facts) -> bool:
    return _is(facts, "active", "stopped") and not facts.ports and not facts.allocation


def _unallocated(facts: Facts) -> bool:
    return _is(facts, "active", "stopped") and facts.host is not None and not facts.allocation


def _silent_error(facts: Facts) -> bool:
    return _is(facts, "error") and facts.fault is None


def _left_behind(facts: Facts) -> bool:
    return _is(facts, "error") and bool(facts.allocation or facts.ports)


def _miscounting(facts: Facts) -> bool:
    return bool(facts.miscounted) and facts.task_state is None


def _open(facts: Facts) -> bool:
    at_rest = facts.task_state is None and facts.status not in (None, "DELETED")
    return at_rest and facts.action in ("open", "no event")


HANGS: tuple[Hang, ...] = (
    Hang(
        "request without a server",
        "schedule_and_build_instances is a cast: nova-api has answered 202 and has forgotten it. Where the "
        "message or the conductor that had it is lost, nobody asks again: BUILD for ever, with neither action "
        "nor fault, only the build request; what the scheduler had claimed by then is held as well.",
        "`openstack server delete`: the API withdraws the build request and gives back what Placement holds "
        "for it",
        _unwritten,
        _delete,
    ),
    Hang(
        "row without a cell",
        "The conductor died after it had written the server into its cell and before it had noted in the "
        "API's database which cell that is. The API shows the build request, BUILD for ever; a delete would "
        "remove that alone, and the row would stay as a ghost that lists show and nobody can delete.",
        "SQL, as no command does it: set the `cell_id` of the server's row in `nova_api.instance_mappings`; "
        "then `openstack server delete`",
        _unmapped,
        _map_and_delete,
    ),
    Hang(
        "build that no host has",
        "build_and_run_instance was lost, or nova-compute died or failed before it had claimed the server: "
        "BUILD for ever on no host. Nobody retries a cast; `instance_build_timeout` (off by default) looks "
        "only at the servers of a host.",
        "`openstack server delete`, which the API does by itself as there is no host; or restart nova-compute "
        "on the host that holds room for it: its init_host finds it by its allocation and sets ERROR",
        _unclaimed,
        _delete,
    ),
    Hang(
        "build that was interrupted",
        "nova-compute could not write what it did, nor that it failed: its calls to the conductor timed out, "
        "those of its clean-up too. Nobody works on it, and nova-compute, which did not die, looks for such "
        "servers only at its start.",
        "restart nova-compute: init_host sets ERROR (\"Instance failed to spawn correctly\"); then `openstack "
        "server delete`. With `instance_build_timeout` set a periodic task sets ERROR by itself",
        _interrupted,
        _restart_and_delete,
    ),
    *TASKS,
    Hang(
        "guest that nobody owns",
        "The guest was started, and the reply to the last save of its server was lost: nova-compute takes the "
        "build for failed, takes its ports and its name away, and leaves the guest running on no server's "
        "behalf.",
        "`openstack server delete`; then the periodic task `_cleanup_running_deleted_instances` destroys the "
        "guest, within `running_deleted_instance_poll_interval` (1800 s)",
        _abandoned_guest,
        _delete_and_wait,
    ),
    Hang(
        "server without ports and allocation",
        "It runs, but nova-compute heard of a timeout when it had saved that, took the build for failed, "
        "removed its ports and its allocation, and could not write the failure down.",
        "`nova-manage placement heal_allocations`; `openstack server add network`, as the address is gone; or "
        "delete it",
        _unplugged,
        _new_port,
    ),
    Hang(
        "server without an allocation",
        "It runs, but the end of its action could not be written: the error made the build one that had "
        "failed, and nova-compute deleted its allocation. The scheduler takes its room for free, and no "
        "periodic task allocates.",
        "`nova-manage placement heal_allocations`",
        _unallocated,
        _heal,
    ),
    Hang(
        "error without a fault",
        "init_host set ERROR for what it found half done; it writes no fault and ends no action, the log "
        "alone has a line. What the server has (ports, room, a guest) stays with it.",
        "`openstack server delete`",
        _silent_error,
        _delete,
    ),
    Hang(
        "error that holds something",
        "It ended in ERROR while somebody was away who should have taken something back: the scheduler's "
        "claim whose reply was lost, an allocation that a Placement that was down did not delete, a port that "
        "Neutron did not.",
        "`openstack server delete` takes it back; for what is left of servers that are gone, `nova-manage "
        "placement audit --delete`",
        _left_behind,
        _delete,
    ),
    Hang(
        "host that counts wrongly",
        "The row of the compute node was saved and the reply was lost. nova-compute takes back what it "
        "remembers of the save (`old_resources`) and so sees no difference any more, until something changes "
        "on the host. Only `hypervisor show` is wrong by it: Placement decides.",
        "restart nova-compute on that host; or the next server that comes or goes there",
        _miscounting,
        _restart_miscounting,
    ),
    Hang(
        "action without an end",
        "The server is well; only the end of its action was not written, by a service that died or whose "
        "message was lost, and nobody writes it later.",
        "nothing: it is a record and hinders nobody",
        _open,
        _nothing,
    ),
)  # fmt: skip
"""In this order: the first that fits is the one."""

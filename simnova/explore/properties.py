"""What should be true of a cloud when nobody works on it, whatever the order: each says in Nova's words what is not.

A property is a function of a cloud. It returns True or None where it holds, else False or a text that says what is
wrong; it may as well raise AssertionError. These here read the databases, and ask no service.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from simnova.cloud.equipment import conf_of
from simnova.exceptions import UsageError, one_of, quoted

if TYPE_CHECKING:
    from simnova.cloud.cloud import Cloud

Property = Callable[["Cloud"], object]

_OVER = ("confirmed", "reverted", "error", "failed", "done", "completed", "cancelled")
_INVENTORIES = """
    SELECT p.name, c.name AS class, i.total, i.reserved, i.allocation_ratio AS ratio,
           (SELECT COALESCE(SUM(a.used), 0) FROM placement.allocations a
            WHERE a.resource_provider_id = p.id AND a.resource_class_id = c.id) AS used
    FROM placement.inventories i JOIN placement.resource_providers p ON p.id = i.resource_provider_id
    JOIN placement.resource_classes c ON c.id = i.resource_class_id
"""
_ALLOCATIONS = """
    SELECT a.consumer_id, p.name AS host, c.name AS class, a.used
    FROM placement.allocations a JOIN placement.resource_providers p ON p.id = a.resource_provider_id
    JOIN placement.resource_classes c ON c.id = a.resource_class_id
"""
_SIZES = (("vcpus", "VCPU"), ("memory_mb", "MB"), ("local_gb", "GB"))


def no_server_is_lost(cloud: Cloud) -> str | None:
    """Every server that was accepted has come to an end: it runs, is deleted, or is in ERROR."""
    for request in _rows(cloud, "SELECT instance FROM nova_api.build_requests"):
        named = json.loads(request["instance"])["nova_object.data"]["display_name"]
        return f"{named} is in BUILD, no cell has it, and nobody works on it"
    known = {row["uuid"]: row for row in _instances(cloud, deleted=True)}
    for row in known.values():
        if row["vm_state"] == "building" and not row["deleted"]:
            return f"{_named(row)} is in BUILD, and nobody builds it"
    asked = "SELECT instance_uuid FROM nova_api.instance_mappings WHERE queued_for_delete = 0"
    lost = [
        one["instance_uuid"] for one in _rows(cloud, asked) if one["instance_uuid"] not in known
    ]
    return f"server {lost[0]} was accepted, and is nowhere" if lost else None


def no_task_hangs(cloud: Cloud) -> str | None:
    """No server has a task_state that nobody will ever end."""
    for row in _instances(cloud):
        if row["task_state"]:
            return f"{_named(row)} stays in task_state {row['task_state']}"
    return None


def every_server_runs(cloud: Cloud) -> str | None:
    """Every server that is not deleted is ACTIVE."""
    for row in _instances(cloud):
        if row["vm_state"] != "active":
            return f"{_named(row)} is {row['vm_state']}"
    return no_server_is_lost(cloud)


def nothing_is_oversold(cloud: Cloud) -> str | None:
    """No host gives more than it has, times its ratio: neither in Placement's books nor in its own."""
    for row in _rows(cloud, _INVENTORIES) if cloud.conf.uses_placement else ():
        room = (row["total"] - row["reserved"]) * row["ratio"]
        if row["used"] > room:
            return f"{row['name']}: {row['used']} of {room:g} {row['class']} are allocated"
    for node in _nodes(cloud):
        for (name, unit), kind in zip(_SIZES, ("cpu", "ram", "disk"), strict=True):
            room = node[name] * (node[f"{kind}_allocation_ratio"] or 1.0)
            if node[f"{name}_used"] > room:
                return f"{node['host']} counts {node[f'{name}_used']} of {room:g} {unit} as used"
    return None


def books_agree(cloud: Cloud) -> str | None:
    """Placement and every host count what the servers take, no more and no less.

    A host hears of some failures only by its next audit: search with `settle=130` to let each have its turn.
    """
    return _hosts_count(cloud) or (_placement_holds(cloud) if cloud.conf.uses_placement else None)


READY: dict[str, Property] = {
    one.__name__: one
    for one in (
        *(no_server_is_lost, no_task_hangs, every_server_runs),
        *(nothing_is_oversold, books_agree),
    )
}
"""The properties that are ready, by name."""


def as_property(given: Any, what: str = "holds") -> Property:
    """A property, or one of the ready ones by its name; raises UsageError for what is neither."""
    if isinstance(given, str):
        return READY[one_of("property", given, READY)]
    if not callable(given):
        raise UsageError(
            f"{what}={given!r}: give a function of a cloud, or one of {', '.join(READY)}"
        )
    return given  # type: ignore[no-any-return]


def wrong(prop: Property, cloud: Cloud) -> str | None:
    """What a property says is wrong with a cloud; None where it holds."""
    try:
        said = prop(cloud)
    except AssertionError as error:
        return str(error).partition("\n")[0] or f"{_name(prop)} does not hold"
    if said is None or isinstance(said, str):
        return said
    if said not in (True, False):
        raise UsageError(
            f"{_name(prop)} returned {quoted(said)}: return True where it holds, else False or a text"
        )
    return None if said else f"{_name(prop)} does not hold"


def _name(prop: Property) -> str:
    return getattr(prop, "__name__", "the property").replace("<lambda>", "the property")


# --- what the books say -----------------------------------------------------------------------------------------


def _hosts_count(cloud: Cloud) -> str | None:
    moving = _moving(cloud)
    taken: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in _instances(cloud):
        if row["host"]:
            sizes = (row["vcpus"], row["memory_mb"], row["root_gb"] + row["ephemeral_gb"])
            taken[row["host"]] = [a + b for a, b in zip(taken[row["host"]], sizes, strict=True)]
    for node in _nodes(cloud):
        host = node["host"]
        for (name, unit), its, kept in zip(_SIZES, taken[host], _kept(cloud, host), strict=True):
            counted = node[f"{name}_used"]
            if host not in moving and counted != its + kept:
                own = f", and it keeps {kept:g} for itself" if kept else ""
                return f"{host} counts {counted} {unit} as used: its servers take {its}{own}"
    return None


def _placement_holds(cloud: Cloud) -> str | None:
    rows = {row["uuid"]: row for row in _instances(cloud)}
    moves = {one["uuid"] for one in _per_cell(cloud, "SELECT uuid FROM {}.migrations")}
    held: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for one in _rows(cloud, _ALLOCATIONS):
        held[one["consumer_id"]][one["host"]][one["class"]] = one["used"]
    for consumer, hosts in held.items():
        named = _named(rows[consumer]) if consumer in rows else f"server {consumer}, which is gone,"
        strange = set(hosts) - {rows[consumer]["host"] if consumer in rows else None}
        if consumer not in moves and strange:
            return f"{named} holds resources of {sorted(strange)[0]} in Placement"
    for uuid, row in rows.items():
        wanted = _wanted(row)
        settled = row["vm_state"] not in ("building", "error", "resized") and not row["task_state"]
        if row["host"] and settled and held[uuid][row["host"]] != wanted:
            return f"{_named(row)} takes {wanted}, and holds {dict(held[uuid][row['host']])} in Placement"
    return None


def _wanted(row: dict[str, Any]) -> dict[str, int]:
    disk = row["root_gb"] + row["ephemeral_gb"]
    sizes = {"VCPU": row["vcpus"], "MEMORY_MB": row["memory_mb"], "DISK_GB": disk}
    return {name: amount for name, amount in sizes.items() if amount}


def _kept(cloud: Cloud, host: str) -> tuple[float, float, float]:
    """What a host keeps for itself: CPUs, MB, GB."""
    conf = conf_of(cloud.assembly.hosts[host], cloud.conf)
    disk = -(-conf.reserved_host_disk_mb // 1024)
    return conf.reserved_host_cpus, conf.reserved_host_memory_mb, disk


def _moving(cloud: Cloud) -> set[str]:
    """The hosts between which a server is, or may still go back."""
    rows = _per_cell(cloud, "SELECT source_compute, dest_compute, status FROM {}.migrations")
    open_ = [row for row in rows if row["status"] not in _OVER]
    return {str(row[end]) for row in open_ for end in ("source_compute", "dest_compute")}


def _nodes(cloud: Cloud) -> Iterator[dict[str, Any]]:
    return _per_cell(cloud, "SELECT * FROM {}.compute_nodes WHERE deleted = 0")


def _instances(cloud: Cloud, deleted: bool = False) -> Iterator[dict[str, Any]]:
    return _per_cell(
        cloud, "SELECT * FROM {}.instances" + ("" if deleted else " WHERE deleted = 0")
    )


def _per_cell(cloud: Cloud, statement: str) -> Iterator[dict[str, Any]]:
    """The rows of every cell, cell0 included."""
    for name in cloud.assembly.databases.metadata:
        if name.startswith("nova_cell"):
            yield from _rows(cloud, statement.format(name))


def _rows(cloud: Cloud, statement: str) -> list[dict[str, Any]]:
    return cloud.assembly.databases.sql(statement).as_dicts()


def _named(row: dict[str, Any]) -> str:
    place = f" on {row['host']}" if row["host"] else ""
    return f"{row['display_name']}{place}"

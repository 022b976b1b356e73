"""A decision of a running cloud as a scenario: rebuilt from the rows at its step and from the request."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from simnova.exceptions import UsageError
from simnova.kernel.journal import Journal
from simnova.observe import candidates, logs, placed, rows
from simnova.observe.decision import Decision, request_of
from simnova.observe.telling import fields
from simnova.scenario import hosts
from simnova.scenario.providers import DISABLED, OWNER, placement_rows
from simnova.scenario.reading import from_json

Row = dict[str, Any]

_SIZES = {
    "vcpus": "vcpus",
    "vcpus_used": "vcpus_used",
    "total_ram_mb": "memory_mb",
    "free_ram_mb": "free_ram_mb",
    "total_disk_gb": "local_gb",
    "cpu_allocation_ratio": "cpu_allocation_ratio",
    "ram_allocation_ratio": "ram_allocation_ratio",
    "disk_allocation_ratio": "disk_allocation_ratio",
    "hypervisor_type": "hypervisor_type",
    "hypervisor_version": "hypervisor_version",
    "host_ip": "host_ip",
}
_COUNTS = {
    "num_instances": "num_instances",
    "num_io_ops": "io_workload",
    "failed_builds": "failed_builds",
}
_COLUMNS = ("total", "reserved", "min_unit", "max_unit", "step_size", "allocation_ratio")
_CLASSES = {"VCPU": 0, "MEMORY_MB": 1, "DISK_GB": 2}


def scenario(journal: Journal, made: Decision, options: Mapping[str, Any]) -> Row:
    """The decision as a scenario, with the options in force as `Config.as_dict` has them.

    Raises `UsageError` where the journal has not kept what was asked (a cloud of `level="summary"`).
    """
    asked = request_of(journal, made)
    if not asked:
        raise UsageError(
            f"the journal has not kept what was asked for {made.server}: "
            'only a cloud made with level="full" can tell'
        )
    seq = looked_at(journal, made)
    found = {
        "name": made.server,
        "aggregates": aggregates(journal, seq),
        "hosts": every_host(journal, seq, made.begun),
        "request": request(asked["spec"], asked["count"]),
        **configured(options),
    }
    return stocked(journal, found, made.begun)


def looked_at(journal: Journal, made: Decision) -> int:
    """The step at which the scheduler had read its hosts: that of its first filter, or of its last word."""
    about = (
        event.seq
        for event in journal.events[made.begun : made.seq + 1]
        if event.kind in {"scheduler.filter", "scheduler.weigh"}
    )
    return next(about, made.seq)


def configured(options: Mapping[str, Any]) -> Row:
    """The options that differ from Nova's, the release, and the list of filters."""
    config = {name: dict(one) for name, one in options.items() if isinstance(one, Mapping)}
    found: Row = {"config": config, "release": options["release"]}
    enabled = config.get("filter_scheduler", {}).pop("enabled_filters", None)
    return found if enabled is None else {**found, "enabled_filters": list(enabled)}


# --- hosts ----------------------------------------------------------------------------------------


def every_host(journal: Journal, seq: int, asked: int) -> list[Row]:
    """The hosts in the order in which the scheduler reads them."""
    members = groups(journal, seq)
    services = {
        row["host"]: row
        for row in rows.in_cells(journal, seq, "services")
        if row.get("binary") == "nova-compute" and not row.get("deleted")
    }
    servers, traits = (
        instances(journal, seq),
        {p.uuid: p.traits for p in candidates.providers(journal, asked)},
    )
    now = journal[seq].time
    found = []
    for node in rows.in_cells(journal, seq, "compute_nodes"):
        if node.get("deleted") or node.get("host") not in services:
            continue
        name = node["host"]
        extra = {"aggregates": members.get(name), "instances": servers.get(name)}
        extra["traits"] = sorted((traits.get(node["uuid"]) or frozenset()) - {OWNER, DISABLED})
        held = {key: value for key, value in extra.items() if value}
        found.append({**host(node), "service": service(services[name], now), **held})
    return found


def host(node: Row) -> Row:
    """A node's row as a scenario's host."""
    least = node.get("disk_available_least")
    free = node.get("free_disk_gb", 0)
    said = {name: node[column] for name, column in _SIZES.items() if node.get(column) is not None}
    said["free_disk_gb"] = free if least is None else min(free, least)
    stats = loaded(node.get("stats")) or {}
    counts = {name: int(stats.pop(column, 0)) for name, column in _COUNTS.items()}
    arch, kind, mode = (loaded(node.get("supported_instances")) or [("x86_64", "kvm", "hvm")])[-1]
    found = {"name": node["host"], **said, **counts, "arch": arch, "hv_type": kind, "vm_mode": mode}
    more = {"stats": stats, **described(node)}
    return {**found, **{name: value for name, value in more.items() if value}}


def described(node: Row) -> Row:
    """What only some hosts have: metrics, PCI devices, NUMA nodes."""
    metrics = {one["name"]: one["value"] for one in loaded(node.get("metrics")) or ()}
    cells = (fields(loaded(node.get("numa_topology"))) or {}).get("cells") or ()
    numa = [numa_cell(fields(cell)) for cell in cells]
    pools = loaded(node.get("pci_stats")) or ()
    return {
        "metrics": metrics,
        "numa_topology": {"cells": numa} if numa else None,
        "pci_pools": [pool(fields(one)) for one in pci_pools(pools)],
    }


def numa_cell(cell: Row) -> Row:
    """A NUMA node of a host."""
    return {"id": cell["id"], "cpus": list(cell["cpuset"]), "memory_mb": cell["memory"]}


def pci_pools(pools: Any) -> list[Any]:
    """The pools in a node's row, be they a list or an object that holds one."""
    found = fields(pools).get("objects", pools) if isinstance(pools, dict) else pools
    return list(found)


def pool(said: Row) -> Row:
    """A pool of PCI devices, its tags beside its own fields."""
    tags = said.get("tags") or {}
    own = {name: value for name, value in said.items() if name != "tags" and value is not None}
    return {**tags, **own}


def service(row: Row, now: float) -> Row:
    """A nova-compute as the scheduler sees it."""
    seen = row.get("last_seen_up") or row.get("created_at")
    silent = now - (datetime.fromisoformat(seen) - logs.EPOCH).total_seconds() if seen else 0.0
    flags = {name: True for name in ("disabled", "forced_down") if row.get(name)}
    return {**flags, "last_seen_s": round(max(0.0, silent), 3)}


def instances(journal: Journal, seq: int) -> dict[str, list[Any]]:
    """The servers on each host; with the properties of its image where a server has some."""
    images: dict[str, Row] = defaultdict(dict)
    for row in rows.in_cells(journal, seq, "instance_system_metadata"):
        if str(row.get("key")).startswith("image_"):
            images[row["instance_uuid"]][row["key"].removeprefix("image_")] = row.get("value")
    found: dict[str, list[Any]] = defaultdict(list)
    for row in rows.in_cells(journal, seq, "instances"):
        if row.get("host") and not row.get("deleted"):
            uuid, about = row["uuid"], images.get(row["uuid"])
            found[row["host"]].append({"uuid": uuid, "image_properties": about} if about else uuid)
    return found


def loaded(value: Any) -> Any:
    """A column that holds JSON."""
    return json.loads(value) if isinstance(value, str) and value else value


# --- aggregates -----------------------------------------------------------------------------------


def aggregates(journal: Journal, seq: int) -> list[Row]:
    """The host aggregates with their metadata."""
    said: dict[Any, Row] = defaultdict(dict)
    for row in rows.at(journal, seq, "nova_api.aggregate_metadata"):
        said[row["aggregate_id"]][row["key"]] = row.get("value")
    known = rows.at(journal, seq, "nova_api.aggregates")
    return [{"name": row["name"], "metadata": said.get(row["id"], {})} for row in known]


def groups(journal: Journal, seq: int) -> dict[str, list[str]]:
    """The names of the aggregates that each host is in."""
    names = {row["id"]: row["name"] for row in rows.at(journal, seq, "nova_api.aggregates")}
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows.at(journal, seq, "nova_api.aggregate_hosts"):
        found[row["host"]].append(names[row["aggregate_id"]])
    return found


# --- what Placement has otherwise -----------------------------------------------------------------


def stocked(journal: Journal, found: Row, seq: int) -> Row:
    """The same with those inventories of Placement that do not follow from the nodes' own rows."""
    stocks = placed.stocks(journal, seq)
    known = {name: stocks.get(uuid, {}) for uuid, name in placed.providers(journal, seq).items()}
    for one in found["hosts"]:
        memory = known.get(one["name"], {}).get("MEMORY_MB")
        if memory and memory.reserved:
            one["reserved_ram_mb"] = memory.reserved
    table = placement_rows(from_json(found))
    numbers = {row["uuid"]: row["id"] for row in table["resource_providers"]}
    for one in found["hosts"]:
        mine = derived(table, numbers[hosts.node_uuid(one["name"])])
        have = {name: inventory(stock) for name, stock in known.get(one["name"], {}).items()}
        gone = {name: {"total": 0} for name in _CLASSES if known and name not in have}
        extra = {n: s for n, s in have.items() if mine.get(_CLASSES.get(n, -1)) != s} | gone
        if extra:
            one["extra_inventory"] = extra
    return found


def derived(table: Mapping[str, list[Row]], number: int) -> dict[int, Row]:
    """The inventories, with what is used of them, that a scenario gives a host by itself."""
    used = {
        row["resource_class_id"]: row["used"]
        for row in table.get("allocations", [])
        if row["resource_provider_id"] == number
    }
    return {
        row["resource_class_id"]: {
            **{name: row[name] for name in _COLUMNS},
            "used": used.get(row["resource_class_id"], 0),
        }
        for row in table["inventories"]
        if row["resource_provider_id"] == number
    }


def inventory(stock: placed.Stock) -> Row:
    """Placement's inventory as a scenario has it."""
    return {
        "total": stock.total,
        "reserved": stock.reserved,
        "min_unit": stock.min_unit,
        "max_unit": stock.max_unit,
        "step_size": stock.step_size,
        "allocation_ratio": stock.ratio,
        "used": stock.used,
    }


# --- the request ----------------------------------------------------------------------------------


def request(spec: Row, count: int) -> Row:
    """The request spec as a scenario's request."""
    image, destination = fields(spec.get("image")), fields(spec.get("requested_destination"))
    hints = {
        name: value
        for name, value in (spec.get("scheduler_hints") or {}).items()
        if name != "group"
    }
    said = {
        "flavor": flavor(fields(spec.get("flavor"))),
        "image": {
            name: image[name]
            for name in ("id", "disk_format", "min_ram", "min_disk", "properties")
            if image.get(name)
        },
        "hints": hints,
        "group": group(fields(spec.get("instance_group"))),
        "requested_destination": {
            n: v for n, v in destination.items() if n in {"host", "node"} and v
        },
        "num_instances": count,
        "boot_from_volume": spec.get("is_bfv"),
    }
    for name in (
        "availability_zone",
        "ignore_hosts",
        "force_hosts",
        "force_nodes",
        "project_id",
        "user_id",
    ):
        said[name] = spec.get(name)
    return {name: value for name, value in said.items() if value}


def flavor(said: Row) -> Row:
    """The size of one server."""
    found = {
        "name": said.get("name"),
        "vcpus": said["vcpus"],
        "ram_mb": said["memory_mb"],
        "disk_gb": said["root_gb"],
    }
    more = {
        "ephemeral_gb": said.get("ephemeral_gb"),
        "swap_mb": said.get("swap"),
        "extra_specs": said.get("extra_specs"),
    }
    return {**found, **{name: value for name, value in more.items() if value}}


def group(said: Row) -> Row | None:
    """The server group that the servers join."""
    if not said:
        return None
    more = {name: said[name] for name in ("members", "hosts", "rules") if said.get(name)}
    return {"policy": said["policy"], **more}

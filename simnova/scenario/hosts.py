"""The hosts of a scenario as rows of Nova's tables would have them: nodes, services, aggregates, servers."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from simnova.config.releases import RELEASES
from simnova.kernel.clock import EPOCH
from simnova.nova.objects.aggregate import Aggregate
from simnova.nova.objects.compute_node import ComputeNode
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.numa import NUMACell, NUMAPagesTopology, NUMATopology
from simnova.nova.objects.service import Service

if TYPE_CHECKING:
    from simnova.scenario.scenario import Scenario

DOWN = 3600
"""Seconds since the last report of a service that the scenario calls down without saying since when."""


class Ratios(NamedTuple):
    """How much Nova promises of what a host has, where the host does not say."""

    cpu: float
    ram: float
    disk: float


def ratios(scenario: Scenario) -> Ratios:
    """Those of the options: `cpu_allocation_ratio`, or else `initial_cpu_allocation_ratio`, and so on."""
    known = {
        **RELEASES[scenario.release].defaults.get("DEFAULT", {}),
        **scenario.options.get("DEFAULT", {}),
    }
    found = {}
    for what, default in (("cpu", 4.0), ("ram", 1.0), ("disk", 1.0)):
        initial = known.get(f"initial_{what}_allocation_ratio", default)
        found[what] = float(known.get(f"{what}_allocation_ratio") or initial)
    return Ratios(**found)


def node_uuid(host: str) -> str:
    """The UUID of a host's node, and of its provider in Placement."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"node/{host}/"))


def aggregate_uuid(name: str) -> str:
    """The UUID of an aggregate, there and here."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"agg/{name}"))


def aggregate_names(host: dict[str, Any]) -> list[str]:
    """The aggregates that a host is in: those it names, and that of its zone."""
    zone = [f"az-{host['zone']}"] if host.get("zone") else []
    return list(dict.fromkeys([*host.get("aggregates", []), *zone]))


def aggregates(scenario: Scenario) -> list[Aggregate]:
    """The aggregates of a scenario, then one for each zone of its hosts, with their hosts."""
    metadata = {each["name"]: _texts(each.get("metadata", {})) for each in scenario.aggregates}
    for host in scenario.hosts:
        if host.get("zone"):
            metadata.setdefault(f"az-{host['zone']}", {"availability_zone": host["zone"]})
    found = {
        name: Aggregate(id=number, uuid=aggregate_uuid(name), name=name, metadata=said)
        for number, (name, said) in enumerate(metadata.items(), 1)
    }
    for host in scenario.hosts:
        for name in aggregate_names(host):
            found[name].hosts.append(host["name"])
    return list(found.values())


def service(host: dict[str, Any]) -> Service:
    """The row of a host's nova-compute; time stands at zero."""
    said = host.get("service", {})
    silent = said.get("last_seen_s", 0 if said.get("up", True) else DOWN)
    return Service(
        host=host["name"],
        binary="nova-compute",
        topic="compute",
        report_count=1,
        disabled=said.get("disabled", False),
        forced_down=said.get("forced_down", False),
        last_seen_up=(EPOCH - timedelta(seconds=silent)).isoformat(),
    )


def free_ram_mb(host: dict[str, Any]) -> int:
    """Memory that is free, in MB; where nothing is said, all but what is reserved."""
    default = host["total_ram_mb"] - host.get("reserved_ram_mb", 0)
    return int(host.get("free_ram_mb", default))


def free_disk_gb(host: dict[str, Any]) -> int:
    """Disk that is free, in GB; all of it where nothing is said."""
    return int(host.get("free_disk_gb", host["total_disk_gb"]))


def node(host: dict[str, Any], ratios: Ratios) -> ComputeNode:
    """The row of a host's hypervisor; a ratio of zero is read as "not set", as Nova does."""
    supported = [host.get("arch", "x86_64"), host.get("hv_type", "kvm"), host.get("vm_mode", "hvm")]
    return ComputeNode(
        uuid=node_uuid(host["name"]),
        host=host["name"],
        hypervisor_hostname=host["name"],
        hypervisor_type=host.get("hypervisor_type", "QEMU"),
        hypervisor_version=host.get("hypervisor_version", 0),
        host_ip=host.get("host_ip"),
        vcpus=host["vcpus"],
        vcpus_used=host.get("vcpus_used", 0),
        memory_mb=host["total_ram_mb"],
        memory_mb_used=host["total_ram_mb"] - free_ram_mb(host),
        free_ram_mb=free_ram_mb(host),
        local_gb=host["total_disk_gb"],
        local_gb_used=host["total_disk_gb"] - free_disk_gb(host),
        free_disk_gb=free_disk_gb(host),
        running_vms=len(host.get("instances", [])),
        cpu_allocation_ratio=host.get("cpu_allocation_ratio") or ratios.cpu,
        ram_allocation_ratio=host.get("ram_allocation_ratio") or ratios.ram,
        disk_allocation_ratio=host.get("disk_allocation_ratio") or ratios.disk,
        stats=_stats(host),
        supported_hv_specs=[supported],
        metrics=_metrics(host),
        pci_device_pools=host.get("pci_pools"),
        numa_topology=_numa(host),
    )


def instances(host: dict[str, Any]) -> list[Instance]:
    """The servers that run on a host."""
    return [Instance(uuid=uuid, system_metadata=kept) for uuid, kept in servers(host)]


def servers(host: dict[str, Any]) -> list[tuple[str, dict[str, str]]]:
    """The same as UUIDs with what each keeps of its image."""
    return [_server(server) for server in host.get("instances", [])]


def _server(said: str | dict[str, Any]) -> tuple[str, dict[str, str]]:
    if isinstance(said, str):
        return said, {}
    properties = said.get("image_properties", {})
    return said["uuid"], {f"image_{name}": str(value) for name, value in properties.items()}


def _stats(host: dict[str, Any]) -> dict[str, str]:
    counted = {
        "num_instances": host.get("num_instances", len(host.get("instances", []))),
        "io_workload": host.get("num_io_ops", 0),
        "failed_builds": host.get("failed_builds", 0),
    }
    return _texts({**counted, **host.get("stats", {})})


def _texts(said: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in said.items()}


def _metrics(host: dict[str, Any]) -> str:
    found = host.get("metrics", {}).items()
    return json.dumps([{"name": name, "value": value} for name, value in found])


def _numa(host: dict[str, Any]) -> str | None:
    said = host.get("numa_topology") or {}
    cells = [_cell(cell) for cell in said.get("cells", [])]
    return NUMATopology(cells).to_json() if cells else None


def _cell(said: dict[str, Any]) -> NUMACell:
    return NUMACell(
        said["id"],
        said["cpus"],
        said["memory_mb"],
        mempages=[NUMAPagesTopology(**pages) for pages in said.get("mempages", [])],
        pcpuset=said.get("pcpus", []),
        **{name: said[name] for name in _KEPT if name in said},
    )


_KEPT = ("cpu_usage", "memory_usage", "pinned_cpus", "siblings", "socket")

"""One host as the scheduler sees it for one request (`HostState` of `nova/scheduler/host_manager.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from simnova.nova.log import getLogger
from simnova.nova.objects import monitor_metric
from simnova.nova.objects.aggregate import Aggregate
from simnova.nova.objects.compute_node import ComputeNode
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.monitor_metric import MonitorMetric
from simnova.nova.objects.numa import NUMATopology
from simnova.nova.objects.request_spec import RequestSpec
from simnova.nova.objects.selection import Selection
from simnova.nova.pci.stats import PciDeviceStats
from simnova.nova.virt.hardware import (
    Devices,
    NUMATopologyLimits,
    numa_fit_instance_to_host,
    numa_usage_from_instance_numa,
)

LOG = getLogger("nova.scheduler.host_manager")


class HostState:
    """What filters and weighers read. Memory and free disk in MB, total disk in GB; free amounts may be negative.

    The attributes are those of the host's row in compute_nodes, less what this request has already consumed.
    """

    def __init__(self, host: str, node: str, cell_uuid: str | None) -> None:
        self.host = host
        self.nodename = node
        self.cell_uuid = cell_uuid
        self.uuid: str | None = None

        self.total_usable_ram_mb = 0
        self.total_usable_disk_gb = 0
        self.disk_mb_used = 0
        self.free_ram_mb = 0
        self.free_disk_mb = 0
        self.vcpus_total = 0
        self.vcpus_used = 0
        self.num_instances = 0
        self.num_io_ops = 0
        self.failed_builds = 0
        self.ram_allocation_ratio = 1.0
        self.cpu_allocation_ratio = 1.0
        self.disk_allocation_ratio = 1.0
        self.stats: dict[str, str] = {}

        self.host_ip: str | None = None
        self.hypervisor_type: str | None = None
        self.hypervisor_version: int | None = None
        self.hypervisor_hostname: str | None = None
        self.cpu_info: str | None = None
        self.supported_instances: list[list[str]] = []
        self.metrics: list[MonitorMetric] = []
        self.pci_stats: PciDeviceStats | None = None
        self.numa_topology: NUMATopology | None = None
        self.updated: str | None = None

        self.service: Mapping[str, Any] = MappingProxyType({})
        self.aggregates: list[Aggregate] = []
        self.instances: dict[str, Instance] = {}
        self.limits: dict[str, Any] = {}
        self.allocation_candidates: list[dict[str, Any]] = []

    def update(
        self,
        compute: ComputeNode | None = None,
        service: Mapping[str, Any] | None = None,
        aggregates: list[Aggregate] | None = None,
        inst_dict: dict[str, Instance] | None = None,
    ) -> None:
        """Take over what is given: the row of the node, of its service, its aggregates, its servers by UUID."""
        if compute is not None:
            tell(compute)
            self.take_over(compute)
        if service is not None:
            self.service = MappingProxyType(dict(service))
        if aggregates is not None:
            self.aggregates = aggregates
        if inst_dict is not None:
            self.instances = inst_dict

    def take_over(self, compute: ComputeNode) -> None:
        """Take over a node's row, unless its usage has not been updated yet."""
        if compute.free_disk_gb is None:
            return
        self.uuid = compute.uuid
        self.updated = compute.updated_at
        self._update_amounts(compute)
        self._update_description(compute)
        self.stats = compute.stats
        self.num_instances = int(compute.stats.get("num_instances", 0))
        self.num_io_ops = int(compute.stats.get("io_workload", 0))
        self.failed_builds = int(compute.stats.get("failed_builds", 0))

    def _update_amounts(self, compute: ComputeNode) -> None:
        self.total_usable_ram_mb = compute.memory_mb
        self.free_ram_mb = compute.free_ram_mb
        self.total_usable_disk_gb = compute.local_gb
        self.disk_mb_used = compute.local_gb_used * 1024
        self.free_disk_mb = _free_disk_gb(compute) * 1024
        self.vcpus_total = compute.vcpus
        self.vcpus_used = compute.vcpus_used
        self.cpu_allocation_ratio = compute.cpu_allocation_ratio
        self.ram_allocation_ratio = compute.ram_allocation_ratio
        self.disk_allocation_ratio = compute.disk_allocation_ratio

    def _update_description(self, compute: ComputeNode) -> None:
        self.host_ip = compute.host_ip
        self.hypervisor_type = compute.hypervisor_type
        self.hypervisor_version = compute.hypervisor_version
        self.hypervisor_hostname = compute.hypervisor_hostname
        self.cpu_info = compute.cpu_info
        self.supported_instances = compute.supported_hv_specs
        self.metrics = monitor_metric.from_json(compute.metrics)
        self.numa_topology = NUMATopology.from_json(compute.numa_topology)
        self.pci_stats = PciDeviceStats(compute.pci_device_pools or [], self.numa_topology)

    def copy(self) -> HostState:
        """The same host for another request: what one consumes the other does not see."""
        made = HostState.__new__(HostState)
        made.__dict__ = self.__dict__.copy()
        made.limits = {}
        if self.pci_stats is not None and self.pci_stats.pools:
            made.pci_stats = PciDeviceStats(self.pci_stats.pools, self.pci_stats.numa_topology)
        return made

    def consume_from_request(self, spec_obj: RequestSpec, pack: bool = False) -> None:
        """Take what one server of the request needs, so that the next one sees the host as it will be.

        What goes wrong is no error here, be it devices that are not there: the claim on the host will tell. `pack` is
        `packing_host_numa_cells_allocation_strategy`.
        """
        self.free_ram_mb -= spec_obj.memory_mb
        self.free_disk_mb -= (spec_obj.root_gb + spec_obj.ephemeral_gb) * 1024
        self.vcpus_used += spec_obj.vcpus
        self.num_instances += 1
        try:
            self._consume_devices(spec_obj, pack)
        except Exception as error:
            LOG.warning(
                "Selected host: %s failed to consume from instance. Error: %s", self.host, error
            )
        else:
            self.num_io_ops += 1

    def _consume_devices(self, spec_obj: RequestSpec, pack: bool) -> None:
        """Nodes and devices; the request goes on with its nodes as they were placed."""
        asked = spec_obj.pci_requests.requests if spec_obj.pci_requests and self.pci_stats else []
        has, wanted = self.numa_topology, spec_obj.numa_topology
        if has and wanted:
            said = self.limits.get("numa_topology")
            limits = NUMATopologyLimits(**said) if said else None
            devices = Devices(asked, self.pci_stats)
            wanted = numa_fit_instance_to_host(has, wanted, limits, devices, pack)
            spec_obj.numa_topology = wanted
            if wanted:
                self.numa_topology = numa_usage_from_instance_numa(has, wanted)
        if asked and self.pci_stats:
            self.pci_stats.apply_requests(asked, wanted.cells if wanted else None)

    def __repr__(self) -> str:
        return host_text(
            (self.host, self.nodename),
            *(self.free_ram_mb, self.free_disk_mb, self.num_io_ops, self.num_instances),
            len(self.allocation_candidates),
        )


def host_text(
    name: tuple[str, str], ram: int, disk: int, busy: int, servers: int, claims: int
) -> str:
    """A host as Nova's log has it."""
    return (
        f"({name[0]}, {name[1]}) ram: {ram}MB disk: {disk}MB "
        f"io_ops: {busy} instances: {servers}, allocation_candidates: {claims}"
    )


def is_quiet(compute: ComputeNode) -> bool:
    """Whether taking over the row of a node leaves nothing in the log."""
    free, least = compute.free_disk_gb, compute.disk_available_least
    return free is not None and (least is None or least <= free)


def tell(compute: ComputeNode) -> None:
    """What the log says when the row of a node is taken over."""
    free, least = compute.free_disk_gb, compute.disk_available_least
    if free is None:
        LOG.debug("Ignoring compute node %s as its usage has not been updated yet.", compute.uuid)
    elif least is not None and least > free:
        LOG.warning(
            "Host %s has more disk space than database expected (%s GB > %s GB)",
            compute.hypervisor_hostname,
            least,
            free,
        )


def _free_disk_gb(compute: ComputeNode) -> int:
    """The lesser of what the books and what the disk itself say is free."""
    free, least = compute.free_disk_gb, compute.disk_available_least
    return free if least is None else min(least, free)


def selection(
    host: HostState,
    zone: str,
    allocation_request: str | None,
    allocation_request_version: str | None,
) -> Selection:
    """The answer that names this host (`Selection.from_host_state`); `zone` is for a host in no zone's aggregate."""
    zones = [
        aggregate.availability_zone for aggregate in host.aggregates if aggregate.availability_zone
    ]
    return Selection(
        service_host=host.host,
        nodename=host.nodename,
        compute_node_uuid=host.uuid or "",
        cell_uuid=host.cell_uuid or "",
        limits=dict(host.limits),
        allocation_request=allocation_request,
        allocation_request_version=allocation_request_version,
        availability_zone=zones[0] if zones else zone,
    )

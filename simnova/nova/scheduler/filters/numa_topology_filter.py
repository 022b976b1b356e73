"""Hosts whose NUMA nodes can take those of the server (`nova/scheduler/filters/numa_topology_filter.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnova.nova.log import getLogger
from simnova.nova.scheduler import filters
from simnova.nova.virt import constraints, hardware

if TYPE_CHECKING:
    from simnova.nova.objects.numa import NUMACell
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.scheduler.columns import Array, HostColumns
    from simnova.nova.scheduler.host_manager import HostState

LOG = getLogger(__name__)


class NUMATopologyFilter(filters.BaseHostFilter):
    """Passes hosts on whose NUMA nodes the server's nodes fit: CPUs, those to dedicate, memory, pages, PCI devices."""

    def hosts_pass(self, hosts: HostColumns, spec_obj: RequestSpec) -> Array:
        """Everyone where the server has no nodes; else each host is asked."""
        return hosts.all_or_each(not (spec_obj.numa_topology or _needs_threads(spec_obj)))

    def host_passes(self, host_state: HostState, spec_obj: RequestSpec) -> bool | filters.Rejected:
        """Whether each of the server's nodes has a node of the host, within its ratios."""
        wanted, has = spec_obj.numa_topology, host_state.numa_topology
        if has and not has.has_threads and _needs_threads(spec_obj):
            return self._rejected(host_state, "needs hyperthreading, the host has none")
        if not wanted:
            return True
        if not has:
            return self._rejected(
                host_state, f"{_described(spec_obj)}, the host does not tell its nodes"
            )
        limits = hardware.NUMATopologyLimits(
            host_state.cpu_allocation_ratio, host_state.ram_allocation_ratio
        )
        requests = spec_obj.pci_requests.requests if spec_obj.pci_requests else []
        devices = hardware.Devices(requests, host_state.pci_stats)
        pack = self.conf.compute.packing_host_numa_cells_allocation_strategy
        if not hardware.numa_fit_instance_to_host(has, wanted, limits, devices, pack):
            sizes = (_size(cell) for cell in has.cells)
            return self._rejected(
                host_state, f"{_described(spec_obj)}, the host's have {'; '.join(sizes)}"
            )
        host_state.limits["numa_topology"] = limits._asdict()
        return True

    def _rejected(self, host_state: HostState, why: str) -> filters.Rejected:
        LOG.debug("%s fails NUMA topology requirements: %s", host_state, why)
        return filters.Rejected(why)


def _needs_threads(spec: RequestSpec) -> bool:
    """Whether flavor or image want dedicated CPUs that share their cores."""
    policies, threads = (
        constraints.both(name, spec.flavor, spec.image)
        for name in ("cpu_policy", "cpu_thread_policy")
    )
    return "dedicated" in policies and "require" in threads


def _size(cell: NUMACell) -> str:
    pinned = f", {len(cell.free_pcpus)} of {len(cell.pcpuset)} to dedicate" if cell.pcpuset else ""
    return (
        f"{len(cell.cpuset)} CPUs{pinned} and {cell.memory} MB"
        f" ({cell.cpu_usage} and {cell.memory_usage} used)"
    )


def _described(spec: RequestSpec) -> str:
    cells = spec.numa_topology.cells if spec.numa_topology else []
    sizes = "; ".join(
        f"{len(cell.cpuset) + len(cell.pcpuset)} CPUs and {cell.memory} MB" for cell in cells
    )
    return f"needs NUMA nodes of {sizes}"

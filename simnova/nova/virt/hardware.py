"""Whether and where a host has the NUMA nodes that a server asks for (`nova/virt/hardware.py`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from typing import NamedTuple

from simnova.nova.objects.instance_pci_requests import InstancePCIRequest
from simnova.nova.objects.numa import (
    InstanceNUMACell,
    InstanceNUMATopology,
    NUMACell,
    NUMAPagesTopology,
    NUMATopology,
)
from simnova.nova.pci.stats import PciDeviceStats
from simnova.nova.virt.cpu_spec import parse_cpu_spec
from simnova.nova.virt.numa_constraints import (
    MEMPAGES_ANY,
    MEMPAGES_LARGE,
    MEMPAGES_SMALL,
    numa_get_constraints,
)
from simnova.nova.virt.pinning import pack_instance_onto_cores

__all__ = [
    "Devices",
    "NUMATopologyLimits",
    "numa_fit_instance_to_host",
    "numa_get_constraints",
    "numa_usage_from_instance_numa",
    "parse_cpu_spec",
]


class NUMATopologyLimits(NamedTuple):
    """How far each node of a host may be overcommitted."""

    cpu_allocation_ratio: float
    ram_allocation_ratio: float


class Devices(NamedTuple):
    """The PCI devices that a server asks for, and those that the host has free."""

    requests: Sequence[InstancePCIRequest] = ()
    stats: PciDeviceStats | None = None


NO_DEVICES = Devices()


def numa_fit_instance_to_host(
    host: NUMATopology,
    wanted: InstanceNUMATopology,
    limits: NUMATopologyLimits | None,
    devices: Devices = NO_DEVICES,
    pack: bool = False,
) -> InstanceNUMATopology | None:
    """The server's nodes, each with the id of a node of the host that it fits on; None where they do not fit.

    Without limits what others share does not count. `pack` is `packing_host_numa_cells_allocation_strategy`: fuller
    nodes come first.
    """
    if len(host.cells) < len(wanted.cells):
        return None
    tried: dict[tuple[int, int], bool] = {}
    isolated = wanted.emulator_threads_policy == "isolate"
    cells = [replace(cell) for cell in wanted.cells]
    for chosen in permutations(_in_order(host, wanted, devices, pack), len(cells)):
        if not _fit_all(chosen, cells, limits, isolated, tried):
            continue
        if (
            devices.requests
            and devices.stats
            and not devices.stats.support_requests(devices.requests, cells)
        ):
            continue
        return InstanceNUMATopology(cells, wanted.emulator_threads_policy)
    return None


def _in_order(
    host: NUMATopology, wanted: InstanceNUMATopology, devices: Devices, pack: bool
) -> list[NUMACell]:
    """The host's nodes, those to prefer first: free ones, and those with as many devices as are asked for or not."""
    cells = host.cells
    if len(cells) == len(wanted.cells):
        return cells
    cells = sorted(cells, key=lambda cell: cell.avail_memory, reverse=not pack)
    if wanted.cells[0].is_pinned:
        cells = sorted(cells, key=lambda cell: len(cell.free_pcpus), reverse=not pack)
    else:
        cells = sorted(cells, key=lambda cell: cell.cpu_usage, reverse=pack)
    if devices.stats is None:
        return cells
    near: dict[int | None, int] = {}
    for pool in devices.stats.pools:
        node = pool.get("numa_node")
        near[node] = near.get(node, 0) + pool["count"]
    return sorted(cells, key=lambda cell: near.get(cell.id, 0), reverse=bool(devices.requests))


def _fit_all(
    chosen: Sequence[NUMACell],
    cells: list[InstanceNUMACell],
    limits: NUMATopologyLimits | None,
    isolated: bool,
    tried: dict[tuple[int, int], bool],
) -> bool:
    """Whether each of the server's nodes fits on its node of the host; `cells` remember where they fitted."""
    for number, (host, wanted) in enumerate(zip(chosen, cells, strict=True)):
        pair = (host.id, wanted.id)
        if pair not in tried:
            fitted = _fit(host, wanted, limits, int(isolated and number == 0))
            tried[pair] = fitted is not None
            if fitted is not None:
                cells[number] = fitted
        if not tried[pair]:
            return False
        cells[number].id = host.id
    return True


def _fit(
    host: NUMACell,
    wanted: InstanceNUMACell,
    limits: NUMATopologyLimits | None,
    reserved: int,
) -> InstanceNUMACell | None:
    """The server's node on that of the host; never overcommitted against itself, only, if shared, against others."""
    pagesize = _pagesize(host, wanted)
    if pagesize is None:
        return None
    wanted.pagesize = pagesize or None
    if wanted.is_shared and len(wanted.cpuset) > len(host.cpuset):
        return None
    if not wanted.is_pinned:
        return wanted if _within(host, wanted, limits) else None
    if len(wanted.pcpuset) + reserved > min(len(host.pcpuset), len(host.free_pcpus)):
        return None
    pinning = pack_instance_onto_cores(host, wanted, reserved)
    if pinning is None or (wanted.is_shared and not _within(host, wanted, limits)):
        return None
    return replace(wanted, cpu_pinning=pinning.pairs, cpuset_reserved=pinning.reserved)


def _within(host: NUMACell, wanted: InstanceNUMACell, limits: NUMATopologyLimits | None) -> bool:
    return limits is None or (
        host.cpu_usage + len(wanted.cpuset) <= len(host.cpuset) * limits.cpu_allocation_ratio
        and host.memory_usage + wanted.memory <= host.memory * limits.ram_allocation_ratio
    )


def _pagesize(host: NUMACell, wanted: InstanceNUMACell) -> float | None:
    """The size of pages in KiB that the memory is there in; 0 where none is asked for, None where it is not there."""
    memory, sizes = wanted.memory * 1024, sorted(pages.size_kb for pages in host.mempages)
    if wanted.pagesize:
        allowed = {
            MEMPAGES_SMALL: sizes[:1],
            MEMPAGES_LARGE: sizes[1:],
            MEMPAGES_ANY: sizes,
        }.get(int(wanted.pagesize), [wanted.pagesize])
        fitting = (size for size in reversed(allowed) if host.can_fit_pagesize(size, memory))
        return next(fitting, None)
    if sizes:
        return 0 if host.can_fit_pagesize(sizes[0], memory, use_free=wanted.is_pinned) else None
    there = host.avail_memory if wanted.is_pinned else host.memory
    return 0 if wanted.memory <= there else None


def numa_usage_from_instance_numa(host: NUMATopology, placed: InstanceNUMATopology) -> NUMATopology:
    """The host's nodes with that server on them. As in Nova, a node that tells no pages raises ValueError."""
    return NUMATopology([_used(cell, placed.cells) for cell in host.cells])


def _used(cell: NUMACell, placed: Sequence[InstanceNUMACell]) -> NUMACell:
    for taken in (one for one in placed if one.id == cell.id):
        pinned = {cpu for _, cpu in taken.cpu_pinning} | set(taken.cpuset_reserved)
        if taken.cpu_thread_policy == "isolate":
            pinned = {cpu for core in cell.siblings if pinned & set(core) for cpu in core}
        cell = replace(
            cell,
            cpu_usage=cell.cpu_usage + len(taken.cpuset),
            memory_usage=cell.memory_usage + taken.memory,
            pinned_cpus=sorted({*cell.pinned_cpus, *pinned}),
            mempages=_pages_used(cell, taken),
        )
    return cell


def _pages_used(cell: NUMACell, taken: InstanceNUMACell) -> list[NUMAPagesTopology]:
    size = taken.pagesize or min(pages.size_kb for pages in cell.mempages)
    return [
        replace(pages, used=pages.used + taken.memory * 1024 / size)
        if pages.size_kb == size
        else pages
        for pages in cell.mempages
    ]

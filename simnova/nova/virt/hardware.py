"""NUMA nodes: what a flavor asks for, and whether and where a host has them (`nova/virt/hardware.py`).

CPUs are shared and pages small: `hw:cpu_policy` and `hw:mem_page_size` are not read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count, permutations, takewhile
from typing import NamedTuple, TypeVar

from simnova.nova import exception
from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.objects.numa import (
    InstanceNUMACell,
    InstanceNUMATopology,
    NUMACell,
    NUMATopology,
)

T = TypeVar("T")


class NUMATopologyLimits(NamedTuple):
    """How far each node of a host may be overcommitted."""

    cpu_allocation_ratio: float
    ram_allocation_ratio: float


def parse_cpu_spec(spec: str) -> list[int]:
    """The CPUs of a text such as `0-3,^2,8`; raises Invalid."""
    chosen: set[int] = set()
    left_out: set[int] = set()
    for part in filter(None, (part.strip() for part in spec.split(","))):
        (left_out if part.startswith("^") else chosen).update(_range(part.removeprefix("^")))
    return sorted(chosen - left_out)


def _range(text: str) -> range:
    first, _, last = text.partition("-")
    if not (first.isdigit() and (last or first).isdigit()):
        raise exception.Invalid(f"Invalid range expression {text!r}")
    return range(int(first), int(last or first) + 1)


def numa_get_constraints(flavor: Flavor, image: ImageMeta) -> InstanceNUMATopology | None:
    """The nodes that `hw:numa_nodes`, `hw:numa_cpus.N` and `hw:numa_mem.N` ask for; None where nothing does.

    Raises InvalidNUMANodesNumber, ImageNUMATopologyAsymmetric and the like.
    """
    asked = flavor.extra_specs.get("hw:numa_nodes")
    image_asked = image.properties.get("hw_numa_nodes")
    if asked and image_asked:
        raise exception.ImageNUMATopologyForbidden(name="hw_numa_nodes")
    nodes = asked or image_asked
    if nodes is None:
        return None
    if not str(nodes).isdigit() or int(nodes) < 1:
        raise exception.InvalidNUMANodesNumber(nodes=nodes)
    cpus = _numbered(flavor, "hw:numa_cpus", parse_cpu_spec)
    memory = _numbered(flavor, "hw:numa_mem", int)
    if not cpus and not memory:
        return _even(int(nodes), flavor)
    if not len(cpus) == len(memory) == int(nodes):
        raise exception.ImageNUMATopologyIncomplete()
    return _as_said(cpus, memory, flavor)


def _numbered(flavor: Flavor, key: str, cast: Callable[[str], T]) -> list[T]:
    keys = takewhile(flavor.extra_specs.__contains__, (f"{key}.{number}" for number in count()))
    return [cast(flavor.extra_specs[key]) for key in keys]


def _even(nodes: int, flavor: Flavor) -> InstanceNUMATopology:
    if flavor.vcpus % nodes or flavor.memory_mb % nodes:
        raise exception.ImageNUMATopologyAsymmetric()
    cpus = flavor.vcpus // nodes
    return InstanceNUMATopology(
        [
            InstanceNUMACell(
                node, list(range(node * cpus, (node + 1) * cpus)), flavor.memory_mb // nodes
            )
            for node in range(nodes)
        ]
    )


def _as_said(cpus: list[list[int]], memory: list[int], flavor: Flavor) -> InstanceNUMATopology:
    seen: set[int] = set()
    for cpu in (cpu for node in cpus for cpu in node):
        if cpu >= flavor.vcpus:
            raise exception.ImageNUMATopologyCPUOutOfRange(cpunum=cpu, cpumax=flavor.vcpus - 1)
        if cpu in seen:
            raise exception.ImageNUMATopologyCPUDuplicates(cpunum=cpu)
        seen.add(cpu)
    left = set(range(flavor.vcpus)) - seen
    if left:
        raise exception.ImageNUMATopologyCPUsUnassigned(cpuset=str(left))
    if sum(memory) != flavor.memory_mb:
        raise exception.ImageNUMATopologyMemoryOutOfRange(
            memsize=sum(memory), memtotal=flavor.memory_mb
        )
    pairs = enumerate(zip(cpus, memory, strict=True))
    return InstanceNUMATopology([InstanceNUMACell(node, *pair) for node, pair in pairs])


def numa_fit_instance_to_host(
    host: NUMATopology, wanted: InstanceNUMATopology, limits: NUMATopologyLimits | None
) -> InstanceNUMATopology | None:
    """The server's nodes, each with the id of a node of the host that it fits on; None where they do not fit.

    The nodes with the fewest used CPUs come first, among those the ones with the most free memory. Without limits
    what others use does not count.
    """
    cells = host.cells
    if len(cells) > len(wanted.cells):
        cells = sorted(cells, key=lambda cell: (cell.cpu_usage, cell.memory_usage - cell.memory))
    for chosen in permutations(cells, len(wanted.cells)):
        pairs = list(zip(chosen, wanted.cells, strict=True))
        if all(_fits(cell, asked, limits) for cell, asked in pairs):
            return InstanceNUMATopology([replace(asked, id=cell.id) for cell, asked in pairs])
    return None


def _fits(cell: NUMACell, wanted: InstanceNUMACell, limits: NUMATopologyLimits | None) -> bool:
    """Whether a node has it all, never overcommitted against the server itself, only against others."""
    total, cpus = len(cell.cpuset), len(wanted.cpuset)
    if wanted.memory > cell.memory or cpus > total:
        return False
    return limits is None or (
        cell.cpu_usage + cpus <= total * limits.cpu_allocation_ratio
        and cell.memory_usage + wanted.memory <= cell.memory * limits.ram_allocation_ratio
    )


def numa_usage_from_instance_numa(host: NUMATopology, placed: InstanceNUMATopology) -> NUMATopology:
    """The host's nodes with that server on them."""
    taken = {cell.id: cell for cell in placed.cells}
    return NUMATopology([_used(cell, taken.get(cell.id)) for cell in host.cells])


def _used(cell: NUMACell, taken: InstanceNUMACell | None) -> NUMACell:
    if taken is None:
        return cell
    cpus, memory = cell.cpu_usage + len(taken.cpuset), cell.memory_usage + taken.memory
    return replace(cell, cpu_usage=cpus, memory_usage=memory)

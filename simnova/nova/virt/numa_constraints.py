"""The NUMA nodes that flavor and image ask for (`numa_get_constraints` of `nova/virt/hardware.py`)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from itertools import count, takewhile
from typing import NamedTuple, TypeVar

from simnova.exceptions import NovaError
from simnova.nova import exception
from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.objects.numa import InstanceNUMACell, InstanceNUMATopology
from simnova.nova.virt import constraints
from simnova.nova.virt.cpu_spec import parse_cpu_spec

T = TypeVar("T")

MEMPAGES_SMALL, MEMPAGES_LARGE, MEMPAGES_ANY = -1, -2, -3
"""Sizes of pages that are known only once a node is chosen."""

_SIZES = {"small": MEMPAGES_SMALL, "large": MEMPAGES_LARGE, "any": MEMPAGES_ANY}
_BYTES = re.compile(r"(\d+(?:\.\d+)?)\s?([KMGTP]?)(i?)(b|bit|B)", re.ASCII)
_PREFIXES = "KMGTP"


class Policies(NamedTuple):
    """How a server's CPUs are to be had, and which of them are dedicated."""

    cpu: str | None
    thread: str | None
    dedicated: set[int]


def numa_get_constraints(flavor: Flavor, image: ImageMeta) -> InstanceNUMATopology | None:
    """The nodes with their CPUs, memory, pages and policies; None where nothing asks for any.

    A page size, dedicated CPUs or persistent memory make one node where no number is said. Raises Nova's errors for
    what is no number or contradicts itself: InvalidNUMANodesNumber, ImageNUMATopologyAsymmetric and the like.
    """
    policies = _policies(flavor, image)
    nodes, pagesize = _nodes(flavor, image), _pagesize(flavor, image)
    _check_locked_memory(flavor, image)
    wanted = nodes or pagesize or flavor.extra_specs.get("hw:pmem")
    if not wanted and policies.cpu not in ("dedicated", "mixed"):
        return None
    cells = _cells(nodes or 1, flavor)
    for cell in cells:
        cell.pcpuset = [cpu for cpu in cell.cpuset if cpu in policies.dedicated]
        cell.cpuset = [cpu for cpu in cell.cpuset if cpu not in policies.dedicated]
        cell.pagesize = pagesize
        cell.cpu_policy, cell.cpu_thread_policy = policies.cpu, policies.thread
    emulator = constraints.get_emulator_thread_policy_constraint(flavor)
    return InstanceNUMATopology(cells, emulator)


def _policies(flavor: Flavor, image: ImageMeta) -> Policies:
    """What flavor and image say of CPUs; raises where that cannot be."""
    policy = constraints.get_cpu_policy_constraint(flavor, image)
    threads = constraints.get_cpu_thread_policy_constraint(flavor, image)
    realtime = constraints.get_realtime_cpu_constraint(flavor, image)
    dedicated = constraints.get_dedicated_cpu_constraint(flavor)
    isolated = constraints.get_emulator_thread_policy_constraint(flavor) == "isolate"
    policy = _by_resources(flavor, policy, isolated)
    threads = _by_trait(flavor, image, threads)
    if policy in ("shared", None):
        _refuse(threads, exception.CPUThreadPolicyConfigurationInvalid)
        _refuse(isolated, exception.BadRequirementEmulatorThreadsPolicy)
        _refuse(dedicated, exception.RequiredMixedInstancePolicy)
        _refuse(realtime, exception.RealtimeConfigurationInvalid)
        return Policies(policy, threads, set())
    if policy == "dedicated":
        _refuse(dedicated, exception.RequiredMixedInstancePolicy)
        return Policies(policy, threads, set(range(flavor.vcpus)))
    _refuse(bool(realtime) == bool(dedicated), exception.RequiredMixedOrRealtimeCPUMask)
    return Policies(policy, threads, dedicated or realtime)


def _refuse(found: object, error: type[NovaError]) -> None:
    if found:
        raise error()


def _by_resources(flavor: Flavor, policy: str | None, isolated: bool) -> str | None:
    """The policy that `resources:PCPU` or `resources:VCPU` stand for; raises InvalidRequest."""
    vcpus, pcpus = _resources(flavor, "VCPU"), _resources(flavor, "PCPU")
    if policy and (vcpus or pcpus):
        raise exception.InvalidRequest(
            "It is not possible to use the 'resources:VCPU' or 'resources:PCPU' extra specs in combination with "
            "the 'hw:cpu_policy' extra spec or 'hw_cpu_policy' image metadata property; use one or the other"
        )
    if vcpus and pcpus:
        raise exception.InvalidRequest(
            "It is not possible to specify both 'resources:VCPU' and 'resources:PCPU' extra specs; use one or the "
            "other"
        )
    if pcpus and pcpus != flavor.vcpus + isolated:
        raise exception.InvalidRequest(_TOO_FEW if isolated else _MISMATCH)
    if pcpus:
        return "dedicated"
    return "shared" if vcpus else policy


_TOO_FEW = (
    "You have requested 'hw:emulator_threads_policy=isolate' but have not requested sufficient PCPUs to handle this "
    "policy; you must allocate exactly flavor.vcpus + 1 PCPUs."
)
_MISMATCH = (
    "There is a mismatch between the number of PCPUs requested via 'resourcesNN:PCPU' and the flavor); you must "
    "allocate exactly flavor.vcpus PCPUs"
)


def _resources(flavor: Flavor, name: str) -> int:
    key = re.compile(f"resources([1-9][0-9]*)?:{name}")
    amounts = [value for spec, value in flavor.extra_specs.items() if key.match(spec)]
    return sum(int(value) for value in amounts if re.fullmatch(r"\s*[+-]?\d+\s*", value))


def _by_trait(flavor: Flavor, image: ImageMeta, threads: str | None) -> str | None:
    """The thread policy that HW_CPU_HYPERTHREADING stands for; raises InvalidRequest where both are there."""
    key = re.compile("trait([1-9][0-9]*)?:HW_CPU_HYPERTHREADING")
    said = next((value for spec, value in flavor.extra_specs.items() if key.match(spec)), None)
    if said is None and image.properties.get("trait:HW_CPU_HYPERTHREADING") == "required":
        said = "required"
    if threads and said:
        raise exception.InvalidRequest(
            "It is not possible to use the 'trait:HW_CPU_HYPERTHREADING' extra spec in combination with the "
            "'hw:cpu_thread_policy' extra spec or 'hw_cpu_thread_policy' image metadata property; use one or the "
            "other"
        )
    return {"forbidden": "isolate", "required": "require"}.get(said or "", threads)


def _nodes(flavor: Flavor, image: ImageMeta) -> int | None:
    asked, has = constraints.both("numa_nodes", flavor, image)
    if asked and has:
        raise exception.ImageNUMATopologyForbidden(name="hw_numa_nodes")
    nodes = asked or has
    if nodes is None:
        return None
    if not str(nodes).isdigit() or int(nodes) < 1:
        raise exception.InvalidNUMANodesNumber(nodes=nodes)
    return int(nodes)


def _pagesize(flavor: Flavor, image: ImageMeta) -> float | None:
    """The size of pages in KiB, or one of `MEMPAGES_`; the image may narrow what the flavor leaves open."""
    asked, has = constraints.both("mem_page_size", flavor, image)
    if not asked:
        if has:
            raise exception.MemoryPageSizeForbidden(pagesize=has, against="<empty>")
        return None
    size = _size(asked)
    if not has:
        return size
    if size not in (MEMPAGES_ANY, MEMPAGES_LARGE):
        raise exception.MemoryPageSizeForbidden(pagesize=has, against=asked)
    return _size(has)


def _size(text: str) -> float:
    if text in _SIZES:
        return _SIZES[text]
    if text.isdigit():
        return int(text)
    found = _BYTES.fullmatch(text)
    if not found:
        raise exception.MemoryPageSizeInvalid(pagesize=text)
    number, prefix, _, unit = found.groups()
    power = _PREFIXES.index(prefix) + 1 if prefix else 0
    size: float = float(number) * 1024**power / (8 if unit in ("b", "bit") else 1)
    return math.ceil(size) / 1024


def _check_locked_memory(flavor: Flavor, image: ImageMeta) -> None:
    """Memory can be locked only where pages have a size; raises LockMemoryForbidden."""
    asked, has = (
        None if value is None else constraints.is_true(value)
        for value in constraints.both("locked_memory", flavor, image)
    )
    if asked is not None and has is not None and asked != has:
        raise exception.FlavorImageLockedMemoryConflict(image=has, flavor=asked)
    locked = has if asked is None else asked
    if locked and not any(constraints.both("mem_page_size", flavor, image)):
        raise exception.LockMemoryForbidden()
    if not locked:
        constraints.get_mem_encryption_model(flavor, image)


def _cells(nodes: int, flavor: Flavor) -> list[InstanceNUMACell]:
    cpus = _numbered(flavor, "hw:numa_cpus", parse_cpu_spec)
    memory = _numbered(flavor, "hw:numa_mem", int)
    if not cpus and not memory:
        return _even(nodes, flavor)
    if not len(cpus) == len(memory) == nodes:
        raise exception.ImageNUMATopologyIncomplete()
    return _as_said(cpus, memory, flavor)


def _numbered(flavor: Flavor, key: str, cast: Callable[[str], T]) -> list[T]:
    keys = takewhile(flavor.extra_specs.__contains__, (f"{key}.{number}" for number in count()))
    return [cast(flavor.extra_specs[key]) for key in keys]


def _even(nodes: int, flavor: Flavor) -> list[InstanceNUMACell]:
    if flavor.vcpus % nodes or flavor.memory_mb % nodes:
        raise exception.ImageNUMATopologyAsymmetric()
    cpus, memory = flavor.vcpus // nodes, flavor.memory_mb // nodes
    return [
        InstanceNUMACell(node, list(range(node * cpus, (node + 1) * cpus)), memory)
        for node in range(nodes)
    ]


def _as_said(cpus: list[list[int]], memory: list[int], flavor: Flavor) -> list[InstanceNUMACell]:
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
    return [InstanceNUMACell(node, *pair) for node, pair in pairs]

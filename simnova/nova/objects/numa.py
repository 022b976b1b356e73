"""NUMA nodes of hosts and of servers (`nova/objects/numa.py`, `nova/objects/instance_numa.py`). Memory in MB.

CPUs are lists, since objects cross messages as JSON.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import ClassVar

from simnova.nova.objects.base import NovaObject, from_primitive


@dataclass
class NUMAPagesTopology(NovaObject):
    """The pages of one size of a node: their size in KiB, and how many there are, used, and reserved."""

    VERSION: ClassVar[str] = "1.1"

    size_kb: int = 0
    total: int = 0
    used: float = 0
    reserved: int = 0

    @property
    def total_kb(self) -> int:
        """All of them in KiB."""
        return self.total * self.size_kb

    @property
    def free_kb(self) -> float:
        """Those that are free in KiB."""
        return (self.total - self.used - self.reserved) * self.size_kb


@dataclass
class NUMACell(NovaObject):
    """A node of a host: its CPUs, those for sharing and those to dedicate, its memory, and what servers use of them.

    `siblings` are the threads of each core, `socket` the processor where that is known.
    """

    VERSION: ClassVar[str] = "1.5"

    id: int = 0
    cpuset: list[int] = field(default_factory=list)
    memory: int = 0
    cpu_usage: int = 0
    memory_usage: int = 0
    pcpuset: list[int] = field(default_factory=list)
    pinned_cpus: list[int] = field(default_factory=list)
    siblings: list[list[int]] = field(default_factory=list)
    mempages: list[NUMAPagesTopology] = field(default_factory=list)
    socket: int | None = None

    @property
    def free_pcpus(self) -> set[int]:
        """The CPUs that can still be dedicated."""
        return set(self.pcpuset) - set(self.pinned_cpus)

    @property
    def free_siblings(self) -> list[set[int]]:
        """The same by core."""
        return [set(core) & self.free_pcpus for core in self.siblings]

    @property
    def avail_memory(self) -> int:
        """Memory that no server uses."""
        return self.memory - self.memory_usage

    @property
    def has_threads(self) -> bool:
        """Whether a core has several threads."""
        return any(len(core) > 1 for core in self.siblings)

    def can_fit_pagesize(self, size_kb: float, memory_kb: int, use_free: bool = True) -> bool:
        """Whether so much memory is there in whole pages of a size; of all pages where others' do not count."""
        found = [pages for pages in self.mempages if pages.size_kb == size_kb]
        if not found or memory_kb % size_kb:
            return False
        return memory_kb <= (found[0].free_kb if use_free else found[0].total_kb)


@dataclass
class NUMATopology(NovaObject):
    """The nodes of a host."""

    VERSION: ClassVar[str] = "1.2"

    cells: list[NUMACell] = field(default_factory=list)

    @property
    def has_threads(self) -> bool:
        """Whether a core of the host has several threads."""
        return any(cell.has_threads for cell in self.cells)

    @classmethod
    def from_json(cls, text: str | None) -> NUMATopology | None:
        """As the column numa_topology of compute_nodes has it; None where the host does not say."""
        found: NUMATopology | None = from_primitive(json.loads(text)) if text else None
        return found

    def to_json(self) -> str:
        """For the column."""
        return json.dumps(self.obj_to_primitive(), sort_keys=True)


@dataclass
class InstanceNUMACell(NovaObject):
    """A node that a server is to have: its virtual CPUs and memory; `id` is that of the host's node, once chosen.

    `pcpuset` are the virtual CPUs that get one of the host's for themselves: `cpu_pinning` says which, in pairs.
    `pagesize` is in KiB, or one of the `MEMPAGES_` of `hardware`, until a node is chosen. `cpuset_reserved` are
    CPUs of the host that the emulator's threads get.
    """

    VERSION: ClassVar[str] = "1.6"

    id: int = 0
    cpuset: list[int] = field(default_factory=list)
    memory: int = 0
    pcpuset: list[int] = field(default_factory=list)
    pagesize: float | None = None
    cpu_policy: str | None = None
    cpu_thread_policy: str | None = None
    cpu_pinning: list[list[int]] = field(default_factory=list)
    cpuset_reserved: list[int] = field(default_factory=list)

    @property
    def is_pinned(self) -> bool:
        """Whether some of its CPUs are dedicated."""
        return self.cpu_policy in ("dedicated", "mixed")

    @property
    def is_shared(self) -> bool:
        """Whether some of its CPUs are shared."""
        return self.cpu_policy != "dedicated"


@dataclass
class InstanceNUMATopology(NovaObject):
    """The nodes that a server is to have."""

    VERSION: ClassVar[str] = "1.3"

    cells: list[InstanceNUMACell] = field(default_factory=list)
    emulator_threads_policy: str | None = None

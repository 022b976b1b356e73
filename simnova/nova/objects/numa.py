"""NUMA nodes of hosts and of servers (`nova/objects/numa.py`, `nova/objects/instance_numa.py`). Memory in MB."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import ClassVar

from simnova.nova.objects.base import NovaObject, from_primitive


@dataclass
class NUMACell(NovaObject):
    """A node of a host: its CPUs and memory, and how much of them servers use."""

    VERSION: ClassVar[str] = "1.5"

    id: int = 0
    cpuset: list[int] = field(default_factory=list)
    memory: int = 0
    cpu_usage: int = 0
    memory_usage: int = 0


@dataclass
class NUMATopology(NovaObject):
    """The nodes of a host."""

    VERSION: ClassVar[str] = "1.2"

    cells: list[NUMACell] = field(default_factory=list)

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
    """A node that a server is to have: its virtual CPUs and memory; `id` is that of the host's node, once chosen."""

    VERSION: ClassVar[str] = "1.6"

    id: int = 0
    cpuset: list[int] = field(default_factory=list)
    memory: int = 0


@dataclass
class InstanceNUMATopology(NovaObject):
    """The nodes that a server is to have."""

    VERSION: ClassVar[str] = "1.3"

    cells: list[InstanceNUMACell] = field(default_factory=list)

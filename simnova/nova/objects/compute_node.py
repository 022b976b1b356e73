"""What a hypervisor has and what is used of it (`nova/objects/compute_node.py`)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, ClassVar

from simnova.nova.context import RequestContext
from simnova.nova.objects.base import NovaObject, remotable, remotable_class

__door__ = True

_JSON = {"stats": "{}", "supported_hv_specs": "[]", "pci_device_pools": "null"}
_COLUMN = {"supported_hv_specs": "supported_instances", "pci_device_pools": "pci_stats"}


@dataclass
class ComputeNode(NovaObject):
    """A row of `compute_nodes`: memory in MB, disk in GB, `stats` as the resource tracker counts them."""

    VERSION: ClassVar[str] = "1.19"

    id: int | None = None
    uuid: str | None = None
    service_id: int | None = None
    host: str = ""
    hypervisor_hostname: str = ""
    hypervisor_type: str = ""
    hypervisor_version: int = 0
    vcpus: int = 0
    memory_mb: int = 0
    local_gb: int = 0
    vcpus_used: int = 0
    memory_mb_used: int = 0
    local_gb_used: int = 0
    free_ram_mb: int = 0
    free_disk_gb: int = 0
    disk_available_least: int | None = None
    current_workload: int = 0
    running_vms: int = 0
    cpu_info: str = "{}"
    host_ip: str | None = None
    cpu_allocation_ratio: float = 0.0
    ram_allocation_ratio: float = 0.0
    disk_allocation_ratio: float = 0.0
    stats: dict[str, str] = field(default_factory=dict)
    supported_hv_specs: list[list[str]] = field(default_factory=list)
    metrics: str | None = None
    pci_device_pools: list[dict[str, Any]] | None = None
    numa_topology: str | None = None
    updated_at: str | None = None

    def row(self) -> dict[str, Any]:
        """The columns of `compute_nodes`, but for its number and times."""
        return _columns(self.values())

    @remotable
    async def create(self) -> None:
        """Write the row of a new node."""
        row = await self.ctxt.cell_db.insert(
            "compute_nodes", **self.row(), created_at=self.ctxt.now()
        )
        self.id = row["id"]
        self.obj_reset_changes()

    @remotable
    async def save(self) -> None:
        """Write what has changed."""
        changed = self.obj_what_changed()
        self.updated_at = changed["updated_at"] = self.ctxt.now()
        await self.ctxt.cell_db.update("compute_nodes", {"id": self.id}, _columns(changed))
        self.obj_reset_changes()

    @classmethod
    @remotable_class
    async def get_by_host_and_nodename(
        cls, context: RequestContext, host: str, nodename: str
    ) -> ComputeNode | None:
        """The row of that node, None where the host has never reported."""
        where = {"host": host, "hypervisor_hostname": nodename, "deleted": 0}
        row = await context.cell_db.get("compute_nodes", **where)
        return cls._from_row(context, row) if row else None

    @classmethod
    async def get_all_by_host(cls, context: RequestContext, host: str) -> list[ComputeNode]:
        """The nodes of a host; there are none where it never reported."""
        rows = await context.cell_db.select("compute_nodes", {"host": host, "deleted": 0})
        return [cls._from_row(context, row) for row in rows]

    @classmethod
    async def get_all_by_ids(cls, context: RequestContext, ids: list[int]) -> list[ComputeNode]:
        """The rows of those ids in the cell, in the order in which they were made."""
        rows = await context.cell_db.select(
            "compute_nodes", {"id": ids, "deleted": 0}, order_by="id"
        )
        return [cls._from_row(context, row) for row in rows]

    @classmethod
    async def get_all(cls, context: RequestContext) -> list[ComputeNode]:
        """Every node of the cell."""
        rows = await context.cell_db.select("compute_nodes", {"deleted": 0}, order_by="id")
        return [cls._from_row(context, row) for row in rows]

    @classmethod
    async def get_unmapped(cls, context: RequestContext) -> list[ComputeNode]:
        """The nodes of the cell that no host mapping is known for."""
        rows = await context.cell_db.select(
            "compute_nodes", {"deleted": 0, "mapped": 0}, order_by="id"
        )
        return [cls._from_row(context, row) for row in rows]

    async def mark_mapped(self) -> None:
        """Note that the host has a mapping."""
        await self.ctxt.cell_db.update("compute_nodes", {"id": self.id}, {"mapped": 1})

    @classmethod
    def _from_row(cls, context: RequestContext, row: dict[str, Any]) -> ComputeNode:
        values = {name: row[_COLUMN.get(name, name)] for name in cls.field_names()}
        for name, empty in _JSON.items():
            values[name] = json.loads(values[name] or empty)
        return cls(**values, context=context).obj_reset_changes()


def _columns(values: dict[str, Any]) -> dict[str, Any]:
    """Fields as the table has them: some under another name, some as JSON text."""
    encoded = {
        n: json.dumps(v, sort_keys=True) if n in _JSON and v is not None else v
        for n, v in values.items()
        if n != "id"
    }
    return {_COLUMN.get(name, name): value for name, value in encoded.items()}

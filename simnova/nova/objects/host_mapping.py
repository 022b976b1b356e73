"""Which cell a host belongs to (`nova/objects/host_mapping.py`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from simnova.db.exception import DBDuplicateEntry
from simnova.nova import exception
from simnova.nova.context import RequestContext, target_cell
from simnova.nova.objects.base import NovaObject
from simnova.nova.objects.cell_mapping import CellMapping
from simnova.nova.objects.compute_node import ComputeNode

__door__ = True


@dataclass
class HostMapping(NovaObject):
    """A compute host and its cell; `nova-manage cell_v2 discover_hosts` makes it."""

    VERSION: ClassVar[str] = "1.0"

    host: str = ""
    cell_mapping: CellMapping = field(default_factory=CellMapping)

    @classmethod
    async def get_by_host(cls, context: RequestContext, host: str) -> HostMapping:
        """The mapping of that host; raises HostMappingNotFound."""

        def work(tx: Any) -> tuple[dict[str, Any], dict[str, Any]]:
            row = tx.get("host_mappings", host=host)
            if row is None:
                raise exception.HostMappingNotFound(name=host)
            return row, tx.get("cell_mappings", id=row["cell_id"])

        row, cell = await context.api_db.transact(work)
        mapping = CellMapping.from_row(context, cell)
        return cls(host=row["host"], cell_mapping=mapping, context=context)

    @classmethod
    async def get_all(
        cls, context: RequestContext, cell_uuid: str | None = None
    ) -> list[HostMapping]:
        """The mappings of all hosts, or of those of a cell (`HostMappingList.get_by_cell_id`)."""

        def work(tx: Any) -> list[tuple[dict[str, Any], dict[str, Any]]]:
            cells = {cell["id"]: cell for cell in tx.select("cell_mappings")}
            rows = tx.select("host_mappings", order_by="id")
            return [(row, cells[row["cell_id"]]) for row in rows]

        return [
            cls(host=row["host"], cell_mapping=CellMapping.from_row(context, cell), context=context)
            for row, cell in await context.api_db.transact(work)
            if cell_uuid in (None, cell["uuid"])
        ]

    async def destroy(self) -> None:
        """Forget the host."""
        await self.ctxt.api_db.delete("host_mappings", {"host": self.host})

    async def create(self) -> None:
        """Write the mapping; raises HostMappingExists."""

        def work(tx: Any) -> None:
            cell = tx.get("cell_mappings", uuid=self.cell_mapping.uuid)
            tx.insert(
                "host_mappings", host=self.host, cell_id=cell["id"], created_at=self.ctxt.now()
            )

        try:
            await self.ctxt.api_db.transact(work)
        except DBDuplicateEntry:
            raise exception.HostMappingExists(name=self.host) from None


async def discover_hosts(
    context: RequestContext, status_fn: Callable[[str], object] = lambda text: None
) -> list[HostMapping]:
    """Map the compute hosts that no cell has yet, cell by cell; `status_fn` is told how it goes.

    Raises HostMappingExists where somebody else does the same at the same time.
    """
    cells = await CellMapping.get_all(context)
    status_fn(f"Found {len(cells)} cell mappings.")
    found: list[HostMapping] = []
    for cell in cells:
        if cell.is_cell0():
            status_fn("Skipping cell0 since it does not contain hosts.")
            continue
        status_fn(f"Getting computes from cell '{cell.name}': {cell.uuid}")
        added = await _map_nodes(target_cell(context, cell), cell, status_fn)
        status_fn(f"Found {len(added)} unmapped computes in cell: {cell.uuid}")
        found += added
    return found


async def _map_nodes(
    context: RequestContext, cell: CellMapping, status_fn: Callable[[str], object]
) -> list[HostMapping]:
    made = []
    for node in await ComputeNode.get_unmapped(context):
        which = f"compute host '{node.host}': {node.uuid}"
        status_fn(f"Checking host mapping for {which}")
        try:
            await HostMapping.get_by_host(context, node.host)
        except exception.HostMappingNotFound:
            status_fn(f"Creating host mapping for {which}")
            made.append(HostMapping(host=node.host, cell_mapping=cell, context=context))
            await made[-1].create()
            await node.mark_mapped()
    return made

"""Which cell a host belongs to (`nova/objects/host_mapping.py`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from simnova.db.exception import DBDuplicateEntry
from simnova.nova import exception
from simnova.nova.context import RequestContext
from simnova.nova.objects.base import NovaObject
from simnova.nova.objects.cell_mapping import CellMapping

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

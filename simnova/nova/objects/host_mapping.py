"""Which cell a host belongs to (`nova/objects/host_mapping.py`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

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
        mapping = CellMapping(
            **{name: cell[name] for name in CellMapping.field_names()}, context=context
        )
        return cls(host=row["host"], cell_mapping=mapping, context=context)

    async def destroy(self) -> None:
        """Forget the host."""
        await self.ctxt.api_db.delete("host_mappings", {"host": self.host})

    async def create(self) -> None:
        """Write the mapping."""

        def work(tx: Any) -> None:
            cell = tx.get("cell_mappings", uuid=self.cell_mapping.uuid)
            tx.insert(
                "host_mappings", host=self.host, cell_id=cell["id"], created_at=self.ctxt.now()
            )

        await self.ctxt.api_db.transact(work)

"""Cells: where a database and a message bus are (`nova/objects/cell_mapping.py`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from simnova.nova import exception
from simnova.nova.context import RequestContext
from simnova.nova.objects.base import NovaObject

__door__ = True

CELL0_UUID = "00000000-0000-0000-0000-000000000000"


@dataclass
class CellMapping(NovaObject):
    """A cell: the address of its message bus and of its database. cell0 holds servers that never got a host."""

    VERSION: ClassVar[str] = "1.1"

    uuid: str = ""
    name: str = ""
    transport_url: str = ""
    database_connection: str = ""
    disabled: bool = False

    def is_cell0(self) -> bool:
        """Whether this is the cell for servers without a host."""
        return self.uuid == CELL0_UUID

    @property
    def identity(self) -> str:
        """The cell as log lines name it."""
        return f"{self.uuid}({self.name})"

    async def create(self) -> None:
        """Write the mapping."""
        await self.ctxt.api_db.insert("cell_mappings", **self.values(), created_at=self.ctxt.now())

    @classmethod
    async def get_by_uuid(cls, context: RequestContext, uuid: str) -> CellMapping:
        """The cell of that UUID; raises CellMappingNotFound."""
        row = await context.api_db.get("cell_mappings", uuid=uuid)
        if row is None:
            raise exception.CellMappingNotFound(uuid=uuid)
        return cls.from_row(context, row)

    async def save(self) -> None:
        """Write what has changed."""
        changed = self.obj_what_changed() | {"updated_at": self.ctxt.now()}
        await self.ctxt.api_db.update("cell_mappings", {"uuid": self.uuid}, changed)
        self.obj_reset_changes()

    @classmethod
    def from_row(cls, context: RequestContext, row: dict[str, Any]) -> CellMapping:
        """The cell of a row of `cell_mappings`."""
        found = cls(**{name: row[name] for name in cls.field_names()}, context=context)
        return found.obj_reset_changes()

    @classmethod
    async def get_all(cls, context: RequestContext) -> list[CellMapping]:
        """Every cell in the order in which they were made, cell0 first."""
        rows = await context.api_db.select("cell_mappings", order_by="id")
        return [cls.from_row(context, row) for row in rows]

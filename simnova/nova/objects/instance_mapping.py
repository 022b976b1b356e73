"""Which cell a server lives in (`nova/objects/instance_mapping.py`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import sqlalchemy as sa

from simnova.db.api_schema import METADATA as API
from simnova.nova import exception
from simnova.nova.context import RequestContext
from simnova.nova.objects.base import NovaObject
from simnova.nova.objects.cell_mapping import CellMapping

__door__ = True


@dataclass
class InstanceMapping(NovaObject):
    """A server and its cell; no cell yet where it is still being scheduled."""

    VERSION: ClassVar[str] = "1.2"

    instance_uuid: str = ""
    project_id: str | None = None
    user_id: str | None = None
    queued_for_delete: bool = False
    cell_mapping: CellMapping | None = None
    created_at: str | None = None

    @property
    def cell_uuid(self) -> str | None:
        """The UUID of the cell, None where there is none yet."""
        return self.cell_mapping.uuid if self.cell_mapping else None

    def row(self) -> dict[str, Any]:
        """The columns of a mapping that has no cell yet."""
        return {
            "instance_uuid": self.instance_uuid,
            "project_id": self.project_id,
            "user_id": self.user_id,
            "queued_for_delete": self.queued_for_delete,
            "cell_id": None,
            "created_at": self.ctxt.now(),
        }

    async def save(self) -> None:
        """Write the cell and whether the server is about to be deleted."""
        cell_uuid = self.cell_uuid

        def work(tx: Any) -> None:
            cell = tx.get("cell_mappings", uuid=cell_uuid) if cell_uuid else None
            values = {"cell_id": cell and cell["id"], "queued_for_delete": self.queued_for_delete}
            tx.update("instance_mappings", {"instance_uuid": self.instance_uuid}, values)

        await self.ctxt.api_db.transact(work)

    async def destroy(self) -> None:
        """Forget the server."""
        await self.ctxt.api_db.delete("instance_mappings", {"instance_uuid": self.instance_uuid})

    @classmethod
    async def get_by_instance_uuid(cls, context: RequestContext, uuid: str) -> InstanceMapping:
        """The mapping of that server; raises InstanceMappingNotFound."""

        found = await context.api_db.execute(_WITH_CELL, uuid=uuid)
        if not found:
            raise exception.InstanceMappingNotFound(uuid=uuid)
        (row,) = found
        cell = {name: row[f"cell_{name}"] for name in CellMapping.field_names()}
        return cls._from_rows(context, row, cell if row["cell_id"] else None)

    @classmethod
    async def get_by_instance_uuids(
        cls, context: RequestContext, uuids: list[str]
    ) -> list[InstanceMapping]:
        """The mappings of those servers, as far as there are any."""
        if not uuids:
            return []

        def work(tx: Any) -> list[tuple[dict[str, Any], dict[str, Any] | None]]:
            cells = {cell["id"]: cell for cell in tx.select("cell_mappings")}
            rows = tx.select("instance_mappings", {"instance_uuid": uuids}, order_by="id")
            return [(row, cells.get(row["cell_id"])) for row in rows]

        return [cls._from_rows(context, *found) for found in await context.api_db.transact(work)]

    @classmethod
    async def get_not_deleted_by_cell_and_project(
        cls, context: RequestContext, cell_uuid: str, project_id: str | None, limit: int | None
    ) -> list[InstanceMapping]:
        """The mappings of a cell's servers, of one project or of all, that are not about to be deleted."""

        def work(tx: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
            cell = tx.get("cell_mappings", uuid=cell_uuid)
            where = {"cell_id": cell["id"], "queued_for_delete": False}
            where |= {"project_id": project_id} if project_id else {}
            return cell, tx.select("instance_mappings", where, order_by="id", limit=limit)

        cell, rows = await context.api_db.transact(work)
        return [cls._from_rows(context, row, cell) for row in rows]

    @classmethod
    async def get_counts(
        cls, context: RequestContext, project_id: str, user_id: str | None = None
    ) -> dict[str, dict[str, int]]:
        """How many servers a project has, and one user of it where asked; those about to be deleted left out."""
        where = {"queued_for_delete": False, "project_id": project_id}
        scopes = {"project": where} | ({"user": where | {"user_id": user_id}} if user_id else {})
        return {scope: {"instances": await _count(context, of)} for scope, of in scopes.items()}

    @classmethod
    async def get_count_by_uuids_and_user(
        cls, context: RequestContext, uuids: list[str], user_id: str
    ) -> int:
        """How many of these servers are a user's; those about to be deleted left out."""
        if not uuids:
            return 0
        where = {"instance_uuid": uuids, "queued_for_delete": False, "user_id": user_id}
        return await _count(context, where)

    @classmethod
    def _from_rows(
        cls, context: RequestContext, row: dict[str, Any], cell: dict[str, Any] | None
    ) -> InstanceMapping:
        names = [name for name in cls.field_names() if name != "cell_mapping"]
        mapping = cls(**{name: row[name] for name in names}, context=context)
        if cell is not None:
            values = {name: cell[name] for name in CellMapping.field_names()}
            mapping.cell_mapping = CellMapping(**values, context=context)
        return mapping


_MAPPINGS, _CELLS = API.tables["instance_mappings"], API.tables["cell_mappings"]
_WITH_CELL = (
    sa.select(
        *(
            _MAPPINGS.c[name]
            for name in (*InstanceMapping.field_names(), "cell_id")
            if name != "cell_mapping"
        ),
        *(_CELLS.c[name].label(f"cell_{name}") for name in CellMapping.field_names()),
    )
    .select_from(_MAPPINGS.outerjoin(_CELLS, _CELLS.c.id == _MAPPINGS.c.cell_id))
    .where(_MAPPINGS.c.instance_uuid == sa.bindparam("uuid"))
)


async def _count(context: RequestContext, where: dict[str, Any]) -> int:
    (found,) = await context.api_db.totals("instance_mappings", [], where)
    return int(found["count"])

"""Services as the database knows them (`nova/objects/service.py`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import sqlalchemy as sa

from simnova.db.cell_schema import METADATA as CELL
from simnova.db.transaction import Transaction
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.base import NovaObject, remotable, remotable_class
from simnova.nova.scatter_gather import DidNotRespond, scatter_gather_all_cells

__door__ = True

LOG = getLogger(__name__)

SERVICE_VERSION = 74
"""The version of a service of this release (`nova.objects.service.SERVICE_VERSION`)."""


@dataclass
class Service(NovaObject):
    """A row of `services`: who reports, how often it did, and whether an operator has disabled it."""

    VERSION: ClassVar[str] = "1.22"

    id: int | None = None
    uuid: str | None = None
    host: str = ""
    binary: str = ""
    topic: str | None = None
    report_count: int = 0
    disabled: bool = False
    disabled_reason: str | None = None
    last_seen_up: str | None = None
    forced_down: bool = False
    version: int = SERVICE_VERSION
    created_at: str | None = None

    @remotable
    async def create(self) -> None:
        """Write the row when the service comes up for the first time."""
        self.created_at = self.ctxt.now()
        values = {name: value for name, value in self.values().items() if name != "id"}
        row = await self.ctxt.cell_db.insert("services", **values)
        self.id = row["id"]

    @remotable
    async def save(self) -> None:
        """Write what has changed."""
        await self.ctxt.cell_db.update("services", {"id": self.id}, self.obj_what_changed())
        self.obj_reset_changes()

    @remotable
    async def destroy(self) -> None:
        """Soft-delete the row, and with a compute's those of its nodes, which `discover_hosts` would find again."""
        now = self.ctxt.now()
        await self.ctxt.cell_db.transact(self._destroy(now))

    def _destroy(self, now: str) -> Callable[[Transaction], None]:
        def work(tx: Transaction) -> None:
            tx.update("services", {"id": self.id}, {"deleted": self.id, "deleted_at": now})
            if self.binary == "nova-compute":
                for node in tx.select("compute_nodes", {"host": self.host, "deleted": 0}):
                    gone = {"deleted": node["id"], "deleted_at": now, "mapped": 0}
                    tx.update("compute_nodes", {"id": node["id"]}, gone)

        return work

    @classmethod
    @remotable_class
    async def get_by_host_and_binary(
        cls, context: RequestContext, host: str, binary: str
    ) -> Service | None:
        """The row of that service, None where it has never reported."""
        row = await context.cell_db.get("services", host=host, binary=binary, deleted=0)
        return cls._from_row(context, row) if row else None

    @classmethod
    async def get_all(cls, context: RequestContext, binary: str | None = None) -> list[Service]:
        """Every service of the cell, or those of one binary."""
        where = {"deleted": 0} | ({"binary": binary} if binary else {})
        rows = await context.cell_db.select("services", where, order_by="id")
        return [cls._from_row(context, row) for row in rows]

    @classmethod
    async def get_all_by_ids(cls, context: RequestContext, ids: list[int]) -> list[Service]:
        """The rows of those ids in the cell, of any binary."""
        rows = await context.cell_db.select("services", {"id": ids, "deleted": 0}, order_by="id")
        return [cls._from_row(context, row) for row in rows]

    @classmethod
    async def get_minimum_version(cls, context: RequestContext, binary: str) -> int | None:
        """The least version among the cell's services of a binary, which one row answers; None where there is none."""
        (found,) = await context.cell_db.execute(_MINIMUM, binary=binary)
        version: int | None = found["version"]
        return version

    @classmethod
    def _from_row(cls, context: RequestContext, row: dict[str, object]) -> Service:
        values = {name: row[name] for name in cls.field_names()}
        return cls(**values, context=context).obj_reset_changes()  # type: ignore[arg-type]


_SERVICES = CELL.tables["services"]
_MINIMUM = sa.select(sa.func.min(_SERVICES.c.version).label("version")).where(
    _SERVICES.c.binary == sa.bindparam("binary"),
    _SERVICES.c.deleted == sa.literal_column("0"),
)


async def get_minimum_version_all_cells(context: RequestContext, binary: str) -> int:
    """The least version among a binary's services in all cells that answer; 0 where there are none."""
    answers = await scatter_gather_all_cells(context, Service.get_minimum_version, binary)
    for cell_uuid, answer in answers.items():
        if isinstance(answer, DidNotRespond):
            LOG.warning("Cell %s did not respond when getting minimum service version", cell_uuid)
        elif isinstance(answer, Exception):
            LOG.warning("Failed to get minimum service version for cell %s", cell_uuid)
    return min((version for version in answers.values() if isinstance(version, int)), default=0)

"""Host aggregates: groups of hosts with metadata (`nova/objects/aggregate.py`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from simnova.db.exception import DBDuplicateEntry
from simnova.nova import exception
from simnova.nova.context import RequestContext
from simnova.nova.objects.base import NovaObject

__door__ = True


@dataclass
class Aggregate(NovaObject):
    """Hosts that belong together, and what is said of them; `availability_zone` in the metadata makes a zone of it."""

    VERSION: ClassVar[str] = "1.3"

    id: int = 0
    uuid: str = ""
    name: str = ""
    hosts: list[str] = field(default_factory=list)
    metadata: dict[str, str] = field(default_factory=dict)
    created_at: str | None = None
    updated_at: str | None = None

    @property
    def availability_zone(self) -> str | None:
        """The zone that this aggregate is, if it is one."""
        return self.metadata.get("availability_zone")

    # --- reading ----------------------------------------------------------------------------------------------

    @classmethod
    async def get_all(cls, context: RequestContext) -> list[Aggregate]:
        """Every aggregate with its hosts and metadata, in the order in which they were made."""
        return await context.api_db.transact(lambda tx: _load(tx, context))

    @classmethod
    async def get_by_id(cls, context: RequestContext, aggregate_id: int) -> Aggregate:
        """The aggregate of that id; raises AggregateNotFound."""
        found = await context.api_db.transact(lambda tx: _load(tx, context, id=aggregate_id))
        if not found:
            raise exception.AggregateNotFound(aggregate_id=aggregate_id)
        return found[0]

    @classmethod
    async def get_by_host(cls, context: RequestContext, host: str) -> list[Aggregate]:
        """The aggregates that a host is in."""
        return [found for found in await cls.get_all(context) if host in found.hosts]

    @classmethod
    async def get_by_metadata(
        cls, context: RequestContext, key: str, value: str
    ) -> list[Aggregate]:
        """The aggregates whose metadata has that value under that key."""
        return [found for found in await cls.get_all(context) if found.metadata.get(key) == value]

    @classmethod
    async def get_by_metadata_key(
        cls, context: RequestContext, key: str, hosts: Collection[str] | None = None
    ) -> list[Aggregate]:
        """The aggregates that have that key, of those with one of the hosts where hosts are given."""
        return [
            found
            for found in await cls.get_all(context)
            if key in found.metadata and (hosts is None or set(hosts) & set(found.hosts))
        ]

    # --- writing ----------------------------------------------------------------------------------------------

    async def create(self) -> None:
        """Write it, with its metadata but no hosts; raises AggregateNameExists."""
        self.uuid = self.uuid or self.ctxt.here.clock.uuid("aggregate")
        self.created_at = self.ctxt.now()

        def work(tx: Any) -> int:
            if tx.get("aggregates", name=self.name):
                raise exception.AggregateNameExists(aggregate_name=self.name)
            row = tx.insert(
                "aggregates", uuid=self.uuid, name=self.name, created_at=self.created_at
            )
            for key, value in self.metadata.items():
                tx.insert("aggregate_metadata", aggregate_id=row["id"], key=key, value=value)
            return int(row["id"])

        self.id = await self.ctxt.api_db.transact(work)

    async def save(self) -> None:
        """Write its name; raises AggregateNameExists."""
        self.updated_at = self.ctxt.now()
        values = {"name": self.name, "updated_at": self.updated_at}
        try:
            await self.ctxt.api_db.update("aggregates", {"id": self.id}, values)
        except DBDuplicateEntry:
            raise exception.AggregateNameExists(aggregate_name=self.name) from None

    async def update_metadata(self, updates: Mapping[str, str | None]) -> None:
        """Add and change keys; those whose value is None go."""
        gone = [key for key, value in updates.items() if value is None]
        kept = {key: value for key, value in updates.items() if value is not None}

        def work(tx: Any) -> None:
            for key in gone:
                tx.delete("aggregate_metadata", {"aggregate_id": self.id, "key": key})
            for key, value in kept.items():
                where = {"aggregate_id": self.id, "key": key}
                if not tx.update("aggregate_metadata", where, {"value": value}):
                    tx.insert("aggregate_metadata", **where, value=value)

        await self.ctxt.api_db.transact(work)
        left = {key: value for key, value in self.metadata.items() if key not in gone}
        self.metadata = left | kept
        self.updated_at = self.ctxt.now()

    async def add_host(self, host: str) -> None:
        """Put a host in; raises AggregateHostExists where it is in already."""
        try:
            await self.ctxt.api_db.insert("aggregate_hosts", host=host, aggregate_id=self.id)
        except DBDuplicateEntry:
            raise exception.AggregateHostExists(host=host, aggregate_id=self.id) from None
        self.hosts.append(host)

    async def delete_host(self, host: str) -> None:
        """Take a host out; raises AggregateHostNotFound where it is not in."""
        where = {"host": host, "aggregate_id": self.id}
        if not await self.ctxt.api_db.delete("aggregate_hosts", where):
            raise exception.AggregateHostNotFound(aggregate_id=self.id, host=host)
        self.hosts.remove(host)

    async def destroy(self) -> None:
        """Delete it with its metadata; raises AggregateNotFound."""

        def work(tx: Any) -> None:
            tx.delete("aggregate_metadata", {"aggregate_id": self.id})
            if not tx.delete("aggregates", {"id": self.id}):
                raise exception.AggregateNotFound(aggregate_id=self.id)

        await self.ctxt.api_db.transact(work)


def _load(tx: Any, context: RequestContext, **where: Any) -> list[Aggregate]:
    """The aggregates that fit, each with its hosts and metadata."""
    names = ("id", "uuid", "name", "created_at", "updated_at")
    rows = tx.select("aggregates", where, order_by="id")
    found = {row["id"]: Aggregate(**{n: row[n] for n in names}, context=context) for row in rows}
    of = {"aggregate_id": list(found)} if where else None
    for row in tx.select("aggregate_hosts", of, order_by="id") if found else ():
        found[row["aggregate_id"]].hosts.append(row["host"])
    for row in tx.select("aggregate_metadata", of, order_by="id") if found else ():
        found[row["aggregate_id"]].metadata[row["key"]] = row["value"]
    return [aggregate.obj_reset_changes() for aggregate in found.values()]

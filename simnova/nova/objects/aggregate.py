"""Host aggregates: groups of hosts with metadata (`nova/objects/aggregate.py`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

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

    @property
    def availability_zone(self) -> str | None:
        """The zone that this aggregate is, if it is one."""
        return self.metadata.get("availability_zone")

    @classmethod
    async def get_all(cls, context: RequestContext) -> list[Aggregate]:
        """Every aggregate with its hosts and metadata, in the order in which they were made."""

        def work(tx: Any) -> list[Aggregate]:
            rows = tx.select("aggregates", order_by="id")
            found = {
                row["id"]: cls(id=row["id"], uuid=row["uuid"], name=row["name"]) for row in rows
            }
            for row in tx.select("aggregate_hosts", order_by="id"):
                found[row["aggregate_id"]].hosts.append(row["host"])
            for row in tx.select("aggregate_metadata", order_by="id"):
                found[row["aggregate_id"]].metadata[row["key"]] = row["value"]
            return list(found.values())

        return await context.api_db.transact(work)

    @classmethod
    async def get_by_metadata(
        cls, context: RequestContext, key: str, value: str
    ) -> list[Aggregate]:
        """The aggregates whose metadata has that value under that key."""
        return [found for found in await cls.get_all(context) if found.metadata.get(key) == value]

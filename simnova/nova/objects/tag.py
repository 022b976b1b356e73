"""Words that a user puts on a server to find it again (`nova/objects/tag.py`)."""

from __future__ import annotations

from typing import Any

from simnova.nova import exception
from simnova.nova.context import RequestContext

__door__ = True

MAX_TAG_COUNT = 50
"""On one server (`nova/objects/instance.py`)."""

_TABLE = "tags"


async def get_by_resource_id(context: RequestContext, uuid: str) -> list[str]:
    """The tags of a server, in the order of the alphabet."""

    def work(tx: Any) -> list[str]:
        return sorted(row["tag"] for row in tx.select(_TABLE, {"resource_id": uuid}))

    return await context.cell_db.transact(work)


async def create(context: RequestContext, uuid: str, tag: str) -> None:
    """Put one more on it."""
    await context.cell_db.transact(lambda tx: tx.insert(_TABLE, resource_id=uuid, tag=tag))


async def replace(context: RequestContext, uuid: str, tags: list[str]) -> list[str]:
    """Put these on it and no others, each once (`TagList.create`)."""
    wanted = set(tags)

    def work(tx: Any) -> None:
        held = {row["tag"] for row in tx.select(_TABLE, {"resource_id": uuid})}
        for tag in sorted(held - wanted):
            tx.delete(_TABLE, {"resource_id": uuid, "tag": tag})
        for tag in sorted(wanted - held):
            tx.insert(_TABLE, resource_id=uuid, tag=tag)

    await context.cell_db.transact(work)
    return sorted(wanted)


async def destroy(context: RequestContext, uuid: str, tag: str) -> None:
    """Take one off; raises InstanceTagNotFound."""
    if tag not in await get_by_resource_id(context, uuid):
        raise exception.InstanceTagNotFound(instance_id=uuid, tag=tag)
    where = {"resource_id": uuid, "tag": tag}
    await context.cell_db.transact(lambda tx: tx.delete(_TABLE, where))

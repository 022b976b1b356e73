"""The server as it stands in for itself while it is being scheduled (`nova/objects/build_request.py`)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, ClassVar

from simnova.nova import exception
from simnova.nova.context import RequestContext
from simnova.nova.objects.base import NovaObject, from_primitive
from simnova.nova.objects.instance import Instance

__door__ = True


@dataclass
class BuildRequest(NovaObject):
    """A request to build a server; the API shows its `instance` until the server has a row in a cell."""

    VERSION: ClassVar[str] = "1.4"

    instance_uuid: str = ""
    project_id: str | None = None
    instance: Instance = field(default_factory=Instance)
    tags: list[str] = field(default_factory=list)

    def row(self) -> dict[str, Any]:
        """The columns of `build_requests`: the server as JSON."""
        text = json.dumps(self.instance.obj_to_primitive(), sort_keys=True)
        now = self.ctxt.now()
        return {
            "instance_uuid": self.instance_uuid,
            "project_id": self.project_id,
            "instance": text,
            "created_at": now,
        }

    def get_new_instance(self, context: RequestContext) -> Instance:
        """The server that is to be created in a cell."""
        values = self.instance.values()
        return Instance(**values, context=context)

    async def save(self) -> None:
        """Write the server as it is now; raises BuildRequestNotFound where the conductor has been faster."""
        values = {"instance": self.row()["instance"], "updated_at": self.ctxt.now()}
        where = {"instance_uuid": self.instance_uuid}
        if not await self.ctxt.api_db.update("build_requests", where, values):
            raise exception.BuildRequestNotFound(uuid=self.instance_uuid)

    async def destroy(self) -> None:
        """Take the request back; raises BuildRequestNotFound where somebody else did."""
        gone = await self.ctxt.api_db.delete(
            "build_requests", {"instance_uuid": self.instance_uuid}
        )
        if not gone:
            raise exception.BuildRequestNotFound(uuid=self.instance_uuid)

    @classmethod
    async def get_by_instance_uuid(cls, context: RequestContext, uuid: str) -> BuildRequest:
        """The request for that server; raises BuildRequestNotFound."""
        row = await context.api_db.get("build_requests", instance_uuid=uuid)
        if row is None:
            raise exception.BuildRequestNotFound(uuid=uuid)
        return cls._from_row(context, row)

    @classmethod
    async def get_all(
        cls, context: RequestContext, project_id: str | None = None
    ) -> list[BuildRequest]:
        """The requests that wait for a host, of one project or of all."""
        where = {"project_id": project_id} if project_id else None
        rows = await context.api_db.select("build_requests", where, order_by="id")
        return [cls._from_row(context, row) for row in rows]

    @classmethod
    def _from_row(cls, context: RequestContext, row: dict[str, Any]) -> BuildRequest:
        instance = from_primitive(json.loads(row["instance"]), context)
        return cls(
            instance_uuid=row["instance_uuid"],
            project_id=row["project_id"],
            instance=instance,
            context=context,
        )

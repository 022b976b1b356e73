"""Where a server is: in its cell, or still a build request."""

from __future__ import annotations

from typing import Any

from simnova.nova import exception
from simnova.nova.compute.api.base import Base
from simnova.nova.context import RequestContext, target_cell
from simnova.nova.objects.build_request import BuildRequest
from simnova.nova.objects.cell_mapping import CellMapping
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.instance_mapping import InstanceMapping


class Finding(Base):
    """Servers are looked for."""

    async def get(self, context: RequestContext, uuid: str, read_deleted: bool = False) -> Instance:
        """A server wherever it is: in its cell, or still only a build request. Raises InstanceNotFound."""
        try:
            mapping = await InstanceMapping.get_by_instance_uuid(context, uuid)
        except exception.InstanceMappingNotFound:
            raise exception.InstanceNotFound(instance_id=uuid) from None
        if not context.is_admin and mapping.project_id != context.project_id:
            raise exception.InstanceNotFound(instance_id=uuid)
        if mapping.cell_mapping is not None:
            targeted = target_cell(context, mapping.cell_mapping)
            return await Instance.get_by_uuid(targeted, uuid, read_deleted=read_deleted)
        try:
            return (await BuildRequest.get_by_instance_uuid(context, uuid)).instance
        except exception.BuildRequestNotFound:
            raise exception.InstanceNotFound(instance_id=uuid) from None

    async def get_all(
        self, context: RequestContext, all_tenants: bool = False, deleted: bool | None = False
    ) -> list[Instance]:
        """The servers of a project, or of all, over every cell, newest first; None is deleted ones and others."""
        project = None if all_tenants else context.project_id
        found: list[Instance] = []
        if not deleted:
            found = [request.instance for request in await BuildRequest.get_all(context, project)]
        where: dict[str, Any] = {"project_id": project} if project else {}
        for cell in await CellMapping.get_all(context):
            if not cell.disabled:
                targeted = target_cell(context, cell)
                found += await Instance.get_all(targeted, deleted, **where)
        return sorted(
            found, key=lambda instance: (instance.created_at or "", instance.id or 0), reverse=True
        )

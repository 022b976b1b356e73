"""Where a server is: in its cell, or still a build request."""

from __future__ import annotations

from typing import Any

from simnova.nova import exception
from simnova.nova.compute.api.base import Base
from simnova.nova.compute.multi_cell_list import get_records
from simnova.nova.context import RequestContext, target_cell
from simnova.nova.log import getLogger
from simnova.nova.objects.build_request import BuildRequest
from simnova.nova.objects.cell_mapping import CellMapping
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.instance_mapping import InstanceMapping
from simnova.nova.scatter_gather import scatter_gather_single_cell

LOG = getLogger("nova.compute.api")


class Finding(Base):
    """Servers are looked for."""

    async def get(self, context: RequestContext, uuid: str, read_deleted: bool = False) -> Instance:
        """A server wherever it is: in its cell, or still only a build request.

        Raises InstanceNotFound, and NovaException where its cell does not answer.
        """
        found = await self.get_or_mapping(context, uuid, read_deleted)
        if isinstance(found, InstanceMapping):
            raise exception.NovaException(
                f"Cell {found.cell_uuid} is not responding or returned an exception, hence instance "
                "info is not available."
            )
        return found

    async def get_or_mapping(
        self, context: RequestContext, uuid: str, read_deleted: bool = False
    ) -> Instance | InstanceMapping:
        """The server, or the mapping, which is all that is known of it while its cell does not answer."""
        mapping = await self._mapping_of(context, uuid)
        if mapping.cell_mapping is None:
            try:
                return (await BuildRequest.get_by_instance_uuid(context, uuid)).instance
            except exception.BuildRequestNotFound:
                mapping = await self._mapping_of(context, uuid)
        if mapping.cell_mapping is None:
            raise exception.InstanceNotFound(instance_id=uuid)
        found = await scatter_gather_single_cell(
            context, mapping.cell_mapping, Instance.get_by_uuid, uuid, read_deleted
        )
        if isinstance(found, exception.InstanceNotFound):
            raise found
        return found if isinstance(found, Instance) else mapping

    async def _mapping_of(self, context: RequestContext, uuid: str) -> InstanceMapping:
        """Where a server is that this user may see; raises InstanceNotFound."""
        try:
            mapping = await InstanceMapping.get_by_instance_uuid(context, uuid)
        except exception.InstanceMappingNotFound:
            raise exception.InstanceNotFound(instance_id=uuid) from None
        if not context.is_admin and mapping.project_id != context.project_id:
            raise exception.InstanceNotFound(instance_id=uuid)
        return mapping

    async def get_all(
        self,
        context: RequestContext,
        all_tenants: bool = False,
        deleted: bool | None = False,
        cell_down_support: bool = False,
    ) -> tuple[list[Instance], list[str]]:
        """The servers of a project, or of all, over every cell, newest first, and the UUIDs of cells that are down.

        With `deleted` only those that are, with None these and the others. Raises NovaException for a cell that is
        down where the options say so, but not with `cell_down_support`.
        """
        project = None if all_tenants else context.project_id
        found: list[Instance] = []
        if not deleted:
            found = [request.instance for request in await BuildRequest.get_all(context, project)]
        where: dict[str, Any] = {"project_id": project} if project else {}
        in_cells, down = await get_records(
            context,
            self.conf.api.list_records_by_skipping_down_cells or cell_down_support,
            await self._cells(context),
            Instance.get_all,
            deleted,
            **where,
        )
        seen = {instance.uuid: instance for instance in [*in_cells, *found]}
        ordered = sorted(seen.values(), key=lambda instance: instance.uuid)
        return sorted(ordered, key=_age, reverse=True), down

    async def _cells(self, context: RequestContext) -> list[CellMapping]:
        """The cells that a list asks: all, or only those where the project has servers."""
        cells = await CellMapping.get_all(context)
        if context.is_admin or not self.conf.api.instance_list_per_project_cells:
            return cells
        rows = await context.api_db.select(
            "instance_mappings", {"project_id": context.project_id}, order_by="id"
        )
        numbers = {row["cell_id"] for row in rows}
        known = await context.api_db.select("cell_mappings", {"id": sorted(numbers - {None})})
        wanted = {row["uuid"] for row in known}
        return [cell for cell in cells if cell.uuid in wanted]

    async def minimal(
        self, context: RequestContext, down: list[str], all_tenants: bool, limit: int
    ) -> list[InstanceMapping]:
        """What is known of the servers in cells that are down (`_generate_minimal_construct_for_down_cells`)."""
        found: list[InstanceMapping] = []
        for cell_uuid in down:
            LOG.warning(
                "Cell %s is not responding and hence only partial results are available from this "
                "cell if any.",
                cell_uuid,
            )
            project = None if all_tenants else context.project_id
            found += await InstanceMapping.get_not_deleted_by_cell_and_project(
                context, cell_uuid, project, max(0, limit - len(found))
            )
        return found

    async def check_marker(self, context: RequestContext, uuid: str) -> None:
        """Raise MarkerNotFound for a server that there is not, and what its cell says where that does not answer."""
        try:
            mapping = await InstanceMapping.get_by_instance_uuid(context, uuid)
            if mapping.cell_mapping is not None:
                there = target_cell(context, mapping.cell_mapping)
                await Instance.get_by_uuid(there, uuid, read_deleted=True)
        except (exception.InstanceMappingNotFound, exception.InstanceNotFound):
            raise exception.MarkerNotFound(marker=uuid) from None


def _age(instance: Instance) -> tuple[str, int]:
    return instance.created_at or "", instance.id or 0

"""What the API checks about server groups: who is in one, and how many may be (`nova/quota.py`)."""

from __future__ import annotations

from simnova.config import Config
from simnova.nova import exception
from simnova.nova.context import RequestContext, target_cell
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.instance_group import InstanceGroup
from simnova.nova.objects.instance_mapping import InstanceMapping

__all__ = ["check_members", "check_server_groups", "get_not_deleted"]


async def get_not_deleted(
    context: RequestContext, uuids: list[str], user_id: str | None = None
) -> list[str]:
    """Those of the servers that are not deleted (and are a user's), scheduled or not, in the given order."""
    mappings = [
        mapping
        for mapping in await InstanceMapping.get_by_instance_uuids(context, uuids)
        if user_id in (None, mapping.user_id)
    ]
    there = {mapping.instance_uuid for mapping in mappings if mapping.cell_mapping is None}
    cells = {
        mapping.cell_mapping.uuid: mapping.cell_mapping
        for mapping in mappings
        if mapping.cell_mapping
    }
    for cell in cells.values():
        wanted = [
            one.instance_uuid
            for one in mappings
            if one.cell_mapping and one.cell_mapping.uuid == cell.uuid
        ]
        there |= {
            one.uuid for one in await Instance.get_all(target_cell(context, cell), uuid=wanted)
        }
    return [uuid for uuid in uuids if uuid in there]


async def check_server_groups(context: RequestContext, conf: Config) -> None:
    """Raise ServerGroupLimitExceeded where the project may have no more groups; -1 is no limit."""
    limit = conf.quota.server_groups
    if 0 <= limit <= len(await InstanceGroup.get_all(context, context.project_id)):
        raise exception.ServerGroupLimitExceeded()


async def check_members(
    context: RequestContext, conf: Config, group: InstanceGroup, more: int
) -> None:
    """Raise GroupMemberLimitExceeded where the group cannot take so many more servers of the user; -1 is no limit."""
    limit = conf.quota.server_group_members
    used = len(await get_not_deleted(context, group.members, context.user_id))
    if limit >= 0 and used + more > limit:
        raise exception.GroupMemberLimitExceeded()

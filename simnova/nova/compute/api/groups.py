"""What the API checks about server groups: who is in one, and how many may be (`nova/quota.py`)."""

from __future__ import annotations

from simnova.nova import exception
from simnova.nova.context import RequestContext, target_cell
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.instance_group import InstanceGroup
from simnova.nova.objects.instance_mapping import InstanceMapping
from simnova.nova.quota import DbQuotaDriver

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


async def check_server_groups(quotas: DbQuotaDriver, context: RequestContext, more: int) -> None:
    """Raise ServerGroupLimitExceeded where the project or the user may not have so many more groups."""
    deltas = {"server_groups": more}
    try:
        await quotas.check_deltas(context, deltas, context.project_id, context.user_id)
    except exception.OverQuota:
        raise exception.ServerGroupLimitExceeded() from None


async def check_members(
    quotas: DbQuotaDriver, context: RequestContext, group: InstanceGroup, more: int
) -> None:
    """Raise GroupMemberLimitExceeded where the group cannot take so many more servers of the user.

    Requests at the same time do not see each other; Nova's second check does not either: it counts the same members.
    """
    deltas = {"server_group_members": more}
    try:
        await quotas.check_deltas(context, deltas, group, context.user_id)
    except exception.OverQuota:
        raise exception.GroupMemberLimitExceeded() from None

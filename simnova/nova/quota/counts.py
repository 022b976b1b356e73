"""What a project or a user has of what is limited: counted anew each time (`nova/quota.py`).

Servers are counted in the cells, where those that are still being scheduled are not yet: two requests at once can both
find room. With `[quota] count_usage_from_placement` their number comes from the instance mappings, which are there at
once, and cores and RAM from Placement.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Protocol

from simnova.config import Config
from simnova.nova.context import RequestContext
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.instance_group import InstanceGroup
from simnova.nova.objects.instance_mapping import InstanceMapping
from simnova.nova.objects.keypair import KeyPair
from simnova.nova.scatter_gather import DidNotRespond, scatter_gather_all_cells

Count = dict[str, dict[str, int]]
"""By scope, "project" or "user", how many of each resource; memory in MB."""


class UsageClient(Protocol):
    """Who knows what Placement counts."""

    async def get_usages_counts_for_quota(
        self, context: RequestContext, project_id: str, user_id: str | None = None
    ) -> Count:
        """Cores and RAM of a project, and of one user of it where asked."""
        ...


class Counts:
    """Counts the resources that stand for rows."""

    def __init__(self, conf: Config, report_client: UsageClient) -> None:
        self.conf = conf
        self.report_client = report_client
        servers = self.instances_cores_ram
        self.of: dict[str, Callable[..., Awaitable[Count]]] = {
            "instances": servers,
            "cores": servers,
            "ram": servers,
            "key_pairs": self.key_pairs,
            "server_groups": self.server_groups,
            "server_group_members": self.server_group_members,
        }

    async def instances_cores_ram(
        self, context: RequestContext, project_id: str, user_id: str | None = None
    ) -> Count:
        """Servers, their cores and their RAM: of a project, and of one user of it where asked."""
        if self.conf.quota.count_usage_from_placement and self.conf.uses_placement:
            return await self._from_placement(context, project_id, user_id)
        users = {"project": None} | ({"user": user_id} if user_id else {})
        return {scope: await _in_cells(context, project_id, user) for scope, user in users.items()}

    async def _from_placement(
        self, context: RequestContext, project_id: str, user_id: str | None
    ) -> Count:
        count = await InstanceMapping.get_counts(context, project_id, user_id)
        held = await self.report_client.get_usages_counts_for_quota(context, project_id, user_id)
        return {scope: count[scope] | held[scope] for scope in count}

    async def key_pairs(self, context: RequestContext, user_id: str) -> Count:
        """A user's key pairs."""
        return {"user": {"key_pairs": await KeyPair.get_count_by_user(context, user_id)}}

    async def server_groups(
        self, context: RequestContext, project_id: str, user_id: str | None = None
    ) -> Count:
        """Server groups of a project, and of one user of it where asked."""
        return await InstanceGroup.get_counts(context, project_id, user_id)

    async def server_group_members(
        self, context: RequestContext, group: InstanceGroup, user_id: str
    ) -> Count:
        """A user's servers in a group."""
        count = await InstanceMapping.get_count_by_uuids_and_user(context, group.members, user_id)
        return {"user": {"server_group_members": count}}


async def _in_cells(
    context: RequestContext, project_id: str, user_id: str | None
) -> dict[str, int]:
    """The sums over the cells; what is in a cell that does not answer is not counted."""
    total = Counter(instances=0, cores=0, ram=0)
    counts = await scatter_gather_all_cells(context, Instance.get_counts, project_id, user_id)
    for count in counts.values():
        if not isinstance(count, Exception | DidNotRespond):
            total.update(count)
    return dict(total)

"""The last look at a server's group, on its host (`_validate_instance_group_policy` of `nova/compute/manager.py`)."""

from __future__ import annotations

from simnova.kernel.lock import Semaphore
from simnova.nova import exception
from simnova.nova.compute.manager.base import Base
from simnova.nova.context import RequestContext
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.instance_group import InstanceGroup
from simnova.nova.objects.migration import Migration


class GroupPolicy(Base):
    """Two requests that are scheduled at the same time do not see each other: the host looks again after the claim."""

    async def _validate_instance_group_policy(
        self,
        context: RequestContext,
        instance: Instance,
        scheduler_hints: dict[str, list[str]] | None = None,
    ) -> None:
        """Raise GroupAffinityViolation where a server of the group must not be on this host.

        Where no hints are given, the group is the one that the server is a member of.
        """
        if self.conf.workarounds.disable_group_policy_check_upcall:
            return
        group = await _group(context, instance, scheduler_hints)
        if group is None:
            return
        async with self._group_lock(group.uuid):
            if group.policy == "anti-affinity":
                await self._check_apart(context, instance, group)
            elif group.policy == "affinity":
                await self._check_together(context, instance, group)

    async def _check_apart(
        self, context: RequestContext, instance: Instance, group: InstanceGroup
    ) -> None:
        here = {one.uuid for one in await Instance.get_by_host(context, self.host)}
        node = self.rt.node.hypervisor_hostname
        moving = await Migration.get_in_progress_by_host_and_node(context, self.host, node)
        here |= {str(one.instance_uuid) for one in moving}
        group = await InstanceGroup.get_by_uuid(context, group.uuid)
        others = here & set(group.members) - {instance.uuid}
        if len(others) >= group.rules.get("max_server_per_host", 1):
            raise exception.GroupAffinityViolation(policy="Anti-affinity")

    async def _check_together(
        self, context: RequestContext, instance: Instance, group: InstanceGroup
    ) -> None:
        hosts = await InstanceGroup.get_hosts(context, group.members, [instance.uuid])
        if hosts and self.host not in hosts:
            raise exception.GroupAffinityViolation(policy="Affinity")

    def _group_lock(self, uuid: str) -> Semaphore:
        locks: dict[str, Semaphore] = vars(self).setdefault("_group_locks", {})
        return locks.setdefault(uuid, Semaphore(self.place.clock))


async def _group(
    context: RequestContext, instance: Instance, hints: dict[str, list[str]] | None
) -> InstanceGroup | None:
    try:
        if hints is None:
            return await InstanceGroup.get_by_instance_uuid(context, instance.uuid)
        hint = hints.get("group")
        return await InstanceGroup.get_by_hint(context, hint[0]) if hint else None
    except exception.InstanceGroupNotFound:
        return None

"""The last look at a server's group, on its host (`_validate_instance_group_policy` of `nova/compute/manager.py`)."""

from __future__ import annotations

from simnova.kernel.lock import Semaphore
from simnova.nova import exception
from simnova.nova.compute.manager.base import Base
from simnova.nova.context import RequestContext
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.instance_group import InstanceGroup


class GroupPolicy(Base):
    """Two requests that are scheduled at the same time do not see each other: the host looks again after the claim."""

    async def _validate_instance_group_policy(
        self, context: RequestContext, instance: Instance, scheduler_hints: dict[str, list[str]]
    ) -> None:
        """Raise GroupAffinityViolation where a server of the group must not be on this host."""
        hint = scheduler_hints.get("group")
        if self.conf.workarounds.disable_group_policy_check_upcall or not hint:
            return
        try:
            group = await InstanceGroup.get_by_hint(context, hint[0])
        except exception.InstanceGroupNotFound:
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

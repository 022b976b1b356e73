"""What Nova remembers of its servers' networks is read anew from Neutron, one server a round."""

from __future__ import annotations

from simnova.nova import exception
from simnova.nova.compute.manager.base import Base
from simnova.nova.context import RequestContext, get_admin_context
from simnova.nova.log import getLogger
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.states import TaskState, VmState
from simnova.nova.periodic_task import periodic_task

LOG = getLogger("nova.compute.manager")

_UNBOUND = ("binding_failed", "unbound")
_SKIPPED = "Skipping network cache update for instance because it "


class NetworkCache(Base):
    """The healing of `instance_info_caches`; off unless `heal_instance_info_cache_interval` is set."""

    @periodic_task(
        "what Nova remembers of a server's ports and addresses, and ports bound to another host",
        spacing="heal_instance_info_cache_interval",
        zero_is_off=True,
    )
    async def _heal_instance_info_cache(self) -> None:
        """Refresh the next server of this host; when all have had their turn the list is made anew."""
        LOG.debug("Starting heal instance info cache")
        context = get_admin_context(self.place)
        instance = await self._next_to_heal(context)
        if instance is None:
            LOG.debug("Didn't find any instances for network info cache update.")
            return
        try:
            await self._heal(context, instance)
            LOG.debug("Updated the network info_cache for instance", instance=instance)
        except exception.InstanceNotFound:
            LOG.debug("Instance no longer exists. Unable to refresh", instance=instance)
        except Exception:
            text = "An error occurred while refreshing the network cache."
            LOG.exception(text, instance=instance)

    async def _next_to_heal(self, context: RequestContext) -> Instance | None:
        if not self._instance_uuids_to_heal:
            return await self._rebuild_list_to_heal(context)
        while self._instance_uuids_to_heal:
            instance = await _found(context, self._instance_uuids_to_heal.pop(0))
            if instance is None:
                continue
            if instance.host != self.host:
                text = f"{_SKIPPED}has been migrated to another host."
                LOG.debug(text, instance=instance)
            elif instance.task_state == TaskState.DELETING:
                LOG.debug(f"{_SKIPPED}is being deleted.", instance=instance)
            else:
                return instance
        return None

    async def _rebuild_list_to_heal(self, context: RequestContext) -> Instance | None:
        LOG.debug("Rebuilding the list of instances to heal")
        fit = []
        for instance in await Instance.get_by_host(context, self.host):
            if instance.vm_state == VmState.BUILDING:
                LOG.debug(f"{_SKIPPED}is Building.", instance=instance)
            elif instance.task_state == TaskState.DELETING:
                LOG.debug(f"{_SKIPPED}is being deleted.", instance=instance)
            else:
                fit.append(instance)
        self._instance_uuids_to_heal = [instance.uuid for instance in fit[1:]]
        return fit[0] if fit else None

    async def _heal(self, context: RequestContext, instance: Instance) -> None:
        if instance.task_state is None and await self._require_nw_info_update(context, instance):
            LOG.info("Updating ports in neutron", instance=instance)
            await self.network_api.setup_instance_network_on_host(context, instance, self.host)
        instance.network_info = await self.network_api.get_instance_nw_info(context, instance)
        await instance.save()

    async def _require_nw_info_update(self, context: RequestContext, instance: Instance) -> bool:
        """Whether a port is bound to another host, or to none."""
        ports = await self.network_api.list_ports(context, device_id=instance.uuid)
        return any(
            port.get("binding:host_id") != self.host or port.get("binding:vif_type") in _UNBOUND
            for port in ports
        )


async def _found(context: RequestContext, uuid: str) -> Instance | None:
    try:
        return await Instance.get_by_uuid(context, uuid)
    except exception.InstanceNotFound:
        return None

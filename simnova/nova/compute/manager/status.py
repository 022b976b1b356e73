"""Whether a host takes new servers: the trait by which Placement knows that its service is disabled.

`set_host_enabled` of `nova/compute/manager.py`, with what its `ComputeVirtAPI` does; and `_set_host_enabled` of
`nova/virt/libvirt/driver.py`: a service whose hypervisor is lost disables itself until it is back.
"""

from __future__ import annotations

from simnova.nova.compute.manager.base import Base
from simnova.nova.context import RequestContext, get_admin_context
from simnova.nova.log import getLogger
from simnova.nova.objects.service import Service

LOG = getLogger("nova.compute.manager")

DRIVER = getLogger("nova.virt.libvirt.driver")

COMPUTE_STATUS_DISABLED = "COMPUTE_STATUS_DISABLED"
AUTO = "AUTO: "
"""What a service's own reasons begin with: it takes back none of an operator's (`DISABLE_PREFIX`)."""


class Status(Base):
    """Keeps COMPUTE_STATUS_DISABLED on the host's provider in step with its service."""

    async def init_host(self) -> None:
        """From now on hear of the hypervisor's being lost."""
        await super().init_host()
        self.driver.register_connection_listener(self._handle_conn_event)

    def _handle_conn_event(self, enabled: bool, reason: str) -> None:
        """The hypervisor is lost, or back: an errand of its own."""
        service = self.place.transport.service if self.place.transport else None
        if service is not None and service.alive:
            context = self._own_context()
            self.place.clock.spawn(
                self._set_host_service_enabled(context, enabled, reason),
                service=service,
                request_id=context.request_id,
                background=False,
            )

    async def _set_host_service_enabled(
        self, context: RequestContext, enabled: bool, reason: str
    ) -> None:
        """An operator's own disabling stays; what goes wrong is only logged."""
        try:
            await self._follow_hypervisor(context, enabled, reason)
        except Exception:
            text = 'Cannot update service status on host "%s" due to an unexpected exception.'
            DRIVER.warning(text, self.host)

    async def _follow_hypervisor(self, context: RequestContext, enabled: bool, reason: str) -> None:
        values = {"enabled": enabled, "reason": reason or None}
        DRIVER.info("Connection event '%(enabled)d' reason '%(reason)s'", values)
        service = await Service.get_by_host_and_binary(context, self.host, "nova-compute")
        if service is None or service.disabled == (not enabled):
            return
        if service.disabled and not (service.disabled_reason or "").startswith(AUTO):
            DRIVER.debug("Not overriding manual compute service status with: %s", "enabled")
            return
        service.disabled = not enabled
        service.disabled_reason = None if enabled else f"{AUTO}{reason}"[:255]
        await service.save()
        status = "enabled" if enabled else "disabled"
        DRIVER.debug("Updating compute service status to %s", status)
        if self.conf.uses_placement and self.rt.compute_node is not None:
            await self._update_compute_provider_status(context, enabled)

    async def pre_start_hook(self) -> None:
        """What was changed while this service was down reaches Placement now."""
        await super().pre_start_hook()
        node, service = self.rt.compute_node, self.service_ref
        if not self.conf.uses_placement or node is None or service is None:
            return
        context = get_admin_context(self.place)
        tree = await self.reportclient.get_provider_tree_and_ensure_root(context, str(node.uuid))
        if (COMPUTE_STATUS_DISABLED in tree.data(str(node.uuid)).traits) != service.disabled:
            await self._update_compute_provider_status(context, not service.disabled)

    async def set_host_enabled(self, context: RequestContext, enabled: bool) -> str:
        """Call: the service of this host has been enabled or disabled; answers `enabled` or `disabled`."""
        if self.conf.uses_placement and self.rt.compute_node is not None:
            await self._update_compute_provider_status(context, enabled)
        elif self.rt.compute_node is None:
            LOG.warning(
                "Unable to add/remove trait COMPUTE_STATUS_DISABLED. "
                "No ComputeNode(s) found for host: %s",
                self.host,
            )
        return "enabled" if enabled else "disabled"

    async def _update_compute_provider_status(self, context: RequestContext, enabled: bool) -> None:
        uuid = str(self.rt.node.uuid)
        found = await self.reportclient.get_provider_traits(context, uuid)
        trait = {COMPUTE_STATUS_DISABLED}
        wanted = found.traits - trait if enabled else found.traits | trait
        if wanted == found.traits:
            return
        LOG.debug(
            "%s trait %s %s compute node resource provider %s in placement.",
            "Removing" if enabled else "Adding",
            COMPUTE_STATUS_DISABLED,
            "from" if enabled else "to",
            uuid,
        )
        await self.reportclient.set_traits_for_provider(context, uuid, wanted, found.generation)

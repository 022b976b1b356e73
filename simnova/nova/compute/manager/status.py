"""Whether a host takes new servers: the trait by which Placement knows that its service is disabled.

`set_host_enabled` of `nova/compute/manager.py`, with what its `ComputeVirtAPI` does.
"""

from __future__ import annotations

from simnova.nova.compute.manager.base import Base
from simnova.nova.context import RequestContext, get_admin_context
from simnova.nova.log import getLogger

LOG = getLogger("nova.compute.manager")

COMPUTE_STATUS_DISABLED = "COMPUTE_STATUS_DISABLED"


class Status(Base):
    """Keeps COMPUTE_STATUS_DISABLED on the host's provider in step with its service."""

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

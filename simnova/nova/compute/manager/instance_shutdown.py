"""A server leaves its hypervisor (`_shutdown_instance` of `nova/compute/manager.py`)."""

from __future__ import annotations

from simnova.nova.compute.manager.base import Base
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.network_request import NetworkRequest

LOG = getLogger("nova.compute.manager")


class InstanceShutdown(Base):
    """What a deletion and a build that failed have in common."""

    async def _shutdown_instance(
        self,
        context: RequestContext,
        instance: Instance,
        requested: list[NetworkRequest] | None = None,
    ) -> None:
        """Destroy the guest and take back its networks, these also where the guest cannot be destroyed.

        Neutron is asked what they are where Nova remembers none; ports that the user `requested` are only freed.
        """
        LOG.info("Terminating instance", instance=instance)
        network_info = instance.network_info or await self.network_api.get_instance_nw_info(
            context, instance
        )
        started = self.place.clock.now
        try:
            await self.driver.destroy(context, instance, network_info)
            took = self.place.clock.now - started
            text = "Took %0.2f seconds to destroy the instance on the hypervisor."
            LOG.info(text, took, instance=instance)
        except Exception:
            await self._try_deallocate_network(context, instance, requested)
            raise
        await self._try_deallocate_network(context, instance, requested)

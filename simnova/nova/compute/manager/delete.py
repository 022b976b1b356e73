"""Deleting a server: guest, ports, allocation, row."""

from __future__ import annotations

from simnova.nova import exception
from simnova.nova.compute.manager.base import Base
from simnova.nova.compute.manager.wrappers import instance_operation, set_instance_error_state
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.block_device import BlockDeviceMapping
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.states import PowerState, VmState

LOG = getLogger("nova.compute.manager")


class Deletions(Base):
    """How a server leaves its host."""

    @instance_operation
    async def terminate_instance(
        self, context: RequestContext, instance: Instance, bdms: list[BlockDeviceMapping]
    ) -> None:
        """Cast: delete a server of this host: guest, ports, allocation, row."""
        async with self._lock(instance.uuid):
            try:
                await self._delete_instance(context, instance)
            except exception.InstanceNotFound:
                LOG.info("Instance disappeared during terminate", instance=instance)
            except Exception:
                LOG.exception("Setting instance vm_state to ERROR", instance=instance)
                await set_instance_error_state(instance)
                raise

    async def _delete_instance(self, context: RequestContext, instance: Instance) -> None:
        LOG.info("Terminating instance", instance=instance)
        started = self.place.clock.now
        await self.driver.destroy(context, instance, instance.network_info)
        took = self.place.clock.now - started
        LOG.info(
            "Took %0.2f seconds to destroy the instance on the hypervisor.", took, instance=instance
        )
        await self.network_api.deallocate_for_instance(context, instance)
        instance.network_info = []
        instance.vm_state, instance.task_state = VmState.DELETED, None
        instance.power_state = PowerState.NOSTATE
        instance.terminated_at = context.now()
        await instance.save()
        await self._complete_deletion(context, instance)
        await instance.destroy()

    async def _complete_deletion(self, context: RequestContext, instance: Instance) -> None:
        await self.rt.update_usage(context, instance)
        await self.reportclient.delete_allocation_for_instance(context, instance.uuid, force=True)
        await self.query_client.delete_instance_info(context, self.host, instance.uuid)

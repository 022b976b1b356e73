"""Servers are deleted, in whatever state they are."""

from __future__ import annotations

from simnova.nova import exception
from simnova.nova.compute.api.find import Finding
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.block_device import BlockDeviceMapping
from simnova.nova.objects.build_request import BuildRequest
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.instance_action import InstanceAction
from simnova.nova.objects.states import TaskState

LOG = getLogger("nova.compute.api")


class Deletion(Finding):
    """Servers are deleted."""

    async def delete(self, context: RequestContext, instance: Instance) -> None:
        """Delete a server in whatever state it is; where it has no host yet (or never will), that is done here."""
        if instance.id is None and await self._delete_while_booting(context, instance):
            return
        instance = await self.get(context, instance.uuid)
        await InstanceAction.action_start(instance.ctxt, instance.uuid, "delete")
        instance.task_state = TaskState.DELETING
        await instance.save()
        if instance.host:
            bdms = await BlockDeviceMapping.get_by_instance_uuid(instance.ctxt, instance.uuid)
            await self.compute_rpcapi.terminate_instance(instance.ctxt, instance, bdms)
        else:
            await self._local_delete(context, instance)

    async def _delete_while_booting(self, context: RequestContext, instance: Instance) -> bool:
        """Take the build request back before the conductor has used it; False where it was faster."""
        try:
            await BuildRequest(instance_uuid=instance.uuid, context=context).destroy()
        except exception.BuildRequestNotFound:
            return False
        LOG.info("Deleting instance before it was scheduled", instance=instance)
        return True

    async def _local_delete(self, context: RequestContext, instance: Instance) -> None:
        LOG.info("Instance is not assigned to any host; deleting it here", instance=instance)
        await self.network_api.deallocate_for_instance(instance.ctxt, instance)
        await self.placementclient.delete_allocation_for_instance(
            context, instance.uuid, force=True
        )
        await instance.destroy()

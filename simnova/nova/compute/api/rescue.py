"""Starting a server from another image than its own disk, and back."""

from __future__ import annotations

from simnova.nova import exception
from simnova.nova.compute.api.base import Base
from simnova.nova.compute.api.checks import check_instance_lock, check_instance_state
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.states import TaskState, VmState

LOG = getLogger("nova.compute.api")


class Rescue(Base):
    """Rescue and unrescue."""

    @check_instance_lock
    @check_instance_state(vm_state=(VmState.ACTIVE, VmState.STOPPED, VmState.ERROR))
    async def rescue(
        self,
        context: RequestContext,
        instance: Instance,
        rescue_password: str | None = None,
        rescue_image_ref: str | None = None,
    ) -> None:
        """Start the guest from a rescue image (by default its own), its disk beside it."""
        if rescue_image_ref:
            await self._check_rescue_image(context, rescue_image_ref)
        if not instance.image_ref:
            reason = "Cannot rescue a volume-backed instance"
            raise exception.InstanceNotRescuable(instance_id=instance.uuid, reason=reason)
        instance.task_state = TaskState.RESCUING
        await instance.save(expected_task_state=None)
        await self._record_action_start(context, instance, "rescue")
        await self.compute_rpcapi.rescue_instance(
            context, instance, rescue_password, rescue_image_ref
        )

    async def _check_rescue_image(self, context: RequestContext, image_ref: str) -> None:
        try:
            await self.image_api.get(context, image_ref)
        except (exception.ImageNotFound, exception.ImageBadRequest):
            text = "Failed to fetch rescue image metadata using image_ref %s"
            LOG.warning(text, image_ref)
            raise exception.UnsupportedRescueImage(image=image_ref) from None

    @check_instance_lock
    @check_instance_state(vm_state=(VmState.RESCUED,))
    async def unrescue(self, context: RequestContext, instance: Instance) -> None:
        """Start a rescued guest from its own disk again."""
        instance.task_state = TaskState.UNRESCUING
        await instance.save(expected_task_state=None)
        await self._record_action_start(context, instance, "unrescue")
        await self.compute_rpcapi.unrescue_instance(context, instance)

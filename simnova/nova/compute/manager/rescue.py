"""Starting a guest from a rescue image, and from its own disk again."""

from __future__ import annotations

from simnova.nova import exception
from simnova.nova.compute.manager.base import Base
from simnova.nova.compute.manager.wrappers import (
    error_out_instance_on_exception,
    instance_operation,
    set_instance_error_state,
)
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.states import TaskState, VmState

LOG = getLogger("nova.compute.manager")


class Rescue(Base):
    """Casts from the API."""

    @instance_operation
    async def rescue_instance(
        self,
        context: RequestContext,
        instance: Instance,
        rescue_password: str | None,
        rescue_image_ref: str | None,
        clean_shutdown: bool = True,
    ) -> None:
        """Stop the guest and start it from the image, its own disk beside."""
        LOG.info("Rescuing", instance=instance)
        image_ref = rescue_image_ref or _rescue_image_of(instance)
        image = ImageMeta.from_dict(await self.image_api.get(context, image_ref))
        try:
            await self._power_off_instance(instance, clean_shutdown)
            await self.driver.rescue(
                context, instance, instance.network_info, image, rescue_password
            )
        except Exception as error:
            LOG.exception("Error trying to Rescue Instance", instance=instance)
            await set_instance_error_state(instance)
            raise exception.InstanceNotRescuable(
                instance_id=instance.uuid, reason=f"Driver Error: {error}"
            ) from error
        instance.launched_at = context.now()
        await self._now(instance, VmState.RESCUED, [TaskState.RESCUING])

    @instance_operation
    async def unrescue_instance(self, context: RequestContext, instance: Instance) -> None:
        """Start the guest from its own disk again."""
        LOG.info("Unrescuing", instance=instance)
        async with error_out_instance_on_exception(self, context, instance):
            await self.driver.unrescue(context, instance)
        await self._now(instance, VmState.ACTIVE, [TaskState.UNRESCUING])


def _rescue_image_of(instance: Instance) -> str:
    """By default the image from which the server was made (`_get_rescue_image`)."""
    return str(instance.system_metadata.get("image_base_image_ref") or instance.image_ref)

"""A server is made anew on its host: guest and disk go, ports and addresses stay."""

from __future__ import annotations

from typing import Any

from simnova.messaging.rpc import expected_exceptions
from simnova.nova import exception
from simnova.nova.compute.manager.power import Power
from simnova.nova.compute.manager.wrappers import (
    error_out_instance_on_exception,
    instance_operation,
)
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.block_device import BlockDeviceMapping
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.migration import Migration
from simnova.nova.objects.request_spec import RequestSpec
from simnova.nova.objects.states import TaskState, VmState
from simnova.nova.virt import configdrive

LOG = getLogger("nova.compute.manager")


class Rebuild(Power):
    """Cast from the conductor."""

    @expected_exceptions(exception.BuildAbortException)
    @instance_operation
    async def rebuild_instance(
        self,
        context: RequestContext,
        instance: Instance,
        image_ref: str,
        new_pass: str | None,
        injected_files: list[Any],
        bdms: list[BlockDeviceMapping] | None,
        **more: Any,
    ) -> None:
        """Destroy the guest and spawn it from the image; one that was stopped is stopped again.

        What fails gives up what the server holds here, as Nova does, though it stays.
        """
        if more.get("recreate"):
            return await self._evacuate(
                context, instance, new_pass=new_pass, injected_files=injected_files, **more
            )
        LOG.info("Rebuilding instance", instance=instance)
        image = ImageMeta.from_dict(await self.image_api.get(context, image_ref))
        allocations = await self.reportclient.get_allocations_for_consumer(context, instance.uuid)
        async with error_out_instance_on_exception(self, context, instance, instance.vm_state):
            try:
                await self._do_rebuild_instance(
                    context, instance, image, injected_files, new_pass, allocations, bdms
                )
            except (exception.InstanceNotFound, exception.UnexpectedDeletingTaskStateError):
                LOG.debug("Instance was deleted while rebuilding", instance=instance)
            except Exception:
                await self.rt.delete_allocation_for_evacuated_instance(
                    context, instance, "destination"
                )
                raise

    async def _evacuate(
        self,
        context: RequestContext,
        instance: Instance,
        *,
        migration: Migration,
        request_spec: RequestSpec,
        scheduled_node: str | None = None,
        limits: dict[str, Any] | None = None,
        **asked: Any,
    ) -> None:
        """Make a server here that another host has lost: `Evacuations` does."""
        raise NotImplementedError

    async def _do_rebuild_instance(
        self,
        context: RequestContext,
        instance: Instance,
        image: ImageMeta,
        injected_files: list[Any],
        new_pass: str | None,
        allocations: dict[str, Any] | None,
        bdms: list[BlockDeviceMapping] | None,
    ) -> None:
        was = instance.vm_state
        instance.power_state = await self._get_power_state(instance)
        instance.task_state = TaskState.REBUILDING
        await instance.save(expected_task_state=[TaskState.REBUILDING])
        await self._rebuild_default_impl(
            context, instance, image, injected_files, new_pass, allocations, bdms
        )
        configdrive.update_instance(self.conf, instance)
        instance.launched_at = context.now()
        await self._now(instance, VmState.ACTIVE, [TaskState.REBUILD_SPAWNING])
        if was == VmState.STOPPED:
            await self._stop_again(context, instance)
        await self._update_scheduler_instance_info(context, [instance])

    async def _rebuild_default_impl(
        self,
        context: RequestContext,
        instance: Instance,
        image: ImageMeta,
        injected_files: list[Any],
        new_pass: str | None,
        allocations: dict[str, Any] | None,
        bdms: list[BlockDeviceMapping] | None,
        evacuate: bool = False,
    ) -> None:
        """Destroy (unless the guest lies on another host) and spawn."""
        network_info = instance.network_info
        if not evacuate:
            await self._power_off_instance(instance)
            await self.driver.destroy(context, instance, network_info)
        instance.task_state = TaskState.REBUILD_BLOCK_DEVICE_MAPPING
        await instance.save(expected_task_state=[TaskState.REBUILDING])
        instance.task_state = TaskState.REBUILD_SPAWNING
        await instance.save(expected_task_state=[TaskState.REBUILD_BLOCK_DEVICE_MAPPING])
        await self.driver.spawn(
            context,
            instance,
            image,
            injected_files,
            new_pass,
            allocations,
            network_info=network_info,
            block_device_info={"root_device_name": instance.root_device_name},
        )

    async def _stop_again(self, context: RequestContext, instance: Instance) -> None:
        LOG.info("bringing vm to original state: '%s'", VmState.STOPPED.value, instance=instance)
        instance.vm_state, instance.task_state = VmState.ACTIVE, TaskState.POWERING_OFF
        instance.progress = 0
        await instance.save()
        await self.stop_instance(context, instance, False)

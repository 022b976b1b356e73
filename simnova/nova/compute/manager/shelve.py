"""A server goes on the shelf, gives up its host, and comes back on another."""

from __future__ import annotations

from typing import Any

from simnova.nova.compute.manager.power import Power
from simnova.nova.compute.manager.wrappers import instance_operation
from simnova.nova.context import RequestContext, get_admin_context
from simnova.nova.log import getLogger
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.request_spec import RequestSpec
from simnova.nova.objects.states import PowerState, TaskState, VmState
from simnova.nova.periodic_task import periodic_task
from simnova.nova.timeutils import seconds_since
from simnova.nova.virt import configdrive

LOG = getLogger("nova.compute.manager")

_SHELVING = {
    TaskState.SHELVING: TaskState.SHELVING,
    TaskState.IMAGE_PENDING_UPLOAD: TaskState.SHELVING_IMAGE_PENDING_UPLOAD,
    TaskState.IMAGE_UPLOADING: TaskState.SHELVING_IMAGE_UPLOADING,
}
"""The tasks of a snapshot, as they are called while a server is shelved."""


class Shelve(Power):
    """Casts from the API and, for unshelve, from the conductor."""

    @instance_operation
    async def shelve_instance(
        self,
        context: RequestContext,
        instance: Instance,
        image_id: str,
        clean_shutdown: bool = True,
        accel_uuids: list[str] | None = None,
    ) -> None:
        """Stop the guest and upload its disk; where `shelved_offload_time` is 0 the host is given up at once."""
        async with self._lock(instance.uuid):
            LOG.info("Shelving", instance=instance)
            offload = self.conf.shelved_offload_time == 0
            await self._snapshot_for_shelf(context, instance, image_id, clean_shutdown)
            shelved = {
                "shelved_at": context.now(),
                "shelved_image_id": image_id,
                "shelved_host": self.host,
            }
            instance.system_metadata = {**instance.system_metadata, **shelved}
            instance.vm_state = VmState.SHELVED
            instance.task_state = TaskState.SHELVING_OFFLOADING if offload else None
            instance.power_state = await self._get_power_state(instance)
            await instance.save(
                expected_task_state=[TaskState.SHELVING, TaskState.SHELVING_IMAGE_UPLOADING]
            )
            if offload:
                await self._shelve_offload_instance(context, instance, clean_shutdown=False)

    async def _snapshot_for_shelf(
        self, context: RequestContext, instance: Instance, image_id: str, clean_shutdown: bool
    ) -> None:
        async def update_task_state(
            task_state: TaskState, expected_state: TaskState = TaskState.SHELVING
        ) -> None:
            instance.task_state = _SHELVING[task_state]
            await instance.save(expected_task_state=_SHELVING[expected_state])

        clean = clean_shutdown and instance.power_state != PowerState.PAUSED
        await self._power_off_instance(instance, clean)
        await self.driver.snapshot(context, instance, image_id, update_task_state)

    @instance_operation
    async def shelve_offload_instance(
        self,
        context: RequestContext,
        instance: Instance,
        clean_shutdown: bool = True,
        accel_uuids: list[str] | None = None,
    ) -> None:
        """Give up the host of a shelved server: guest, allocation, place in the books."""
        async with self._lock(instance.uuid):
            await self._shelve_offload_instance(context, instance, clean_shutdown)

    async def _shelve_offload_instance(
        self, context: RequestContext, instance: Instance, clean_shutdown: bool
    ) -> None:
        LOG.info("Shelve offloading", instance=instance)
        await self._power_off_instance(instance, clean_shutdown)
        power = await self._get_power_state(instance)
        ports = [vif["id"] for vif in instance.network_info]
        await self.network_api.unbind_ports(context, ports, detach=False)
        await self.driver.destroy(context, instance, instance.network_info)
        await self.reportclient.delete_allocation_for_instance(context, instance.uuid, force=True)
        instance.power_state = power
        instance.vm_state, instance.task_state = VmState.SHELVED_OFFLOADED, None
        await instance.save(expected_task_state=[TaskState.SHELVING, TaskState.SHELVING_OFFLOADING])
        await self.rt.update_usage(context, instance)
        instance.host = instance.node = None
        await instance.save(expected_task_state=None)
        await self._delete_scheduler_instance_info(context, instance.uuid)

    # --- unshelve -----------------------------------------------------------------------------------------------

    @instance_operation
    async def unshelve_instance(
        self,
        context: RequestContext,
        instance: Instance,
        image: dict[str, Any],
        filter_properties: dict[str, Any] | None,
        node: str,
        request_spec: RequestSpec | None,
        accel_uuids: list[str] | None = None,
    ) -> None:
        """Spawn a server on this host from the image of its shelf; the image goes then."""
        async with self._lock(instance.uuid):
            LOG.info("Unshelving", instance=instance)
            instance.task_state = TaskState.SPAWNING
            await instance.save()
            was = instance.image_ref
            limits = (filter_properties or {}).get("limits")
            try:
                await self._spawn_from_shelf(context, instance, image, node, limits)
            except Exception:
                LOG.exception("Instance failed to spawn", instance=instance)
                await self._stay_on_shelf(context, instance, was)
                raise
            instance.image_ref = was
            await self._leave_shelf(context, instance)
            configdrive.update_instance(self.conf, instance)
            instance.launched_at = context.now()
            await self._now(instance, VmState.ACTIVE, [TaskState.SPAWNING])
            await self._update_scheduler_instance_info(context, [instance])

    async def _spawn_from_shelf(
        self,
        context: RequestContext,
        instance: Instance,
        image: dict[str, Any],
        node: str,
        limits: dict[str, Any] | None,
    ) -> None:
        allocations = await self.reportclient.get_allocations_for_consumer(context, instance.uuid)
        async with await self.rt.instance_claim(context, instance, node, limits):
            await self.network_api.setup_instance_network_on_host(context, instance, self.host)
            instance.image_ref = image["id"]
            await self.driver.spawn(
                context,
                instance,
                ImageMeta.from_dict(image),
                [],
                None,
                allocations,
                network_info=instance.network_info,
                block_device_info={"root_device_name": instance.root_device_name},
            )

    async def _stay_on_shelf(
        self, context: RequestContext, instance: Instance, image_ref: str | None
    ) -> None:
        instance.image_ref = image_ref
        await self.reportclient.delete_allocation_for_instance(context, instance.uuid, force=True)
        instance.host = instance.node = None

    # --- by and by ----------------------------------------------------------------------------------------------

    @periodic_task(
        "shelved servers that keep their host",
        spacing="shelved_poll_interval",
        option="shelved_offload_time",
    )
    async def _poll_shelved_instances(self) -> None:
        """Offload the shelved servers of this host whose time has come."""
        limit = self.conf.shelved_offload_time
        if limit <= 0:
            return
        context = get_admin_context(self.place)
        for instance in await Instance.get_by_host(context, self.host):
            shelved_at = instance.system_metadata.get("shelved_at")
            idle = instance.vm_state == VmState.SHELVED and instance.task_state is None
            if idle and shelved_at and seconds_since(context, shelved_at) > limit:
                await self._offload(context, instance)

    async def _offload(self, context: RequestContext, instance: Instance) -> None:
        try:
            instance.task_state = TaskState.SHELVING_OFFLOADING
            await instance.save(expected_task_state=None)
            await self.shelve_offload_instance(context, instance, clean_shutdown=False)
        except Exception:
            LOG.exception("Periodic task failed to offload instance.", instance=instance)

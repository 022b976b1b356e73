"""Servers are deleted, in whatever state they are: at once, or softly, to be restored or reclaimed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from simnova.exceptions import NovaError
from simnova.nova import exception
from simnova.nova.compute.api.checks import check_instance_lock, check_instance_state
from simnova.nova.compute.api.find import Finding
from simnova.nova.compute.api.resize import Resizing
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.block_device import BlockDeviceMapping
from simnova.nova.objects.build_request import BuildRequest
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.instance_mapping import InstanceMapping
from simnova.nova.objects.service import Service
from simnova.nova.objects.states import TaskState, VmState
from simnova.nova.quota import servers as quota

LOG = getLogger("nova.compute.api")

_SOFTLY = TaskState.SOFT_DELETING
_DELETING = (TaskState.DELETING, _SOFTLY)
_MAY_HAVE_PORTS = (VmState.ERROR, VmState.SHELVED_OFFLOADED)
"""States in which a server without a host may have ports all the same (`may_have_ports_or_volumes`)."""

Ask = Callable[[RequestContext, Instance], Awaitable[None]]


class Deletion(Finding, Resizing):
    """Delete, soft delete, force delete, restore."""

    @check_instance_lock
    @check_instance_state(vm_state=None, task_state=None, must_have_launched=False)
    async def delete(self, context: RequestContext, instance: Instance) -> None:
        """Delete a server; where it has no host (yet or any more), or its host is down, that is done here."""
        LOG.debug("Going to try to terminate instance", instance=instance)
        await self._delete(context, instance, TaskState.DELETING, self._terminate)

    @check_instance_lock
    @check_instance_state(task_state=None, must_have_launched=False)
    async def force_delete(self, context: RequestContext, instance: Instance) -> None:
        """Delete a server now, even one that waits to be reclaimed."""
        await self._delete(context, instance, TaskState.DELETING, self._terminate)

    @check_instance_lock
    @check_instance_state(vm_state=None, task_state=None)
    async def soft_delete(self, context: RequestContext, instance: Instance) -> None:
        """Stop a server and keep it for `reclaim_instance_interval` seconds."""
        LOG.debug("Going to try to soft delete instance", instance=instance)
        instance.deleted_at = context.now()
        await self._delete(context, instance, TaskState.SOFT_DELETING, self._soft_delete)

    @check_instance_lock
    @check_instance_state(vm_state=(VmState.SOFT_DELETED,))
    async def restore(self, context: RequestContext, instance: Instance) -> None:
        """Bring back a server that was softly deleted."""
        await quota.check_num_instances(
            self.quotas,
            context,
            instance.flavor,
            1,
            1,
            project_id=instance.project_id,
            user_id=instance.user_id,
        )
        await self._record_action_start(context, instance, "restore")
        instance.task_state, instance.deleted_at = TaskState.RESTORING, None
        await instance.save(expected_task_state=None)
        await self.compute_rpcapi.restore_instance(context, instance)
        await _queue_for_delete(context, instance, False)

    # --- what is asked of a compute -----------------------------------------------------------------------------

    async def _terminate(self, context: RequestContext, instance: Instance) -> None:
        bdms = await BlockDeviceMapping.get_by_instance_uuid(context, instance.uuid)
        await self.compute_rpcapi.terminate_instance(context, instance, bdms)
        await _queue_for_delete(context, instance, True)

    async def _soft_delete(self, context: RequestContext, instance: Instance) -> None:
        await self.compute_rpcapi.soft_delete_instance(context, instance)
        await _queue_for_delete(context, instance, True)

    # --- which way ----------------------------------------------------------------------------------------------

    async def _delete(
        self, context: RequestContext, instance: Instance, task_state: TaskState, ask: Ask
    ) -> None:
        try:
            if not instance.host and instance.vm_state not in _MAY_HAVE_PORTS:
                if await self._delete_unscheduled(context, instance):
                    return
                instance = await self.get(context, instance.uuid)
            await self._delete_in_cell(instance.ctxt, instance, task_state, ask)
        except exception.InstanceNotFound:
            LOG.debug("Instance is already gone", instance=instance)

    async def _delete_unscheduled(self, context: RequestContext, instance: Instance) -> bool:
        """Stop a build before a host has it; False where a host was faster (`_delete_while_booting`)."""
        try:
            await BuildRequest(instance_uuid=instance.uuid, context=context).destroy()
            LOG.info("Deleting instance before it was scheduled", instance=instance)
            await self._destroy_its_row(context, instance)
        except exception.BuildRequestNotFound:
            if not await self._destroyed(context, instance):
                return False
        await self._local_delete_cleanup(context, instance)
        return True

    async def _destroy_its_row(self, context: RequestContext, instance: Instance) -> None:
        """The conductor may have written it into its cell already, and have got no further."""
        try:
            found = await self.get(context, instance.uuid)
            await found.destroy()
        except exception.InstanceNotFound:
            LOG.debug("Instance is already gone", instance=instance)

    async def _destroyed(self, context: RequestContext, instance: Instance) -> bool:
        """Destroy a server's row in its cell; False where it has got a host meanwhile."""
        try:
            found = await self.get(context, instance.uuid)
            await found.destroy()
        except exception.InstanceNotFound:
            LOG.debug("Instance is already gone", instance=instance)
        except exception.ObjectActionError as error:
            LOG.debug("Refreshing instance because: %s", error, instance=instance)
            return False
        return True

    async def _delete_in_cell(
        self, context: RequestContext, instance: Instance, task_state: TaskState, ask: Ask
    ) -> None:
        await self._delete_shelved_snapshot(context, instance)
        was = instance.task_state
        instance.task_state, instance.progress = task_state, 0
        await instance.save()
        if instance.vm_state == VmState.RESIZED:
            await self._confirm_resize_on_deleting(instance)
            await self._softly_again(instance, task_state)
        if not await self._host_is_up(context, instance):
            gone = VmState.SOFT_DELETED if task_state is _SOFTLY else VmState.DELETED
            await self._local_delete(context, instance, gone)
            await self._record_action_start(context, instance, "delete")
        elif was in _DELETING:
            text = "Instance is already in deleting state, ignoring this request"
            LOG.info(text, instance=instance)
        else:
            await self._record_action_start(context, instance, "delete")
            await ask(context, instance)

    async def _softly_again(self, instance: Instance, task_state: TaskState) -> None:
        """The end of a resize has taken the task away, and a soft deletion waits for it on the host."""
        if task_state is _SOFTLY:
            await instance.refresh()
            instance.task_state = task_state
            await instance.save()

    async def _host_is_up(self, context: RequestContext, instance: Instance) -> bool:
        if not instance.host:
            return False
        found = await Service.get_by_host_and_binary(context, instance.host, "nova-compute")
        return found is not None and self.servicegroup_api.service_is_up(found.values())

    async def _delete_shelved_snapshot(self, context: RequestContext, instance: Instance) -> None:
        image_id = instance.system_metadata.get("shelved_image_id")
        if not image_id or instance.vm_state not in (VmState.SHELVED, VmState.SHELVED_OFFLOADED):
            return
        LOG.info("Working on deleting snapshot %s from shelved instance...", image_id)
        try:
            await self.image_api.delete(context, image_id)
        except NovaError as error:
            LOG.warning("Failed to delete snapshot from shelved instance (%s).", error)

    # --- without a compute --------------------------------------------------------------------------------------

    async def _local_delete(
        self, context: RequestContext, instance: Instance, gone: VmState
    ) -> None:
        if instance.vm_state == VmState.SHELVED_OFFLOADED:
            text = (
                "instance is in SHELVED_OFFLOADED state, cleanup the instance's info from database."
            )
            LOG.info(text, instance=instance)
        else:
            text = "instance's host %s is down, deleting from database"
            LOG.warning(text, instance.host, instance=instance)
        await self.network_api.deallocate_for_instance(context.elevated(), instance)
        await self._delete_allocation(context, instance)
        instance.vm_state, instance.task_state = gone, None
        instance.terminated_at = context.now()
        await instance.save()
        await _queue_for_delete(context, instance, True)
        await instance.destroy()

    async def _local_delete_cleanup(self, context: RequestContext, instance: Instance) -> None:
        await self._delete_allocation(context, instance)
        try:
            await _queue_for_delete(context, instance, True)
        except exception.InstanceMappingNotFound:
            text = "Instance Mapping does not exist while attempting local delete cleanup."
            LOG.info(text, instance=instance)

    async def _delete_allocation(self, context: RequestContext, instance: Instance) -> None:
        await self.placementclient.delete_allocation_for_instance(
            context, instance.uuid, force=True
        )


async def _queue_for_delete(context: RequestContext, instance: Instance, queued: bool) -> None:
    """Note in the API's database that a server is about to go, for when its cell is down."""
    mapping = await InstanceMapping.get_by_instance_uuid(context, instance.uuid)
    mapping.queued_for_delete = queued
    await mapping.save()

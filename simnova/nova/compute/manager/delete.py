"""Deleting a server: guest, ports, allocation, row."""

from __future__ import annotations

from simnova.nova import exception
from simnova.nova.compute.manager.console import Consoles
from simnova.nova.compute.manager.instance_shutdown import InstanceShutdown
from simnova.nova.compute.manager.wrappers import instance_operation, set_instance_error_state
from simnova.nova.context import RequestContext, get_admin_context
from simnova.nova.log import getLogger
from simnova.nova.objects.block_device import BlockDeviceMapping
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.states import PowerState, TaskState, VmState
from simnova.nova.periodic_task import periodic_task
from simnova.nova.timeutils import seconds_since

LOG = getLogger("nova.compute.manager")


class Deletions(Consoles, InstanceShutdown):
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
        await self._shutdown_instance(context, instance)
        instance.network_info = []
        instance.vm_state, instance.task_state = VmState.DELETED, None
        instance.power_state = PowerState.NOSTATE
        instance.terminated_at = context.now()
        await instance.save()
        await self._complete_deletion(context, instance)
        await instance.destroy()

    async def _complete_deletion(self, context: RequestContext, instance: Instance) -> None:
        await self.rt.update_usage(context, instance)
        force = self.conf.reclaim_instance_interval <= 0
        await self.reportclient.delete_allocation_for_instance(context, instance.uuid, force=force)
        await self._clean_instance_console_tokens(context, instance)
        await self._delete_scheduler_instance_info(context, instance.uuid)

    # --- softly -------------------------------------------------------------------------------------------------

    @instance_operation
    async def soft_delete_instance(self, context: RequestContext, instance: Instance) -> None:
        """Cast: stop a server and keep it; it can be restored until it is reclaimed."""
        await self._power_off_instance(instance, clean_shutdown=False)
        await self._now(instance, VmState.SOFT_DELETED, [TaskState.SOFT_DELETING])

    @instance_operation
    async def restore_instance(self, context: RequestContext, instance: Instance) -> None:
        """Cast: start a server that was softly deleted."""
        await self.driver.power_on(context, instance, instance.network_info)
        await self._now(instance, VmState.ACTIVE, [TaskState.RESTORING])

    @periodic_task(
        "guests of servers that were deleted while this host was down, or while they moved",
        spacing="running_deleted_instance_poll_interval",
        option="running_deleted_instance_action",
        run_immediately=True,
    )
    async def _cleanup_running_deleted_instances(self) -> None:
        """Destroy the guests of deleted servers: of those deleted while this host was down, or while they moved."""
        action, context = self.conf.running_deleted_instance_action, get_admin_context(self.place)
        if action == "noop":
            return
        for uuid in list(await self.driver.list_instance_uuids()):
            instance = await _deleted(context, uuid)
            if instance is not None and _over(
                context, instance, self.conf.running_deleted_instance_timeout
            ):
                await self._clean_up(context, instance, action)

    async def _clean_up(self, context: RequestContext, instance: Instance, action: str) -> None:
        still = (
            "instance with name label '%s' which is marked as DELETED but still present on host."
        )
        try:
            if action == "log":
                LOG.warning(f"Detected {still}", instance.name, instance=instance)
            elif action == "shutdown":
                LOG.info(f"Powering off {still}", instance.name, instance=instance)
                await self.driver.power_off(instance)
            else:
                LOG.info(f"Destroying {still}", instance.name, instance=instance)
                await self._shutdown_instance(context, instance)
        except Exception as error:
            text = "Periodic cleanup failed to delete instance: %s"
            LOG.warning(text, error, instance=instance)

    @periodic_task(
        "softly deleted servers that nobody has restored", option="reclaim_instance_interval"
    )
    async def _reclaim_queued_deletes(self) -> None:
        """Delete the softly deleted servers of this host that have waited for `reclaim_instance_interval`."""
        interval = self.conf.reclaim_instance_interval
        if interval <= 0:
            return
        context = get_admin_context(self.place)
        for instance in await Instance.get_by_host(context, self.host):
            waits = instance.vm_state == VmState.SOFT_DELETED and instance.task_state is None
            if waits and _over(context, instance, interval):
                LOG.info("Reclaiming deleted instance", instance=instance)
                await self._reclaim(context, instance)

    async def _reclaim(self, context: RequestContext, instance: Instance) -> None:
        try:
            await self._delete_instance(context, instance)
        except Exception as error:
            LOG.warning("Periodic reclaim failed to delete instance: %s", error, instance=instance)


async def _deleted(context: RequestContext, uuid: str) -> Instance | None:
    """The server of a guest, where it is deleted; None where it is there, or no server of this cell."""
    try:
        found = await Instance.get_by_uuid(context, uuid, read_deleted=True)
    except exception.InstanceNotFound:
        return None
    return found if found.deleted else None


def _over(context: RequestContext, instance: Instance, interval: float) -> bool:
    return bool(instance.deleted_at) and seconds_since(context, str(instance.deleted_at)) > interval

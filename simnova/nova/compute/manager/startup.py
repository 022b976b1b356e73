"""What nova-compute does at its start about servers that it left in the midst of something (`_init_instance`).

The audit comes before it here, after it in Nova: no server is counted otherwise for that.
"""

from __future__ import annotations

from simnova.messaging.rest import ConnectFailure
from simnova.nova import exception
from simnova.nova.compute.manager.delete import Deletions
from simnova.nova.compute.manager.live_migration import LiveMigrations
from simnova.nova.compute.manager.power import Power
from simnova.nova.compute.manager.wrappers import set_instance_error_state
from simnova.nova.context import RequestContext, get_admin_context
from simnova.nova.log import getLogger
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.migration import Migration
from simnova.nova.objects.states import PowerState, TaskState, VmState

LOG = getLogger("nova.compute.manager")

_SPAWNING = {
    TaskState.SCHEDULING,
    TaskState.BLOCK_DEVICE_MAPPING,
    TaskState.NETWORKING,
    TaskState.SPAWNING,
}
_REBUILDING = {
    TaskState.REBUILDING,
    TaskState.REBUILD_BLOCK_DEVICE_MAPPING,
    TaskState.REBUILD_SPAWNING,
}
_FORGOTTEN = {
    TaskState.IMAGE_SNAPSHOT_PENDING,
    TaskState.IMAGE_PENDING_UPLOAD,
    TaskState.IMAGE_UPLOADING,
    TaskState.IMAGE_SNAPSHOT,
    TaskState.RESIZE_PREP,
}
"""Nobody goes on with these; the server is as it was."""

_STARTED = {
    TaskState.REBOOTING,
    TaskState.REBOOTING_HARD,
    TaskState.REBOOT_STARTED,
    TaskState.REBOOT_STARTED_HARD,
}
_DONE = {*_STARTED, TaskState.PAUSING, TaskState.UNPAUSING}
"""Where the guest runs, these are over."""


class Startup(Deletions, LiveMigrations, Power):
    """Ends, begins again or gives up what was going on when the service died."""

    async def init_host(self) -> None:
        """Look at every server of the host, after the hypervisor and the audit."""
        await super().init_host()
        context = get_admin_context(self.place)
        instances = await Instance.get_by_host(context, self.host)
        for instance in instances:
            if instance.uuid in self._evacuated:
                continue
            try:
                await self._init_instance(context, instance)
            except Exception:
                LOG.exception("Failed to initialize instance", instance=instance)
        handled = {instance.uuid for instance in instances}
        await self._error_out_instances_whose_build_was_interrupted(context, handled)
        if instances:
            await self.query_client.update_instance_info(context, self.host, instances)

    async def _error_out_instances_whose_build_was_interrupted(
        self, context: RequestContext, handled: set[str]
    ) -> None:
        """Nobody builds what has room here by Placement and had not been claimed when the service died.

        A request that still waits in the queue is taken up afterwards all the same.
        """
        LOG.info(
            "Looking for unclaimed instances stuck in BUILDING status for nodes managed by this host"
        )
        if self.rt.compute_node is None:
            return
        node = str(self.rt.node.uuid)
        try:
            held = await self.reportclient.get_allocations_for_resource_provider(context, node)
        except (exception.ResourceProviderAllocationRetrievalFailed, ConnectFailure) as error:
            LOG.error(
                "Could not retrieve compute node resource provider %s and therefore unable to error "
                "out any instances stuck in BUILDING state. Error: %s",
                *(node, error),
            )
            return
        waiting = [consumer for consumer in held.allocations if consumer not in handled]
        stuck = {"vm_state": VmState.BUILDING, "uuid": waiting}
        for instance in await Instance.get_all(context, **stuck) if waiting else ():
            text = "Instance spawn was interrupted before instance_claim, setting instance to ERROR state"
            LOG.debug(text, instance=instance)
            await set_instance_error_state(instance, True)

    async def _init_instance(self, context: RequestContext, instance: Instance) -> None:
        task, state = instance.task_state, instance.vm_state
        lost = state == VmState.ERROR and task not in (
            TaskState.RESIZE_MIGRATING,
            TaskState.DELETING,
        )
        if state == VmState.SOFT_DELETED or lost:
            LOG.debug("Instance is in %s state.", state, instance=instance)
        elif state == VmState.DELETED:
            await self._complete_partial_deletion(context, instance)
        elif state == VmState.BUILDING or task in _SPAWNING:
            text = "Instance failed to spawn correctly, setting to ERROR state"
            LOG.debug(text, instance=instance)
            await set_instance_error_state(instance, True)
        elif state in (VmState.ACTIVE, VmState.STOPPED) and task in _REBUILDING:
            text = "Instance failed to rebuild correctly, setting to ERROR state"
            LOG.debug(text, instance=instance)
            await set_instance_error_state(instance, True)
        elif task == TaskState.DELETING:
            await self._delete_again(context, instance)
        elif task is not None:
            await self._go_on(context, instance)

    async def _complete_partial_deletion(self, context: RequestContext, instance: Instance) -> None:
        """The guest is gone; the row and what it holds were left."""
        await self._complete_deletion(context, instance)
        await instance.destroy()

    async def _delete_again(self, context: RequestContext, instance: Instance) -> None:
        LOG.info(
            "Service started deleting the instance during the previous run, but did not finish. "
            "Restarting the deletion now.",
            instance=instance,
        )
        try:
            await self._delete_instance(context, instance)
        except Exception:
            LOG.exception("Failed to complete a deletion", instance=instance)
            await set_instance_error_state(instance)

    async def _go_on(self, context: RequestContext, instance: Instance) -> None:
        """The guest is there: what can be done again is, the rest is forgotten."""
        task, power = instance.task_state, await self._get_power_state(instance)
        if task in _FORGOTTEN:
            await self._settle(instance)
        elif task == TaskState.REBOOT_PENDING and power == PowerState.RUNNING:
            await self.reboot_instance(context, instance, None, "SOFT")
        elif task == TaskState.REBOOT_PENDING_HARD:
            await self.reboot_instance(context, instance, None, "HARD")
        elif task in _STARTED and power != PowerState.RUNNING:
            await self._reboot_hard(context, instance)
        elif task in _DONE and power == PowerState.RUNNING:
            await self._settle(instance, VmState.ACTIVE)
        elif task == TaskState.UNPAUSING and power == PowerState.PAUSED:
            await self.unpause_instance(context, instance)
        elif task == TaskState.POWERING_OFF:
            await self.stop_instance(context, instance, True)
        elif task == TaskState.POWERING_ON:
            await self.start_instance(context, instance)
        elif task in (TaskState.RESIZE_MIGRATING, TaskState.MIGRATING):
            await self._stay(context, instance)

    async def _stay(self, context: RequestContext, instance: Instance) -> None:
        """It was on its way to another host, and has not got there."""
        if instance.task_state == TaskState.MIGRATING:
            await self._reset_live_migration(context, instance)
        else:
            await self._back_from_crashed_migration(context, instance)

    async def _back_from_crashed_migration(
        self, context: RequestContext, instance: Instance
    ) -> None:
        """The service died while it sent the disk: the guest is made again here, for safety.

        The migration and what it holds in Placement stay as they are, as in Nova.
        """
        try:
            power_on = instance.system_metadata.get("old_vm_state") != VmState.STOPPED
            here = {"instance_uuid": instance.uuid, "source_compute": self.host}
            *_, migration = await Migration.get_by_filters(context, here)
            await self.driver.finish_revert_migration(
                context, instance, instance.network_info, migration, None, power_on
            )
        except Exception:
            LOG.exception("Failed to revert crashed migration", instance=instance)
        text = "Instance found in migrating state during startup. Resetting task_state"
        LOG.info(text, instance=instance)
        await self._settle(instance)

    async def _reboot_hard(self, context: RequestContext, instance: Instance) -> None:
        """A soft reboot that has stopped its guest and not started it again is a hard one now."""
        if instance.task_state in (TaskState.REBOOTING, TaskState.REBOOT_STARTED):
            instance.task_state = TaskState.REBOOT_PENDING_HARD
            await instance.save()
        await self.reboot_instance(context, instance, None, "HARD")

    async def _settle(self, instance: Instance, vm_state: str | None = None) -> None:
        LOG.debug(
            "Instance in transitional state %s at start-up clearing task state",
            instance.task_state,
            instance=instance,
        )
        instance.task_state, instance.vm_state = None, vm_state or instance.vm_state
        try:
            await instance.save()
        except exception.InstanceNotFound:
            LOG.debug("Instance has been destroyed meanwhile", instance=instance)

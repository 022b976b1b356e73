"""What nova-compute does at its start about a server that it left in the midst of something (`_init_instance`)."""

from __future__ import annotations

from collections.abc import Mapping

from simnova.nova.compute.api.power import ALLOW_HARD_REBOOT
from simnova.nova.compute.manager.delete import Deletions
from simnova.nova.compute.manager.live_migration import LiveMigrations
from simnova.nova.compute.manager.power import Power
from simnova.nova.compute.manager.wrappers import set_instance_error_state
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.migration import Migration
from simnova.nova.objects.states import PowerState, TaskState, VmState

LOG = getLogger("nova.compute.manager")

_SPAWNING = (
    TaskState.SCHEDULING,
    TaskState.BLOCK_DEVICE_MAPPING,
    TaskState.NETWORKING,
    TaskState.SPAWNING,
)
_REBUILDING = (
    TaskState.REBUILDING,
    TaskState.REBUILD_BLOCK_DEVICE_MAPPING,
    TaskState.REBUILD_SPAWNING,
)
_FORGOTTEN = (
    TaskState.IMAGE_SNAPSHOT_PENDING,
    TaskState.IMAGE_PENDING_UPLOAD,
    TaskState.IMAGE_UPLOADING,
    TaskState.IMAGE_SNAPSHOT,
    TaskState.RESIZE_PREP,
)
"""Nobody goes on with these; the server is as it was."""

_SOFT = (TaskState.REBOOTING, TaskState.REBOOT_PENDING, TaskState.REBOOT_STARTED)
_STARTED = (
    TaskState.REBOOTING,
    TaskState.REBOOTING_HARD,
    TaskState.REBOOT_STARTED,
    TaskState.REBOOT_STARTED_HARD,
)
_DONE = (*_STARTED, TaskState.PAUSING, TaskState.UNPAUSING)
"""Where the guest runs, these are over."""


class InitInstance(Deletions, LiveMigrations, Power):
    """Ends, begins again or gives up what was going on when the service died."""

    async def _init_instance(self, context: RequestContext, instance: Instance) -> None:
        """Decide by the states alone what can be, then by the guest. What fails here fails the start, as in Nova."""
        task, state = instance.task_state, instance.vm_state
        lost = state == VmState.ERROR and task not in (
            TaskState.RESIZE_MIGRATING,
            TaskState.DELETING,
        )
        if instance.host != self.host:
            values = {"uuid": instance.uuid, "host": instance.host}
            LOG.warning(
                "Instance %(uuid)s appears to not be owned by this host, but by %(host)s. Startup "
                "processing is being skipped.",
                values,
            )
        elif state == VmState.SOFT_DELETED or lost:
            LOG.debug("Instance is in %s state.", state, instance=instance)
        elif state == VmState.DELETED:
            await self._complete_partial_deletion(context, instance)
        elif state == VmState.BUILDING or task in _SPAWNING:
            await self._give_up_at_start(instance, "spawn")
        elif state in (VmState.ACTIVE, VmState.STOPPED) and task in _REBUILDING:
            await self._give_up_at_start(instance, "rebuild")
        elif task == TaskState.DELETING:
            await self._delete_again(context, instance)
        else:
            if task in _FORGOTTEN:
                await self._clear_task(instance)
            await self._go_on(context, instance)

    async def _give_up_at_start(self, instance: Instance, what: str) -> None:
        text = f"Instance failed to {what} correctly, setting to ERROR state"
        LOG.debug(text, instance=instance)
        await set_instance_error_state(instance, True)

    async def _complete_partial_deletion(self, context: RequestContext, instance: Instance) -> None:
        """The guest is gone; the row and what it holds were left."""
        try:
            await instance.destroy()
            await self._complete_deletion(context, instance)
        except Exception:
            LOG.exception("Failed to complete a deletion", instance=instance)

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

    async def _clear_task(self, instance: Instance) -> None:
        text = "Instance in transitional state %s at start-up clearing task state"
        LOG.debug(text, instance.task_state, instance=instance)
        instance.task_state = None
        await instance.save()

    # --- by the guest -------------------------------------------------------------------------------------------

    async def _go_on(self, context: RequestContext, instance: Instance) -> None:
        """What can be done again is, the rest is forgotten."""
        task, power = instance.task_state, await self._get_power_state(instance)
        states = {"task_state": task, "power_state": power.value}
        if _wants_reboot(instance, power):
            LOG.debug(
                "Instance in transitional state (%(task_state)s) at start-up and power state is "
                "(%(power_state)s), triggering reboot",
                states,
                instance=instance,
            )
            await self._retry_reboot(context, instance, power)
        elif power == PowerState.PAUSED and task == TaskState.UNPAUSING:
            LOG.warning(
                "Instance in transitional state (%(task_state)s) at start-up and power state is "
                "(%(power_state)s), clearing task state and unpausing the instance",
                states,
                instance=instance,
            )
            await self._unpause_again(context, instance)
        elif task == TaskState.POWERING_OFF:
            await self._stop_again_at_start(context, instance)
        elif task == TaskState.POWERING_ON:
            await self._start_again(context, instance)
        else:
            if power == PowerState.RUNNING and task in _DONE:
                await self._is_active(instance, states)
            await self._stay(context, instance)

    async def _retry_reboot(
        self, context: RequestContext, instance: Instance, power: PowerState
    ) -> None:
        """A soft reboot that has stopped its guest and not started it again is a hard one now."""
        soft = power == PowerState.RUNNING and instance.task_state in _SOFT
        if instance.task_state in _SOFT and not soft:
            instance.task_state = TaskState.REBOOT_PENDING_HARD
            await instance.save()
        await self.reboot_instance(context, instance, None, "SOFT" if soft else "HARD")

    async def _is_active(self, instance: Instance, states: Mapping[str, object]) -> None:
        LOG.warning(
            "Instance in transitional state (%(task_state)s) at start-up and power state is "
            "(%(power_state)s), clearing task state",
            states,
            instance=instance,
        )
        instance.task_state, instance.vm_state = None, VmState.ACTIVE
        await instance.save()

    async def _unpause_again(self, context: RequestContext, instance: Instance) -> None:
        try:
            await self.unpause_instance(context, instance)
        except NotImplementedError:
            return
        except Exception:
            LOG.exception("Failed to unpause instance", instance=instance)

    async def _stop_again_at_start(self, context: RequestContext, instance: Instance) -> None:
        text = "Instance in transitional state %s at start-up retrying stop request"
        LOG.debug(text, instance.task_state, instance=instance)
        try:
            await self.stop_instance(context, instance, True)
        except Exception:
            LOG.exception("Failed to stop instance", instance=instance)

    async def _start_again(self, context: RequestContext, instance: Instance) -> None:
        text = "Instance in transitional state %s at start-up retrying start request"
        LOG.debug(text, instance.task_state, instance=instance)
        try:
            await self.start_instance(context, instance)
        except Exception:
            LOG.exception("Failed to start instance", instance=instance)

    # --- it is to stay here -------------------------------------------------------------------------------------

    async def _stay(self, context: RequestContext, instance: Instance) -> None:
        """It was on its way to another host, and has not got there; or nothing was done to it, and its guest is off."""
        if instance.task_state == TaskState.RESIZE_MIGRATING:
            await self._back_from_crashed_migration(context, instance)
        if instance.task_state == TaskState.MIGRATING:
            await self._reset_live_migration(context, instance)
        stored, seen = instance.power_state, await self._get_power_state(instance)
        states = {"drv_state": seen.value, "db_state": stored}
        LOG.debug(
            "Current state is %(drv_state)s, state in DB is %(db_state)s.",
            states,
            instance=instance,
        )
        expect_running = stored == PowerState.RUNNING and seen != stored
        if expect_running and self.conf.resume_guests_state_on_host_boot:
            await self._resume_guests_state(context, instance)

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
        instance.task_state = None
        await instance.save()

    async def _resume_guests_state(self, context: RequestContext, instance: Instance) -> None:
        """Its guest ran when the host went down (`resume_guests_state_on_host_boot`)."""
        LOG.info("Rebooting instance after nova-compute restart.", instance=instance)
        try:
            await self.driver.resume_state_on_host_boot(context, instance, instance.network_info)
        except NotImplementedError:
            LOG.warning("Hypervisor driver does not support resume guests", instance=instance)
        except Exception:
            LOG.warning("Failed to resume instance", instance=instance)
            await set_instance_error_state(instance)


def _wants_reboot(instance: Instance, power: PowerState) -> bool:
    """Whether a reboot was pending, or had begun and the guest does not run."""
    task, state = instance.task_state, instance.vm_state
    return (
        (task == TaskState.REBOOT_PENDING and state == VmState.ACTIVE)
        or (task == TaskState.REBOOT_PENDING_HARD and state in ALLOW_HARD_REBOOT)
        or (task in _STARTED and power != PowerState.RUNNING)
    )

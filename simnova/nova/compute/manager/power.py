"""Operations on a guest's power, and on what runs inside it."""

from __future__ import annotations

from typing import Any

from simnova.exceptions import NovaError
from simnova.nova import exception
from simnova.nova.compute.manager.base import Base
from simnova.nova.compute.manager.wrappers import (
    error_out_instance_on_exception,
    instance_operation,
    set_instance_error_state,
)
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.instance_fault import add_instance_fault_from_exc
from simnova.nova.objects.states import PowerState, TaskState, VmState

LOG = getLogger("nova.compute.manager")

_OFF = (PowerState.NOSTATE, PowerState.SHUTDOWN, PowerState.CRASHED)


class Power(Base):
    """Stop, start, reboot, pause, suspend, and what undoes them. All are casts from the API."""

    @instance_operation
    async def stop_instance(
        self, context: RequestContext, instance: Instance, clean_shutdown: bool = True
    ) -> None:
        """Shut the guest down."""
        async with self._lock(instance.uuid):
            power = await self._get_power_state(instance)
            LOG.debug(
                "Stopping instance; current vm_state: %s, current task_state: %s, "
                "current DB power_state: %s, current VM power_state: %s",
                instance.vm_state,
                instance.task_state,
                instance.power_state,
                power,
                instance=instance,
            )
            expected: list[str | None] = [TaskState.POWERING_OFF]
            if power in _OFF:
                text = "Instance is already powered off in the hypervisor when stop is called."
                LOG.info(text, instance=instance)
                expected.append(None)
            await self._power_off_instance(instance, clean_shutdown)
            await self._now(instance, VmState.STOPPED, expected)

    @instance_operation
    async def start_instance(self, context: RequestContext, instance: Instance) -> None:
        """Start a guest that is off; one that was shelved is on no shelf any more."""
        await self._power_on(context, instance)
        await self._leave_shelf(context, instance)
        await self._now(instance, VmState.ACTIVE, [TaskState.POWERING_ON])

    async def _power_on(self, context: RequestContext, instance: Instance) -> None:
        await self.driver.power_on(context, instance, instance.network_info)

    async def _leave_shelf(self, context: RequestContext, instance: Instance) -> None:
        """Forget the snapshot of a server that was shelved, and delete it."""
        image_id = instance.system_metadata.get("shelved_image_id")
        if image_id:
            await self._delete_snapshot_of_shelved_instance(context, instance, image_id)
        kept = instance.system_metadata
        instance.system_metadata = {
            key: kept[key] for key in kept if not key.startswith("shelved_")
        }

    async def _delete_snapshot_of_shelved_instance(
        self, context: RequestContext, instance: Instance, image_id: str
    ) -> None:
        try:
            await self.image_api.delete(context, image_id)
        except NovaError as error:
            text = "Failed to delete snapshot from shelved instance (%s)."
            LOG.warning(text, error, instance=instance)

    # --- reboot -------------------------------------------------------------------------------------------------

    @instance_operation
    async def reboot_instance(
        self, context: RequestContext, instance: Instance, block_device_info: Any, reboot_type: str
    ) -> None:
        """Reboot the guest, "SOFT" or "HARD"."""
        async with self._lock(instance.uuid):
            LOG.info("Rebooting instance", instance=instance)
            await self._begin_reboot(instance, reboot_type)
            vm_state = VmState.ACTIVE
            if instance.vm_state == VmState.RESCUED:
                vm_state = VmState.RESCUED
            try:
                await self.driver.reboot(context, instance, instance.network_info, reboot_type)
            except Exception as error:
                await self._reboot_failed(context, instance, error)
            try:
                await self._now(instance, vm_state)
            except exception.InstanceNotFound:
                LOG.warning("Instance disappeared during reboot", instance=instance)

    async def _begin_reboot(self, instance: Instance, reboot_type: str) -> None:
        hard = reboot_type == "HARD"
        asked = TaskState.REBOOTING_HARD if hard else TaskState.REBOOTING
        pending = TaskState.REBOOT_PENDING_HARD if hard else TaskState.REBOOT_PENDING
        started = TaskState.REBOOT_STARTED_HARD if hard else TaskState.REBOOT_STARTED
        instance.power_state = await self._get_power_state(instance)
        instance.task_state = pending
        await instance.save(expected_task_state=[asked, pending, started])
        if instance.power_state != PowerState.RUNNING:
            text = "trying to reboot a non-running instance: (state: %s expected: %s)"
            LOG.warning(text, instance.power_state, PowerState.RUNNING.value, instance=instance)
        instance.task_state = started
        await instance.save(expected_task_state=pending)

    async def _reboot_failed(
        self, context: RequestContext, instance: Instance, error: Exception
    ) -> None:
        """A guest that runs all the same is told of by a fault; else the server is in ERROR, and `error` goes on."""
        if await self._get_power_state(instance) == PowerState.RUNNING:
            LOG.warning("Reboot failed but instance is running", instance=instance)
            await add_instance_fault_from_exc(context, instance.uuid, error, host=self.host)
            return
        LOG.error("Cannot reboot instance: %s", error, instance=instance)
        await set_instance_error_state(instance)
        raise error

    # --- pause and suspend --------------------------------------------------------------------------------------

    @instance_operation
    async def pause_instance(self, context: RequestContext, instance: Instance) -> None:
        """Freeze the guest; it stays in memory."""
        LOG.info("Pausing", instance=instance)
        await self.driver.pause(instance)
        await self._now(instance, VmState.PAUSED, [TaskState.PAUSING])

    @instance_operation
    async def unpause_instance(self, context: RequestContext, instance: Instance) -> None:
        """Let a paused guest go on."""
        LOG.info("Unpausing", instance=instance)
        await self.driver.unpause(instance)
        await self._now(instance, VmState.ACTIVE, [TaskState.UNPAUSING])

    @instance_operation
    async def suspend_instance(self, context: RequestContext, instance: Instance) -> None:
        """Save the guest's memory and stop it."""
        was = instance.vm_state
        instance.system_metadata = {**instance.system_metadata, "old_vm_state": was}
        async with error_out_instance_on_exception(self, context, instance, was):
            await self.driver.suspend(context, instance)
        await self._now(instance, VmState.SUSPENDED, [TaskState.SUSPENDING])

    @instance_operation
    async def resume_instance(self, context: RequestContext, instance: Instance) -> None:
        """Start a suspended guest from its saved memory."""
        LOG.info("Resuming", instance=instance)
        async with error_out_instance_on_exception(self, context, instance, instance.vm_state):
            await self.driver.resume(context, instance, instance.network_info)
        metadata = dict(instance.system_metadata)
        was = metadata.pop("old_vm_state", VmState.ACTIVE)
        instance.system_metadata = metadata
        await self._now(instance, was, [TaskState.RESUMING])

    # --- inside the guest ---------------------------------------------------------------------------------------

    @instance_operation
    async def set_admin_password(
        self, context: RequestContext, instance: Instance, new_pass: str
    ) -> None:
        """Change the administrator's password inside the guest; only a guest that runs can be asked to."""
        error = await self._change_password(instance, new_pass)
        instance.task_state = None
        await instance.save(expected_task_state=TaskState.UPDATING_PASSWORD)
        if error is not None:
            raise error
        LOG.info("Admin password set", instance=instance)

    async def _change_password(self, instance: Instance, new_pass: str) -> NovaError | None:
        if await self._get_power_state(instance) != PowerState.RUNNING:
            return _not_set(instance, f"instance {instance.uuid} is not running")
        try:
            await self.driver.set_admin_password(instance, new_pass)
        except Exception:
            LOG.exception("set_admin_password failed", instance=instance)
            return _not_set(instance, "error setting admin password")
        return None


def _not_set(instance: Instance, reason: str) -> NovaError:
    return exception.InstancePasswordSetFailed(instance=instance.uuid, reason=reason)

"""Operations on a guest's power, and on what runs inside it."""

from __future__ import annotations

from simnova.nova.compute.api.base import Base
from simnova.nova.compute.api.checks import (
    check_instance_host,
    check_instance_lock,
    check_instance_state,
)
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.states import TaskState, VmState

LOG = getLogger("nova.compute.api")

ALLOW_REBOOT = (
    None,
    TaskState.REBOOTING,
    TaskState.REBOOT_PENDING,
    TaskState.REBOOT_STARTED,
    TaskState.REBOOTING_HARD,
    TaskState.RESUMING,
    TaskState.UNPAUSING,
    TaskState.PAUSING,
    TaskState.SUSPENDING,
)
"""What a hard reboot may interrupt (`task_states.ALLOW_REBOOT`)."""

ALLOW_HARD_REBOOT = (
    VmState.ACTIVE,
    VmState.STOPPED,
    VmState.PAUSED,
    VmState.SUSPENDED,
    VmState.ERROR,
)


class Power(Base):
    """Stop, start, reboot, pause, suspend, and what undoes them; a new password."""

    @check_instance_lock
    @check_instance_host()
    @check_instance_state(vm_state=(VmState.ACTIVE, VmState.ERROR))
    async def stop(self, context: RequestContext, instance: Instance) -> None:
        """Shut the guest down; it has `shutdown_timeout` seconds to do it itself."""
        await self.force_stop(context, instance)

    async def force_stop(self, context: RequestContext, instance: Instance) -> None:
        """The same without a look at its state: a server may be stopped whose guest is not."""
        LOG.debug("Going to try to stop instance", instance=instance)
        instance.task_state, instance.progress = TaskState.POWERING_OFF, 0
        await instance.save(expected_task_state=None)
        await self._record_action_start(context, instance, "stop")
        await self.compute_rpcapi.stop_instance(context, instance)

    @check_instance_lock
    @check_instance_host()
    @check_instance_state(vm_state=(VmState.STOPPED,))
    async def start(self, context: RequestContext, instance: Instance) -> None:
        """Start a guest that is off."""
        LOG.debug("Going to try to start instance", instance=instance)
        instance.task_state = TaskState.POWERING_ON
        await instance.save(expected_task_state=None)
        await self._record_action_start(context, instance, "start")
        await self.compute_rpcapi.start_instance(context, instance)

    @check_instance_lock
    async def reboot(self, context: RequestContext, instance: Instance, reboot_type: str) -> None:
        """Reboot: "SOFT" asks the guest to, "HARD" pulls the plug."""
        if reboot_type == "SOFT":
            await self._soft_reboot(context, instance)
        else:
            await self._hard_reboot(context, instance)

    @check_instance_state(vm_state=(VmState.ACTIVE,))
    async def _soft_reboot(self, context: RequestContext, instance: Instance) -> None:
        instance.task_state = TaskState.REBOOTING
        await instance.save(expected_task_state=None)
        await self._record_action_start(context, instance, "reboot")
        await self.compute_rpcapi.reboot_instance(context, instance, "SOFT")

    @check_instance_state(vm_state=ALLOW_HARD_REBOOT, task_state=ALLOW_REBOOT)
    async def _hard_reboot(self, context: RequestContext, instance: Instance) -> None:
        instance.task_state = TaskState.REBOOTING_HARD
        await instance.save(expected_task_state=ALLOW_REBOOT)
        await self._record_action_start(context, instance, "reboot")
        await self.compute_rpcapi.reboot_instance(context, instance, "HARD")

    @check_instance_lock
    @check_instance_state(vm_state=(VmState.ACTIVE,))
    async def pause(self, context: RequestContext, instance: Instance) -> None:
        """Freeze the guest; it stays in memory."""
        instance.task_state = TaskState.PAUSING
        await instance.save(expected_task_state=None)
        await self._record_action_start(context, instance, "pause")
        await self.compute_rpcapi.pause_instance(context, instance)

    @check_instance_lock
    @check_instance_state(vm_state=(VmState.PAUSED,))
    async def unpause(self, context: RequestContext, instance: Instance) -> None:
        """Let a paused guest go on."""
        instance.task_state = TaskState.UNPAUSING
        await instance.save(expected_task_state=None)
        await self._record_action_start(context, instance, "unpause")
        await self.compute_rpcapi.unpause_instance(context, instance)

    @check_instance_lock
    @check_instance_state(vm_state=(VmState.ACTIVE,))
    async def suspend(self, context: RequestContext, instance: Instance) -> None:
        """Save the guest's memory to disk and stop it."""
        instance.task_state = TaskState.SUSPENDING
        await instance.save(expected_task_state=None)
        await self._record_action_start(context, instance, "suspend")
        await self.compute_rpcapi.suspend_instance(context, instance)

    @check_instance_lock
    @check_instance_state(vm_state=(VmState.SUSPENDED,))
    async def resume(self, context: RequestContext, instance: Instance) -> None:
        """Start a suspended guest from its saved memory."""
        instance.task_state = TaskState.RESUMING
        await instance.save(expected_task_state=None)
        await self._record_action_start(context, instance, "resume")
        await self.compute_rpcapi.resume_instance(context, instance)

    @check_instance_lock
    @check_instance_state(vm_state=(VmState.ACTIVE,))
    async def set_admin_password(
        self, context: RequestContext, instance: Instance, password: str
    ) -> None:
        """Change the administrator's password inside the guest."""
        instance.task_state = TaskState.UPDATING_PASSWORD
        await instance.save(expected_task_state=None)
        await self._record_action_start(context, instance, "changePassword")
        await self.compute_rpcapi.set_admin_password(context, instance, password)

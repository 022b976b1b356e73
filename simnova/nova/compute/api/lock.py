"""Operations that change only what the database says of a server: lock, unlock, reset of its state."""

from __future__ import annotations

from simnova.nova.compute.api.base import Base
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.instance_action import EventReporter

LOG = getLogger("nova.compute.api")


class Lock(Base):
    """No compute is asked for these."""

    async def lock(
        self, context: RequestContext, instance: Instance, reason: str | None = None
    ) -> None:
        """Keep everyone but an administrator from changing the server; an owner cannot lock over a lock."""
        is_owner = instance.project_id == context.project_id
        if instance.locked and is_owner:
            return
        await self._record_action_start(context, instance, "lock")
        async with EventReporter(context, "api_lock", self.conf.host, instance.uuid):
            LOG.debug("Locking", instance=instance)
            instance.locked, instance.locked_by = True, "owner" if is_owner else "admin"
            if reason:
                metadata = {**instance.system_metadata, "locked_reason": reason}
                instance.system_metadata = metadata
            await instance.save()

    def is_expected_locked_by(self, context: RequestContext, instance: Instance) -> bool:
        """Whether it is the asker's own kind of lock: what an administrator has locked is not the owner's to unlock."""
        expected = "owner" if instance.project_id == context.project_id else "admin"
        return not instance.locked_by or instance.locked_by == expected

    async def unlock(self, context: RequestContext, instance: Instance) -> None:
        """Take the lock off, whoever has put it on."""
        await self._record_action_start(context, instance, "unlock")
        async with EventReporter(context, "api_unlock", self.conf.host, instance.uuid):
            LOG.debug("Unlocking", instance=instance)
            instance.locked, instance.locked_by = False, None
            metadata = dict(instance.system_metadata)
            metadata.pop("locked_reason", None)
            instance.system_metadata = metadata
            await instance.save()

    async def reset_state(self, context: RequestContext, instance: Instance, state: str) -> None:
        """Write down that a server is active, or in error, and that nothing is being done to it: no more than that."""
        action = await self._record_action_start(context, instance, "resetState")
        instance.vm_state, instance.task_state = state, None
        await instance.save()
        await action.finish()

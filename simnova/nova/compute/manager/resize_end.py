"""How a resize or a cold migration ends: confirmed, by itself after a while, or reverted."""

from __future__ import annotations

from datetime import datetime, timedelta

from simnova.nova import exception
from simnova.nova.compute.manager.moves import (
    Moving,
    errors_out_migration,
    old_vm_state,
    set_instance_info,
    set_migration_status,
)
from simnova.nova.compute.manager.power import Power
from simnova.nova.compute.manager.wrappers import (
    error_out_instance_on_exception,
    instance_operation,
    wrap_instance_event,
    wrap_instance_fault,
)
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.migration import Migration
from simnova.nova.objects.request_spec import RequestSpec
from simnova.nova.objects.states import PowerState, TaskState, VmState
from simnova.nova.periodic_task import periodic_task

LOG = getLogger("nova.compute.manager")

_DELETED = "Instance being deleted or soft deleted during resize confirmation."
_NOT_YET = {
    TaskState.DELETING: _DELETED,
    TaskState.SOFT_DELETING: _DELETED,
    TaskState.RESIZE_FINISH: "Instance still resizing during resize confirmation.",
}


class ResizeEnds(Moving, Power):
    """The source forgets the server, or takes it back."""

    # --- confirm: on the source -------------------------------------------------------------------------------

    @wrap_instance_event("compute")
    @wrap_instance_fault
    async def confirm_resize(
        self, context: RequestContext, instance: Instance, migration: Migration
    ) -> None:
        """Cast to the source: remove what the server has left here. It runs at its destination and notices nothing."""
        async with self._lock(instance.uuid), errors_out_migration(migration):
            LOG.debug("Going to confirm migration %s", migration.id, instance=instance)
            if migration.status not in ("finished", "confirming"):
                LOG.warning(
                    "Unexpected confirmation status '%(status)s' of migration %(id)s, exit "
                    "confirmation process",
                    {"status": migration.status, "id": migration.id},
                    instance=instance,
                )
                return
            try:
                instance = await Instance.get_by_uuid(context, instance.uuid)
            except exception.InstanceNotFound:
                LOG.info("Instance is not found during confirmation", instance=instance)
                return
            await self._confirm_or_error_out(context, instance, migration)

    async def _confirm_or_error_out(
        self, context: RequestContext, instance: Instance, migration: Migration
    ) -> None:
        """Whether it works or not, the server is at its destination: the source gives everything up."""
        async with error_out_instance_on_exception(self, context, instance):
            try:
                await self._confirm_resize(context, instance, migration)
            except Exception:
                LOG.exception(
                    "Confirm resize failed on source host %s. Resource allocations in the placement "
                    "service will be removed regardless because the instance is now on the "
                    "destination host %s. You can try hard rebooting the instance to correct its "
                    "state.",
                    self.host,
                    migration.dest_compute,
                    instance=instance,
                )
                await self._give_up_source(context, instance, migration)
                raise
            await self._give_up_source(context, instance, migration)

    async def _confirm_resize(
        self, context: RequestContext, instance: Instance, migration: Migration
    ) -> None:
        await self.driver.confirm_migration(context, migration, instance, instance.network_info)
        await self.rt.drop_move_claim_at_source(context, instance, migration)
        off = instance.power_state == PowerState.SHUTDOWN
        instance.vm_state = VmState.STOPPED if off else VmState.ACTIVE
        instance.task_state = None
        await instance.save(expected_task_state=[None, TaskState.DELETING, TaskState.SOFT_DELETING])

    async def _give_up_source(
        self, context: RequestContext, instance: Instance, migration: Migration
    ) -> None:
        await self._delete_allocation_after_move(context, migration)
        await self._delete_scheduler_instance_info(context, instance.uuid)
        await self._delete_stashed_flavor_info(instance)

    # --- revert: on the destination, then on the source -------------------------------------------------------

    @instance_operation
    async def revert_resize(
        self,
        context: RequestContext,
        instance: Instance,
        migration: Migration,
        request_spec: RequestSpec,
    ) -> None:
        """Cast to the destination: remove the guest here, then let the source take the server back."""
        async with (
            errors_out_migration(migration),
            error_out_instance_on_exception(self, context, instance),
        ):
            await self.driver.destroy(context, instance, instance.network_info)
            await self.rt.drop_move_claim_at_dest(context, instance, migration)
            await self.compute_rpcapi.finish_revert_resize(
                context, instance, migration, request_spec
            )

    @instance_operation
    async def finish_revert_resize(
        self,
        context: RequestContext,
        instance: Instance,
        migration: Migration,
        request_spec: RequestSpec,
    ) -> None:
        """Cast to the source: the server is again what it was, where it was."""
        try:
            async with (
                errors_out_migration(migration),
                error_out_instance_on_exception(self, context, instance),
            ):
                await self._finish_revert_resize(context, instance, migration)
        except Exception:
            await self._delete_stashed_flavor_info(instance)
            raise
        await self._delete_stashed_flavor_info(instance)

    async def _finish_revert_resize(
        self, context: RequestContext, instance: Instance, migration: Migration
    ) -> None:
        was = old_vm_state(instance)
        set_instance_info(instance, instance.old_flavor or instance.flavor)
        instance.host, instance.node = migration.source_compute, migration.source_node
        await instance.save(expected_task_state=TaskState.RESIZE_REVERTING)
        await self._take_back(context, instance, migration)
        await self.network_api.setup_instance_network_on_host(context, instance, self.host)
        instance.network_info = await self.network_api.get_instance_nw_info(context, instance)
        power_on = was != VmState.STOPPED
        await self.driver.finish_revert_migration(
            context, instance, instance.network_info, migration, None, power_on
        )
        instance.launched_at = context.now()
        await instance.save(expected_task_state=TaskState.RESIZE_REVERTING)
        LOG.info("Updating instance to original state: '%s'", was, instance=instance)
        if power_on:
            instance.vm_state, instance.task_state = VmState.ACTIVE, None
            await instance.save()
            return
        instance.task_state = TaskState.POWERING_OFF
        await instance.save()
        await self.stop_instance(context, instance, clean_shutdown=True)

    async def _take_back(
        self, context: RequestContext, instance: Instance, migration: Migration
    ) -> None:
        try:
            await self._revert_allocation(context, instance, migration)
        except exception.AllocationMoveFailed:
            LOG.error(
                "Reverting allocation in placement for migration %(migration_uuid)s failed. The "
                "instance %(instance_uuid)s will be put into ERROR state but the allocation held "
                "by the migration is leaked.",
                {"instance_uuid": instance.uuid, "migration_uuid": migration.uuid},
            )
            raise

    # --- confirmed by itself ----------------------------------------------------------------------------------

    @periodic_task(
        "a resize or migration that nobody confirms or reverts", option="resize_confirm_window"
    )
    async def _poll_unconfirmed_resizes(self) -> None:
        """Periodic task: confirm what has waited longer than `resize_confirm_window` seconds."""
        window = self.conf.resize_confirm_window
        if not window:
            return
        context = self._own_context()
        until = datetime.fromisoformat(context.now()) - timedelta(seconds=window)
        found = await Migration.get_unconfirmed_by_dest_compute(
            context, f"{until:%Y-%m-%dT%H:%M:%SZ}", self.host
        )
        if found:
            said = {"migration_count": len(found), "confirm_window": window}
            LOG.info(
                "Found %(migration_count)d unconfirmed migrations older than "
                "%(confirm_window)d seconds",
                said,
            )
        for migration in found:
            LOG.info(
                "Automatically confirming migration %s for instance %s",
                migration.id,
                migration.instance_uuid,
            )
            await self._confirm_by_itself(context, migration)

    async def _confirm_by_itself(self, context: RequestContext, migration: Migration) -> None:
        try:
            instance = await Instance.get_by_uuid(context, str(migration.instance_uuid))
        except exception.InstanceNotFound:
            await _set_to_error(migration, f"Instance {migration.instance_uuid} not found")
            return
        task = instance.task_state
        if instance.vm_state == VmState.ERROR:
            await _set_to_error(migration, "In ERROR state", instance)
        elif task in _NOT_YET:
            LOG.debug(f"{_NOT_YET[TaskState(task)]} Skipping.", instance=instance)
        elif instance.vm_state != VmState.RESIZED or task is not None:
            reason = f"In states {instance.vm_state}/{task}, not RESIZED/None"
            await _set_to_error(migration, reason, instance)
        else:
            await self._confirm_now(context, instance, migration)

    async def _confirm_now(
        self, context: RequestContext, instance: Instance, migration: Migration
    ) -> None:
        try:
            await self._compute_api().confirm_resize(context, instance, migration)
        except Exception as error:
            text = "Error auto-confirming resize: %s. Will retry later."
            LOG.info(text, error, instance=instance)


async def _set_to_error(
    migration: Migration, reason: str, instance: Instance | None = None
) -> None:
    LOG.warning("Setting migration %s to error: %s", migration.id, reason, instance=instance)
    await set_migration_status(migration, "error")

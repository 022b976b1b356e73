"""Live migration: the destination checks and gets ready, the source sends, the destination takes over."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from simnova.nova import exception
from simnova.nova.compute.manager.group_policy import GroupPolicy
from simnova.nova.compute.manager.moves import (
    Moving,
    errors_out_migration,
    set_migration_status,
)
from simnova.nova.compute.manager.wrappers import (
    set_instance_error_state,
    wrap_instance_event,
    wrap_instance_fault,
)
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.compute_node import ComputeNode
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.migration import Migration
from simnova.nova.objects.states import TaskState, VmState

LOG = getLogger("nova.compute.manager")

_event = wrap_instance_event("compute")


@dataclass
class Waiting:
    """A live migration that has not begun to copy: it can still be taken out of the queue."""

    migration: Migration
    started: bool = False


class LiveMigrations(Moving, GroupPolicy):
    """A running server goes to another host, or stays, as if nothing had been."""

    # --- may it? ----------------------------------------------------------------------------------------------

    @_event
    @wrap_instance_fault
    async def check_can_live_migrate_destination(
        self,
        context: RequestContext,
        instance: Instance,
        block_migration: bool | None,
        disk_over_commit: bool | None,
        migration: Migration,
        limits: dict[str, Any] | None,
    ) -> dict[str, Any]:
        """Call from the conductor: whether the server can come here; its own host is asked in turn.

        Raises MigrationPreCheckError.
        """
        await self._validate_instance_group_policy(context, instance)
        source = await self._compute_info(context, str(instance.host))
        here = await self._compute_info(context, self.host)
        data = await self.driver.check_can_live_migrate_destination(
            context, instance, source, here, block_migration, disk_over_commit
        )
        LOG.debug("destination check data is %s", data, instance=instance)
        await self.reportclient.get_allocations_for_consumer(context, instance.uuid)
        try:
            return await self.compute_rpcapi.check_can_live_migrate_source(context, instance, data)
        except Exception as error:
            reason = (
                f"Error while check_can_live_migrate_source from {instance.host} to host "
                f"{self.host}: {type(error).__name__} {error}"
            )
            raise exception.MigrationPreCheckError(reason=reason) from error

    async def _compute_info(self, context: RequestContext, host: str) -> dict[str, Any]:
        found = await ComputeNode.get_by_host_and_nodename(context, host, host)
        if found is None:
            raise exception.ComputeHostNotFound(host=host)
        return found.values()

    @_event
    @wrap_instance_fault
    async def check_can_live_migrate_source(
        self, context: RequestContext, instance: Instance, dest_check_data: dict[str, Any]
    ) -> dict[str, Any]:
        """Call from the destination: whether the server can be sent from here."""
        result = await self.driver.check_can_live_migrate_source(context, instance, dest_check_data)
        LOG.debug("source check data is %s", result, instance=instance)
        return result

    # --- the destination gets ready ---------------------------------------------------------------------------

    @_event
    @wrap_instance_fault
    async def pre_live_migration(
        self,
        context: RequestContext,
        instance: Instance,
        block_migration: bool | None,
        disk: Any,
        migrate_data: dict[str, Any],
    ) -> dict[str, Any]:
        """Call from the source: make room for the disk and the cards."""
        LOG.debug("pre_live_migration data is %s", migrate_data, instance=instance)
        await self._validate_instance_group_policy(context, instance)
        return await self.driver.pre_live_migration(
            context, instance, None, instance.network_info, disk, migrate_data
        )

    # --- the source sends -------------------------------------------------------------------------------------

    @_event
    @wrap_instance_fault
    async def live_migration(
        self,
        context: RequestContext,
        instance: Instance,
        dest: str,
        block_migration: bool | None,
        migration: Migration,
        migrate_data: dict[str, Any],
    ) -> None:
        """Cast from the conductor: put it in the queue; `max_concurrent_live_migrations` are sent at a time."""
        async with errors_out_migration(migration):
            await set_migration_status(migration, "queued")
            waiting = self._waiting_live_migrations[instance.uuid] = Waiting(migration)
            work = self._when_it_is_its_turn(
                waiting, context, instance, dest, block_migration, migration, migrate_data
            )
            self.place.clock.spawn(work)

    async def _when_it_is_its_turn(
        self, waiting: Waiting, context: RequestContext, instance: Instance, *what: Any
    ) -> None:
        async with self._live_migration_semaphore:
            if self._waiting_live_migrations.get(instance.uuid) is not waiting:
                return
            waiting.started = True
            try:
                await self._do_live_migration(context, instance, *what)
            except Exception as error:
                LOG.debug("Live migration has ended: %s", error, instance=instance)
            if self._waiting_live_migrations.get(instance.uuid) is waiting:
                del self._waiting_live_migrations[instance.uuid]

    async def _do_live_migration(
        self,
        context: RequestContext,
        instance: Instance,
        dest: str,
        block_migration: bool | None,
        migration: Migration,
        migrate_data: dict[str, Any],
    ) -> None:
        await set_migration_status(migration, "preparing")
        data = await self._prepare_destination(
            context, instance, dest, block_migration, migration, migrate_data
        )
        if self._waiting_live_migrations.pop(instance.uuid, None) is None:
            text = "Migration %s aborted by another process, rollback."
            LOG.debug(text, migration.uuid, instance=instance)
            await self._rollback_live_migration(
                context, instance, dest, data, "cancelled", migration=migration
            )
            return
        await set_migration_status(migration, "running")
        try:
            await self.driver.live_migration(
                context,
                instance,
                dest,
                partial(self._post_live_migration_update_host, migration=migration),
                partial(self._rollback_live_migration, migration=migration),
                block_migration,
                {**data, "migration": migration},
            )
        except Exception:
            LOG.exception("Live migration failed.", instance=instance)
            await set_migration_status(migration, "error")
            await instance.refresh()
            await set_instance_error_state(instance, clean_task_state=True)
            raise

    async def _prepare_destination(
        self,
        context: RequestContext,
        instance: Instance,
        dest: str,
        block_migration: bool | None,
        migration: Migration,
        migrate_data: dict[str, Any],
    ) -> dict[str, Any]:
        started = self.place.clock.now
        try:
            data = await self.compute_rpcapi.pre_live_migration(
                context,
                dest,
                instance=instance,
                block_migration=block_migration,
                disk=None,
                migrate_data=migrate_data,
            )
        except Exception:
            LOG.exception("Pre live migration failed at %s", dest, instance=instance)
            await set_migration_status(migration, "error")
            await self._rollback_live_migration(
                context,
                instance,
                dest,
                migrate_data,
                pre_live_migration=True,
                migration=migration,
            )
            raise
        took = self.place.clock.now - started
        text = "Took %0.2f seconds for pre_live_migration on destination host %s."
        LOG.info(text, took, dest, instance=instance)
        return data

    # --- it has arrived ---------------------------------------------------------------------------------------

    async def _post_live_migration_update_host(
        self,
        context: RequestContext,
        instance: Instance,
        dest: str,
        block_migration: bool | None,
        migrate_data: dict[str, Any],
        migration: Migration,
    ) -> None:
        """The guest is over there, whatever fails from here on: the server belongs to its new host."""
        try:
            await self._post_live_migration(
                context, instance, dest, block_migration, migrate_data, migration
            )
        except Exception:
            if instance.host != dest:
                instance.host = instance.node = dest
                instance.task_state, instance.progress = None, 0
                await instance.save()
            raise

    @wrap_instance_fault
    async def _post_live_migration(
        self,
        context: RequestContext,
        instance: Instance,
        dest: str,
        block_migration: bool | None,
        migrate_data: dict[str, Any],
        migration: Migration,
    ) -> None:
        LOG.info("_post_live_migration() is started..", instance=instance)
        network_info = instance.network_info
        await self.driver.post_live_migration(context, instance, None, migrate_data)
        await self.driver.post_live_migration_at_source(context, instance, network_info)
        await self.driver.cleanup(context, instance, network_info)
        try:
            await self.compute_rpcapi.post_live_migration_at_destination(
                context, instance, block_migration, dest
            )
        except Exception:
            LOG.exception("Post live migration at destination %s failed", dest, instance=instance)
            raise
        await self.update_available_resource()
        await self._update_scheduler_instance_info(context, [instance])
        LOG.info("Migrating instance to %s finished successfully.", dest, instance=instance)
        await set_migration_status(migration, "completed")
        await self._delete_allocation_after_move(context, migration)

    @_event
    @wrap_instance_fault
    async def post_live_migration_at_destination(
        self, context: RequestContext, instance: Instance, block_migration: bool | None
    ) -> None:
        """Call from the source: the server runs here; take it over."""
        LOG.info("Post operation of migration started", instance=instance)
        await self.network_api.setup_instance_network_on_host(context, instance, self.host)
        instance.network_info = await self.network_api.get_instance_nw_info(context, instance)
        try:
            await self.driver.post_live_migration_at_destination(
                context, instance, instance.network_info, block_migration
            )
        except Exception:
            instance.vm_state = VmState.ERROR
            text = "Unexpected error during post live migration at destination host."
            LOG.error(text, instance=instance)
            await self._now_here(instance)
            raise
        await self._now_here(instance)

    async def _now_here(self, instance: Instance) -> None:
        instance.power_state = await self._get_power_state(instance)
        instance.host, instance.node = self.host, self.rt.node.hypervisor_hostname
        instance.task_state, instance.progress = None, 0
        await instance.save(expected_task_state=TaskState.MIGRATING)

    # --- it has not -------------------------------------------------------------------------------------------

    @wrap_instance_fault
    async def _rollback_live_migration(
        self,
        context: RequestContext,
        instance: Instance,
        dest: str,
        migrate_data: dict[str, Any],
        migration_status: str = "failed",
        pre_live_migration: bool = False,
        *,
        migration: Migration,
    ) -> None:
        """The server stays: its host holds again what it had, the destination forgets it."""
        await self._revert_allocation(context, instance, migration)
        if not pre_live_migration:
            await self.driver.rollback_live_migration_at_source(context, instance, migrate_data)
        data = {name: migrate_data[name] for name in migrate_data if name != "migration"}
        await self.compute_rpcapi.rollback_live_migration_at_destination(
            context, dest, instance=instance, destroy_disks=True, migrate_data=data
        )
        instance.task_state, instance.progress = None, 0
        await instance.save(expected_task_state=[TaskState.MIGRATING])
        await set_migration_status(migration, migration_status)

    @_event
    @wrap_instance_fault
    async def rollback_live_migration_at_destination(
        self,
        context: RequestContext,
        instance: Instance,
        destroy_disks: bool,
        migrate_data: dict[str, Any],
    ) -> None:
        """Cast from the source: remove what was made ready here."""
        await self.driver.rollback_live_migration_at_destination(
            context, instance, instance.network_info, None, destroy_disks, migrate_data
        )

    # --- ended early ------------------------------------------------------------------------------------------

    @_event
    @wrap_instance_fault
    async def live_migration_force_complete(
        self, context: RequestContext, instance: Instance
    ) -> None:
        """Cast from the API: the guest is paused, or goes on over there at once."""
        await self.driver.live_migration_force_complete(instance)

    @_event
    @wrap_instance_fault
    async def live_migration_abort(
        self, context: RequestContext, instance: Instance, migration_id: int
    ) -> None:
        """Cast from the API: one that waits is taken out of the queue, one that runs is called off."""
        waiting = self._waiting_live_migrations.pop(instance.uuid, None)
        if waiting is None:
            await self._abort_running(context, instance, migration_id)
        elif not waiting.started:
            await self._revert_allocation(context, instance, waiting.migration)
            instance.task_state = None
            await instance.save(expected_task_state=[TaskState.MIGRATING])
            await set_migration_status(waiting.migration, "cancelled")

    async def _abort_running(
        self, context: RequestContext, instance: Instance, migration_id: int
    ) -> None:
        migration = await Migration.get_by_id(context, migration_id)
        if migration.status != "running":
            raise exception.InvalidMigrationState(
                migration_id=migration_id,
                instance_uuid=instance.uuid,
                state=migration.status,
                method="abort live migration",
            )
        await self.driver.live_migration_abort(instance)

    async def _reset_live_migration(self, context: RequestContext, instance: Instance) -> None:
        """The service died while it sent the guest, which is still here: it stays.

        What the migration holds in Placement is left as it is, as in Nova.
        """
        running = {"instance_uuid": instance.uuid, "status": "running"}
        for migration in await Migration.get_by_filters(context, running):
            try:
                await self.live_migration_abort(context, instance, int(migration.id or 0))
            except Exception:
                LOG.exception("Failed to abort live-migration", instance=instance)
            await set_migration_status(migration, "error")
        text = "Instance found in migrating state during startup. Resetting task_state"
        LOG.info(text, instance=instance)
        instance.task_state = None
        await instance.save(expected_task_state=[TaskState.MIGRATING])

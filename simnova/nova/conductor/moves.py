"""The conductor leads a server from one host to another (`ComputeTaskManager` of `nova/conductor/manager.py`)."""

from __future__ import annotations

from typing import Any

from simnova.messaging.rpc import expected_exceptions
from simnova.nova import exception, servicegroup
from simnova.nova.conductor.networks import Networks
from simnova.nova.conductor.tasks.live_migrate import EXPECTED, LiveMigrationTask
from simnova.nova.conductor.tasks.migrate import MigrationTask
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.instance_action import EventReporter
from simnova.nova.objects.migration import LIVE_MIGRATION, Migration
from simnova.nova.objects.request_spec import RequestSpec
from simnova.nova.objects.selection import Selection
from simnova.nova.objects.states import TaskState, VmState

LOG = getLogger("nova.conductor.manager")


_EXPECTED: tuple[type[Exception], ...] = (
    exception.NoValidHost,
    exception.ComputeServiceUnavailable,
    exception.ComputeHostNotFound,
    exception.InvalidHypervisorType,
    exception.UnableToMigrateToSelf,
    exception.DestinationHypervisorTooOld,
    exception.InvalidSharedStorage,
    exception.HypervisorUnavailable,
    exception.InstanceInvalidState,
    exception.MigrationPreCheckError,
    exception.UnsupportedPolicyException,
)
"""Why there may be no host for a server: no error of the conductor."""


class Moves(Networks):
    """Resize, cold and live migration: who takes the server, and what becomes of it where nobody does."""

    @expected_exceptions(*_EXPECTED)
    async def migrate_server(
        self,
        context: RequestContext,
        instance: Instance,
        scheduler_hint: dict[str, Any],
        flavor: Flavor | None,
        request_spec: RequestSpec,
        live: bool,
        block_migration: bool | None = None,
        disk_over_commit: bool | None = None,
        clean_shutdown: bool = True,
        host_list: list[Selection] | None = None,
        **unused: Any,
    ) -> None:
        """Find a host for a move and have it begin there.

        A cast for a resize or a cold migration: it comes again, with the alternates, from a host that could not.
        A call for a live migration that is asked for as before 2.34.
        """
        context = await self._targeted(context, instance)
        async with EventReporter(
            context, "conductor_migrate_server", self.conf.host, instance.uuid
        ):
            if live:
                how = scheduler_hint.get("host"), block_migration, disk_over_commit
                await self._begin_live(context, instance, *how, request_spec)
            elif flavor:
                await self._begin_cold(
                    context, instance, flavor, clean_shutdown, request_spec, host_list
                )

    async def _begin_cold(
        self,
        context: RequestContext,
        instance: Instance,
        flavor: Flavor,
        clean_shutdown: bool,
        request_spec: RequestSpec,
        host_list: list[Selection] | None,
    ) -> None:
        async with EventReporter(context, "cold_migrate", self.conf.host, instance.uuid):
            request_spec.flavor, request_spec.context = flavor, context
            task = MigrationTask(
                context,
                instance,
                flavor,
                request_spec,
                clean_shutdown,
                self.compute_rpcapi,
                self.scheduler,
                self.report_client,
                self.conf.scheduler.max_attempts,
                host_list,
            )
            await self._cold_migrate(task)
            await request_spec.save()

    async def _cold_migrate(self, task: MigrationTask) -> None:
        instance = task.instance
        try:
            await task.execute()
        except exception.NoValidHost as error:
            await self._set_vm_state_and_notify(
                instance.ctxt, instance, "migrate_server", error, instance.vm_state
            )
            what = "cold migrate" if task.flavor.id == instance.instance_type_id else "resize"
            raise exception.NoValidHost(reason=f"No valid host found for {what}") from error
        except Exception as error:
            await self._refresh_and_notify(instance, error)
            raise

    async def _refresh_and_notify(self, instance: Instance, error: Exception) -> None:
        """Somebody else may have changed the server while the task ran: only the task is given back."""
        try:
            await instance.refresh()
        except exception.InstanceNotFound:
            LOG.info("During the move the instance was deleted.", instance=instance)
            return
        await self._set_vm_state_and_notify(
            instance.ctxt, instance, "migrate_server", error, instance.vm_state
        )

    # --- live -------------------------------------------------------------------------------------------------

    async def live_migrate_instance(
        self,
        context: RequestContext,
        instance: Instance,
        scheduler_hint: dict[str, Any],
        block_migration: bool | None,
        disk_over_commit: bool | None,
        request_spec: RequestSpec,
    ) -> None:
        """Cast: find a host that can take a running server, and have its own host send it there."""
        context = await self._targeted(context, instance)
        async with EventReporter(
            context, "conductor_live_migrate_instance", self.conf.host, instance.uuid
        ):
            how = scheduler_hint.get("host"), block_migration, disk_over_commit
            await self._begin_live(context, instance, *how, request_spec)

    async def _begin_live(
        self,
        context: RequestContext,
        instance: Instance,
        destination: str | None,
        block_migration: bool | None,
        disk_over_commit: bool | None,
        request_spec: RequestSpec,
    ) -> None:
        migration = Migration(
            dest_compute=destination,
            status="accepted",
            instance_uuid=instance.uuid,
            source_compute=instance.host,
            migration_type=LIVE_MIGRATION,
            old_instance_type_id=instance.flavor.id,
            new_instance_type_id=instance.flavor.id,
            context=context.elevated(),
        )
        await migration.create()
        task = LiveMigrationTask(
            context,
            instance,
            destination,
            block_migration,
            disk_over_commit,
            migration,
            self.compute_rpcapi,
            servicegroup.API(self.conf, self.scheduler.place.clock),
            self.scheduler,
            self.report_client,
            self.conf,
            request_spec,
        )
        await self._live_migrate(task)

    async def _live_migrate(self, task: LiveMigrationTask) -> None:
        instance = task.instance
        try:
            await task.execute()
        except EXPECTED as error:
            await self._live_migration_failed(task, instance.vm_state, error)
            raise
        except Exception as error:
            LOG.exception(
                "Migration of instance %(instance_id)s to host %(dest)s unexpectedly failed.",
                {"instance_id": instance.uuid, "dest": task.destination},
            )
            await self._live_migration_failed(task, VmState.ERROR, error)
            raise exception.MigrationError(reason=str(error)) from error

    async def _live_migration_failed(
        self, task: LiveMigrationTask, vm_state: str, error: Exception
    ) -> None:
        await self._set_vm_state_and_notify(
            task.context, task.instance, "migrate_server", error, vm_state, TaskState.MIGRATING
        )
        task.migration.status = "error"
        await task.migration.save()

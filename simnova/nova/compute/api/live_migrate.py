"""Servers move while they run, or leave a host that is lost (`nova/compute/api.py`)."""

from __future__ import annotations

from typing import Any

from simnova.nova import exception
from simnova.nova.compute.api.base import Base
from simnova.nova.compute.api.checks import check_instance_lock, check_instance_state
from simnova.nova.compute.api.resize import request_spec_of
from simnova.nova.compute.multi_cell_list import get_records
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.cell_mapping import CellMapping
from simnova.nova.objects.compute_node import ComputeNode
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.migration import EVACUATION, Migration
from simnova.nova.objects.request_spec import Destination
from simnova.nova.objects.service import Service
from simnova.nova.objects.states import TaskState, VmState

LOG = getLogger("nova.compute.api")


class LiveMigration(Base):
    """Live migration and what ends it early; evacuation."""

    @check_instance_lock
    @check_instance_state(vm_state=(VmState.ACTIVE, VmState.PAUSED))
    async def live_migrate(
        self,
        context: RequestContext,
        instance: Instance,
        block_migration: bool | None,
        disk_over_commit: bool | None,
        host_name: str | None,
        force: bool | None = None,
        async_: bool = True,
    ) -> None:
        """Move a running server; a named host is forced, or, with `force` False, is asked of the scheduler.

        Without `async_` (before 2.34) the answer waits until a host has agreed. Raises ComputeHostNotFound.
        """
        text = "Going to try to live migrate instance to %s"
        LOG.debug(text, host_name or "another host", instance=instance)
        cell_context = instance.ctxt
        target = await _node_of(cell_context, host_name) if host_name else None
        spec = await request_spec_of(context, instance.uuid)
        instance.task_state = TaskState.MIGRATING
        await instance.save(expected_task_state=[None])
        await self._record_action_start(cell_context, instance, "live-migration")
        if force is False and target is not None:
            spec.requested_destination = _destination(target)
            host_name = None
        await self.compute_task_api.live_migrate_instance(
            cell_context,
            instance,
            scheduler_hint={"host": host_name},
            block_migration=block_migration,
            disk_over_commit=disk_over_commit,
            request_spec=spec,
            async_=async_,
        )

    @check_instance_lock
    @check_instance_state(vm_state=(VmState.ACTIVE,), task_state=(TaskState.MIGRATING,))
    async def live_migrate_force_complete(
        self, context: RequestContext, instance: Instance, migration_id: int
    ) -> None:
        """End a live migration by force; raises InvalidMigrationState where it does not run yet."""
        cell_context = instance.ctxt
        migration = await Migration.get_by_id_and_instance(
            cell_context, migration_id, instance.uuid
        )
        _check_status(migration, instance, ("running",), "force complete")
        await self._record_action_start(cell_context, instance, "live_migration_force_complete")
        await self.compute_rpcapi.live_migration_force_complete(cell_context, instance)

    @check_instance_lock
    @check_instance_state(task_state=(TaskState.MIGRATING,))
    async def live_migrate_abort(
        self,
        context: RequestContext,
        instance: Instance,
        migration_id: int,
        support_abort_in_queue: bool = False,
    ) -> None:
        """Call a live migration off; one that waits only where the client's microversion says so (2.65)."""
        cell_context = instance.ctxt
        migration = await Migration.get_by_id_and_instance(
            cell_context, migration_id, instance.uuid
        )
        waiting = ("queued", "preparing") if support_abort_in_queue else ()
        _check_status(migration, instance, ("running", *waiting), "abort live migration")
        await self._record_action_start(cell_context, instance, "live_migration_cancel")
        await self.compute_rpcapi.live_migration_abort(cell_context, instance, migration.id)

    async def get_migrations_in_progress_by_instance(
        self, instance: Instance, migration_type: str
    ) -> list[Migration]:
        """The migrations of that type which a server is in the middle of."""
        return await Migration.get_in_progress_by_instance(
            instance.ctxt, instance.uuid, migration_type
        )

    async def get_migrations(
        self, context: RequestContext, filters: dict[str, Any]
    ) -> list[Migration]:
        """The migrations of every cell that have these column values and are not hidden, oldest first."""
        cells = await CellMapping.get_all(context)
        skip = self.conf.api.list_records_by_skipping_down_cells
        found, _ = await get_records(context, skip, cells, Migration.get_by_filters, filters)
        shown = [migration for migration in found if not migration.hidden]
        return sorted(shown, key=lambda one: (one.created_at or "", one.id or 0))

    # --- evacuate ---------------------------------------------------------------------------------------------

    @check_instance_state(
        vm_state=(VmState.ACTIVE, VmState.STOPPED, VmState.ERROR), task_state=None
    )
    async def evacuate(
        self,
        context: RequestContext,
        instance: Instance,
        host: str | None,
        on_shared_storage: bool | None,
        admin_password: str | None = None,
        force: bool | None = None,
        target_state: str | None = None,
    ) -> None:
        """Make a server anew on another host, because its own is lost; raises ComputeServiceInUse where it is not."""
        cell_context = instance.ctxt
        await self._check_host_is_down(cell_context, str(instance.host))
        spec = await request_spec_of(context, instance.uuid)
        instance.task_state = TaskState.REBUILDING
        await instance.save()
        await self._record_action_start(cell_context, instance, "evacuate")
        await Migration(
            source_compute=instance.host,
            source_node=instance.node,
            dest_compute=host,
            instance_uuid=instance.uuid,
            status="accepted",
            migration_type=EVACUATION,
            context=cell_context,
        ).create()
        if force is False and host:
            spec.requested_destination = _destination(await _node_of(cell_context, host))
            host = None
        await self.compute_task_api.rebuild_instance(
            cell_context,
            instance=instance,
            new_pass=admin_password,
            injected_files=None,
            image_ref=None,
            orig_image_ref=None,
            orig_sys_metadata=None,
            bdms=None,
            recreate=True,
            on_shared_storage=on_shared_storage,
            preserve_ephemeral=False,
            host=host,
            request_spec=spec,
            reimage_boot_volume=False,
            target_state=target_state,
        )

    async def _check_host_is_down(self, context: RequestContext, host: str) -> None:
        service = await Service.get_by_host_and_binary(context, host, "nova-compute")
        if service is None:
            raise exception.ComputeHostNotFound(host=host)
        if self.servicegroup_api.service_is_up(service.values()):
            text = "Instance compute service state on %s expected to be down, but it was up."
            LOG.error(text, host)
            raise exception.ComputeServiceInUse(host=host)


async def _node_of(context: RequestContext, host: str) -> ComputeNode:
    found = await ComputeNode.get_by_host_and_nodename(context, host, host)
    if found is None:
        raise exception.ComputeHostNotFound(host=host)
    return found


def _destination(node: ComputeNode) -> Destination:
    """A host that the scheduler is to look at, and at no other."""
    return Destination(host=node.host, node=node.hypervisor_hostname)


def _check_status(
    migration: Migration, instance: Instance, statuses: tuple[str, ...], method: str
) -> None:
    if migration.status not in statuses:
        raise exception.InvalidMigrationState(
            migration_id=migration.id,
            instance_uuid=instance.uuid,
            state=migration.status,
            method=method,
        )

"""Resize and cold migration: the destination claims, the source sends the disk, the destination makes the guest.

Three casts, one after another, from host to host; the conductor is out of it after the first.
"""

from __future__ import annotations

from typing import Any

from simnova.nova import exception
from simnova.nova.compute.manager.group_policy import GroupPolicy
from simnova.nova.compute.manager.moves import (
    Moving,
    errors_out_migration,
    old_vm_state,
    set_instance_info,
    set_migration_status,
)
from simnova.nova.compute.manager.wrappers import (
    error_out_instance_on_exception,
    instance_operation,
)
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.instance_fault import add_instance_fault_from_exc
from simnova.nova.objects.migration import Migration
from simnova.nova.objects.request_spec import RequestSpec
from simnova.nova.objects.selection import Selection
from simnova.nova.objects.states import TaskState, VmState

LOG = getLogger("nova.compute.manager")

_SIZES = ("root_gb", "swap", "ephemeral_gb")


class Resizes(Moving, GroupPolicy):
    """A server gets another flavor, or another host, or both; whoever asked for it must confirm it afterwards."""

    # --- the destination claims -------------------------------------------------------------------------------

    @instance_operation
    async def prep_resize(
        self,
        context: RequestContext,
        instance: Instance,
        image: dict[str, Any],
        flavor: Flavor,
        request_spec: RequestSpec,
        filter_properties: dict[str, Any],
        node: str,
        clean_shutdown: bool,
        migration: Migration,
        host_list: list[Selection] | None,
    ) -> None:
        """Cast to the destination: claim what the server will need here, and have the source begin.

        Where that fails, the conductor tries the next alternate.
        """
        async with (
            error_out_instance_on_exception(self, context, instance, instance.vm_state),
            errors_out_migration(migration),
        ):
            try:
                hints = request_spec.scheduler_hints
                await self._validate_instance_group_policy(context, instance, hints)
                await self._prep_resize(
                    context,
                    instance,
                    image,
                    flavor,
                    request_spec,
                    filter_properties,
                    node,
                    clean_shutdown,
                    migration,
                )
            except Exception as error:
                LOG.exception("Failed to prepare the resize", instance=instance)
                await self._revert_allocation(context, instance, migration)
                await self._reschedule_resize_or_reraise(
                    context, instance, error, flavor, request_spec, filter_properties, host_list
                )

    async def _prep_resize(
        self,
        context: RequestContext,
        instance: Instance,
        image: dict[str, Any],
        flavor: Flavor,
        request_spec: RequestSpec,
        filter_properties: dict[str, Any],
        node: str,
        clean_shutdown: bool,
        migration: Migration,
    ) -> None:
        self._check_not_to_self(instance, flavor)
        instance.new_flavor = flavor
        LOG.debug("Stashing vm_state: %s", instance.vm_state, instance=instance)
        instance.system_metadata = {**instance.system_metadata, "old_vm_state": instance.vm_state}
        await instance.save()
        await self.reportclient.get_allocations_for_consumer(context, instance.uuid)
        limits = filter_properties.get("limits")
        async with await self.rt.move_claim(context, instance, flavor, node, migration, limits):
            LOG.info("Migrating", instance=instance)
            await self.compute_rpcapi.resize_instance(
                context,
                instance,
                migration=migration,
                image=image,
                flavor=flavor,
                request_spec=request_spec,
                clean_shutdown=clean_shutdown,
            )

    def _check_not_to_self(self, instance: Instance, flavor: Flavor) -> None:
        if not instance.host:
            raise exception.MigrationError(reason="Instance has no source host")
        same = instance.host == self.host and flavor.id == instance.instance_type_id
        if same and not self.driver.capabilities.get("supports_migrate_to_same_host", False):
            raise exception.InstanceFaultRollback(
                inner_exception=exception.UnableToMigrateToSelf(
                    instance_id=instance.uuid, host=self.host
                )
            )

    async def _reschedule_resize_or_reraise(
        self,
        context: RequestContext,
        instance: Instance,
        error: Exception,
        flavor: Flavor,
        request_spec: RequestSpec,
        filter_properties: dict[str, Any],
        host_list: list[Selection] | None,
    ) -> None:
        retry = filter_properties.get("retry")
        if not retry:
            LOG.debug("Retry info not present, will not reschedule", instance=instance)
            raise error
        hint = {**filter_properties, "retry": {**retry, "exc_reason": str(error)}}
        try:
            await self._reschedule_resize(context, instance, flavor, request_spec, hint, host_list)
        except Exception as second:
            LOG.exception("Error trying to reschedule", instance=instance)
            await add_instance_fault_from_exc(context, instance.uuid, second, host=self.host)
            raise error from second
        LOG.exception("Error: %s", error, instance=instance)
        await add_instance_fault_from_exc(context, instance.uuid, error, host=self.host)

    async def _reschedule_resize(
        self,
        context: RequestContext,
        instance: Instance,
        flavor: Flavor,
        request_spec: RequestSpec,
        filter_properties: dict[str, Any],
        host_list: list[Selection] | None,
    ) -> None:
        retry = filter_properties["retry"]
        LOG.debug("Rescheduling, attempt %d", retry["num_attempts"], instance=instance)
        instance.task_state = TaskState.RESIZE_PREP
        await instance.save()
        await self.rt.update_usage(context, instance)
        if host_list is None:
            request_spec.retry = retry
        await self.compute_task_api.resize_instance(
            context,
            instance,
            scheduler_hint={"filter_properties": filter_properties},
            flavor=flavor,
            request_spec=request_spec,
            host_list=host_list,
        )

    # --- the source sends -------------------------------------------------------------------------------------

    @instance_operation
    async def resize_instance(
        self,
        context: RequestContext,
        instance: Instance,
        image: dict[str, Any],
        migration: Migration,
        flavor: Flavor,
        clean_shutdown: bool,
        request_spec: RequestSpec,
    ) -> None:
        """Cast to the source: power the guest off, move its disk, and let the destination go on.

        From here on the destination is the server's host.
        """
        try:
            async with (
                error_out_instance_on_exception(self, context, instance, instance.vm_state),
                errors_out_migration(migration),
            ):
                await self._resize_instance(
                    context, instance, image, migration, flavor, clean_shutdown, request_spec
                )
        except Exception:
            await self._revert_allocation(context, instance, migration)
            raise

    async def _resize_instance(
        self,
        context: RequestContext,
        instance: Instance,
        image: dict[str, Any],
        migration: Migration,
        flavor: Flavor,
        clean_shutdown: bool,
        request_spec: RequestSpec,
    ) -> None:
        await set_migration_status(migration, "migrating")
        instance.task_state = TaskState.RESIZE_MIGRATING
        await instance.save(expected_task_state=TaskState.RESIZE_PREP)
        disk_info = await self.driver.migrate_disk_and_power_off(
            context,
            instance,
            str(migration.dest_host),
            flavor,
            instance.network_info,
            None,
            *self._get_power_off_values(clean_shutdown),
        )
        await set_migration_status(migration, "post-migrating")
        instance.host, instance.node = migration.dest_compute, migration.dest_node
        instance.old_flavor = instance.flavor
        instance.task_state = TaskState.RESIZE_MIGRATED
        await instance.save(expected_task_state=TaskState.RESIZE_MIGRATING)
        await self.compute_rpcapi.finish_resize(
            context,
            str(migration.dest_compute),
            instance=instance,
            migration=migration,
            image=image,
            disk_info=disk_info,
            request_spec=request_spec,
        )

    def _get_power_off_values(self, clean_shutdown: bool) -> tuple[float, float]:
        """How many seconds the guest has to shut itself down, and how often it is asked again."""
        conf = self.conf
        return (
            (conf.shutdown_timeout, conf.compute.shutdown_retry_interval)
            if clean_shutdown
            else (0, 0)
        )

    # --- the destination finishes -----------------------------------------------------------------------------

    @instance_operation
    async def finish_resize(
        self,
        context: RequestContext,
        instance: Instance,
        disk_info: Any,
        image: dict[str, Any],
        migration: Migration,
        request_spec: RequestSpec,
    ) -> None:
        """Cast to the destination: make the guest here of the disk that has come, in the new size.

        Where that fails, the server stays here all the same, in ERROR: a hard reboot may help it up.
        """
        async with errors_out_migration(migration):
            try:
                async with error_out_instance_on_exception(self, context, instance):
                    await self._finish_resize(context, instance, migration, disk_info, image)
            except Exception:
                LOG.info(
                    "Deleting allocations for old flavor on source node %s after finish_resize "
                    "failure. You may be able to recover the instance by hard rebooting it.",
                    migration.source_compute,
                    instance=instance,
                )
                await self._delete_allocation_after_move(context, migration)
                raise
        await self._update_scheduler_instance_info(context, [instance])

    async def _finish_resize(
        self,
        context: RequestContext,
        instance: Instance,
        migration: Migration,
        disk_info: Any,
        image: dict[str, Any],
    ) -> None:
        before = instance.flavor
        instance.old_flavor = before
        if migration.old_instance_type_id != migration.new_instance_type_id:
            set_instance_info(instance, instance.new_flavor or before)
        await self.network_api.setup_instance_network_on_host(context, instance, self.host)
        instance.network_info = await self.network_api.get_instance_nw_info(context, instance)
        instance.task_state = TaskState.RESIZE_FINISH
        await instance.save(expected_task_state=TaskState.RESIZE_MIGRATED)
        try:
            await self._finish_migration(context, instance, migration, disk_info, image, before)
        except Exception:
            set_instance_info(instance, before)
            raise
        await set_migration_status(migration, "finished")
        instance.vm_state, instance.task_state = VmState.RESIZED, None
        instance.launched_at = context.now()
        await instance.save(expected_task_state=TaskState.RESIZE_FINISH)

    async def _finish_migration(
        self,
        context: RequestContext,
        instance: Instance,
        migration: Migration,
        disk_info: Any,
        image: dict[str, Any],
        before: Flavor,
    ) -> None:
        found = await self.reportclient.get_allocs_for_consumer(context, instance.uuid)
        await self.driver.finish_migration(
            context,
            migration,
            instance,
            disk_info,
            instance.network_info,
            ImageMeta.from_dict(image),
            any(getattr(before, size) != getattr(instance.flavor, size) for size in _SIZES),
            found["allocations"],
            None,
            old_vm_state(instance) != VmState.STOPPED,
        )

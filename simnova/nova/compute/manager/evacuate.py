"""Evacuation: a server is made anew here because its host is lost; and what that host does when it is back."""

from __future__ import annotations

from typing import Any

from simnova.nova import exception
from simnova.nova.compute.manager.group_policy import GroupPolicy
from simnova.nova.compute.manager.moves import set_migration_status
from simnova.nova.compute.manager.rebuild import Rebuild
from simnova.nova.compute.manager.wrappers import error_out_instance_on_exception
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.compute_node import ComputeNode
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.migration import EVACUATION, Migration
from simnova.nova.objects.request_spec import RequestSpec
from simnova.nova.objects.states import TaskState, VmState
from simnova.nova.virt import configdrive

LOG = getLogger("nova.compute.manager")

_LOST = (exception.ComputeResourcesUnavailable, exception.RescheduledException)
_GONE = (exception.InstanceNotFound, exception.UnexpectedDeletingTaskStateError)


class Evacuations(GroupPolicy, Rebuild):
    """The destination of an evacuation, and its source afterwards."""

    # --- the destination --------------------------------------------------------------------------------------

    async def _evacuate(
        self,
        context: RequestContext,
        instance: Instance,
        *,
        migration: Migration,
        request_spec: RequestSpec,
        scheduled_node: str | None = None,
        limits: dict[str, Any] | None = None,
        **asked: Any,
    ) -> None:
        """Claim and spawn; the server becomes this host's at the very end."""
        context = context.elevated()
        LOG.info("Evacuating instance", instance=instance)
        node = scheduled_node or self.rt.node.hypervisor_hostname
        held = await self.reportclient.get_allocations_for_consumer(context, instance.uuid)
        async with error_out_instance_on_exception(self, context, instance, instance.vm_state):
            try:
                async with await self.rt.move_claim(
                    context, instance, instance.flavor, node, migration, limits
                ):
                    await self._do_evacuate(context, instance, request_spec, held, **asked)
            except _GONE:
                LOG.debug("Instance was deleted while rebuilding", instance=instance)
                await set_migration_status(migration, "failed")
            except Exception as error:
                await self._evacuation_failed(context, instance, migration, error)
            else:
                await self.rt.finish_evacuation(instance, node, migration)

    async def _evacuation_failed(
        self, context: RequestContext, instance: Instance, migration: Migration, error: Exception
    ) -> None:
        await set_migration_status(migration, "failed")
        await self.rt.delete_allocation_for_evacuated_instance(context, instance, "destination")
        if isinstance(error, _LOST):
            LOG.debug("Could not rebuild instance on this host", instance=instance)
            aborted = exception.BuildAbortException(instance_uuid=instance.uuid, reason=str(error))
            raise exception.InstanceFaultRollback(inner_exception=aborted)
        raise error

    async def _do_evacuate(
        self,
        context: RequestContext,
        instance: Instance,
        request_spec: RequestSpec,
        allocations: dict[str, Any] | None,
        new_pass: str | None = None,
        injected_files: list[Any] | None = None,
        target_state: str | None = None,
        on_shared_storage: bool | None = None,
        **unused: Any,
    ) -> None:
        was = target_state if target_state and instance.vm_state != VmState.ERROR else None
        was = was or instance.vm_state
        hints = request_spec.scheduler_hints
        await self._validate_instance_group_policy(context, instance, hints)
        await self._check_can_come(instance, on_shared_storage)
        instance.power_state = await self._get_power_state(instance)
        instance.task_state = TaskState.REBUILDING
        await instance.save(expected_task_state=[TaskState.REBUILDING])
        await self.network_api.setup_instance_network_on_host(context, instance, self.host)
        instance.network_info = await self.network_api.get_instance_nw_info(context, instance)
        await self._rebuild_default_impl(
            context,
            instance,
            request_spec.image,
            injected_files or [],
            new_pass,
            allocations,
            None,
            evacuate=True,
        )
        configdrive.update_instance(self.conf, instance)
        instance.launched_at = context.now()
        await self._now(instance, VmState.ACTIVE, [TaskState.REBUILD_SPAWNING])
        if was == VmState.STOPPED:
            await self._stop_again(context, instance)
        await self._update_scheduler_instance_info(context, [instance])

    async def _check_can_come(self, instance: Instance, on_shared_storage: bool | None) -> None:
        if not self.driver.capabilities.get("supports_evacuate", False):
            raise exception.InstanceEvacuateNotSupported()
        if await self.driver.instance_exists(instance):
            raise exception.InstanceExists(name=instance.name)
        if on_shared_storage:
            raise exception.InvalidSharedStorage(
                path=self.host, reason="Invalid state of instance files on shared storage"
            )
        text = "disk not on shared storage, evacuating from image: '%s'"
        LOG.info(text, instance.image_ref, instance=instance)

    # --- the source, when it is back --------------------------------------------------------------------------

    async def _destroy_evacuated_instances(self, context: RequestContext) -> set[str]:
        """Destroy the guests that were evacuated while this service was down, and give up what they hold here.

        Only a record of the evacuation tells: a guest without one is left alone. Returns the servers of all records.
        """
        found = await Migration.get_by_filters(
            context,
            {
                "source_compute": self.host,
                "status": ["accepted", "pre-migrating", "done"],
                "migration_type": EVACUATION,
            },
            read_deleted=True,
        )
        evacuations = {str(migration.instance_uuid): migration for migration in found}
        if not evacuations:
            return set()
        local = await self.driver.list_instance_uuids()
        servers = [await Instance.get_by_uuid(context, uuid, True) for uuid in evacuations]
        for instance in servers:
            if instance.uuid in local:
                await self._destroy_evacuated(context, instance)
        for instance in servers:
            if instance.uuid in local or not instance.deleted:
                await self._forget_evacuated(context, instance, evacuations[instance.uuid])
        return set(evacuations)

    async def _destroy_evacuated(self, context: RequestContext, instance: Instance) -> None:
        LOG.info(
            "Destroying instance as it has been evacuated from this host but still exists in the "
            "hypervisor",
            instance=instance,
        )
        if instance.deleted:
            text = "Instance has been marked deleted already, removing it from the hypervisor."
            LOG.info(text, instance=instance)
        await self.driver.destroy(context, instance, instance.network_info)

    async def _forget_evacuated(
        self, context: RequestContext, instance: Instance, migration: Migration
    ) -> None:
        LOG.info(
            "Cleaning up allocations of the instance as it has been evacuated from this host",
            instance=instance,
        )
        node = await ComputeNode.get_by_host_and_nodename(
            context, self.host, str(migration.source_node)
        )
        if node is None:
            text = "Failed to clean allocation of evacuated instance as the source node %s is not found"
            LOG.error(text, migration.source_node, instance=instance)
            return
        if not instance.deleted and not (
            await self.reportclient.remove_provider_tree_from_instance_allocation(
                context, instance.uuid, str(node.uuid)
            )
        ):
            text = "Failed to clean allocation of evacuated instance on the source node %s"
            LOG.error(text, node.uuid, instance=instance)
        await set_migration_status(migration, "completed")

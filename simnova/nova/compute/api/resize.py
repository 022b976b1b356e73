"""Servers get another flavor or another host (`nova/compute/api.py`): checks, one state, one cast to the conductor."""

from __future__ import annotations

from simnova.nova import exception
from simnova.nova.availability_zones import get_host_availability_zone
from simnova.nova.compute.api.base import Base
from simnova.nova.compute.api.checks import (
    check_instance_host,
    check_instance_lock,
    check_instance_state,
)
from simnova.nova.compute.api.create import GIB
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.compute_node import ComputeNode
from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.migration import Migration
from simnova.nova.objects.request_spec import Destination, RequestSpec
from simnova.nova.objects.service import Service
from simnova.nova.objects.states import TaskState, VmState
from simnova.nova.pci.request import get_pci_requests_from_flavor
from simnova.nova.quota import servers as quota
from simnova.nova.virt.hardware import numa_get_constraints

LOG = getLogger("nova.compute.api")

SAME_HOST_TRAIT = "COMPUTE_SAME_HOST_COLD_MIGRATE"


class Resizing(Base):
    """Resize and cold migration, and what ends them."""

    @check_instance_lock
    @check_instance_state(vm_state=(VmState.ACTIVE, VmState.STOPPED))
    @check_instance_host(check_is_up=True)
    async def resize(
        self,
        context: RequestContext,
        instance: Instance,
        flavor_id: str | None = None,
        clean_shutdown: bool = True,
        host_name: str | None = None,
    ) -> None:
        """Give a server another flavor; without one, only another host, which may be named.

        Raises CannotResizeToSameFlavor, CannotResizeDisk, FlavorNotFound, FlavorDiskSmallerThanMinDisk,
        CannotMigrateToSameHost, ComputeHostNotFound, TooManyInstances.
        """
        cell_context = instance.ctxt
        node = await self._validate_host_for_cold_migrate(instance, host_name)
        current = instance.flavor
        new = await self._new_flavor(context, instance, flavor_id)
        same = current.id == new.id
        spec = await request_spec_of(context, instance.uuid)
        stays = await self._allow_resize_to_same_host(same, instance)
        spec.ignore_hosts = [] if stays else [str(instance.host)]
        if not same:
            self._recalculate(instance, spec, new)
        instance.task_state, instance.progress = TaskState.RESIZE_PREP, 0
        await instance.save(expected_task_state=[None])
        await self._record_action_start(
            cell_context, instance, "resize" if flavor_id else "migrate"
        )
        spec.requested_destination = (
            Destination(host=node.host, node=node.hypervisor_hostname) if node else Destination()
        )
        await self.compute_task_api.resize_instance(
            cell_context,
            instance,
            scheduler_hint={"filter_properties": {"ignore_hosts": spec.ignore_hosts}},
            flavor=new,
            clean_shutdown=clean_shutdown,
            request_spec=spec,
            host_list=None,
        )

    async def _validate_host_for_cold_migrate(
        self, instance: Instance, host: str | None
    ) -> ComputeNode | None:
        if host is None:
            return None
        if host == instance.host:
            raise exception.CannotMigrateToSameHost()
        found = await ComputeNode.get_by_host_and_nodename(instance.ctxt, host, host)
        if found is None:
            raise exception.ComputeHostNotFound(host=host)
        return found

    async def _new_flavor(
        self, context: RequestContext, instance: Instance, flavor_id: str | None
    ) -> Flavor:
        """The flavor that was asked for, after all checks; the present one for a migration."""
        current = instance.flavor
        if flavor_id is None:
            LOG.debug("flavor_id is None. Assuming migration.", instance=instance)
            return current
        new = await Flavor.get_by_flavor_id(context, flavor_id)
        if new.root_gb == 0 and current.root_gb != 0 and instance.image_ref:
            raise exception.CannotResizeDisk(reason="Resize to zero disk flavor is not allowed.")
        LOG.debug(
            "Old instance type %s, new instance type %s", current.name, new.name, instance=instance
        )
        if new.disabled and new.id != current.id:
            raise exception.FlavorNotFound(flavor_id=flavor_id)
        if new.id == current.id:
            raise exception.CannotResizeToSameFlavor()
        await quota.check_upsize(self.quotas, context, instance, current, new)
        _check_image(instance, new)
        return new

    def _recalculate(self, instance: Instance, spec: RequestSpec, flavor: Flavor) -> None:
        """What the new flavor asks for beside amounts."""
        image = ImageMeta.from_system_metadata(instance.system_metadata)
        spec.numa_topology = numa_get_constraints(flavor, image)
        spec.pci_requests = get_pci_requests_from_flavor(
            self.conf, flavor, instance.uuid, instance.ctxt.here.clock, image
        )

    async def _allow_resize_to_same_host(self, cold_migrate: bool, instance: Instance) -> bool:
        """An option decides of a resize; of a cold migration, whether the driver can do it (few can)."""
        if not cold_migrate:
            return bool(self.conf.allow_resize_to_same_host)
        node = await ComputeNode.get_by_host_and_nodename(
            instance.ctxt, str(instance.host), str(instance.node)
        )
        if node is None:
            raise exception.ComputeHostNotFound(host=instance.host)
        found = await self.placementclient.get_provider_traits(instance.ctxt, str(node.uuid))
        return SAME_HOST_TRAIT in found.traits

    # --- the end ----------------------------------------------------------------------------------------------

    @check_instance_lock
    @check_instance_state(vm_state=(VmState.RESIZED,))
    async def confirm_resize(
        self, context: RequestContext, instance: Instance, migration: Migration | None = None
    ) -> None:
        """Keep a server as it is after a resize.

        Raises MigrationNotFound, and ServiceUnavailable where its old host is down.
        """
        cell_context = instance.ctxt
        if migration is None:
            migration = await Migration.get_by_instance_and_status(
                cell_context.elevated(), instance.uuid, "finished"
            )
        await self._check_source_is_up(cell_context, migration)
        migration.status = "confirming"
        await migration.save()
        await self._record_action_start(cell_context, instance, "confirmResize")
        await self.compute_rpcapi.confirm_resize(cell_context, instance, migration)

    async def _check_source_is_up(self, context: RequestContext, migration: Migration) -> None:
        source = await Service.get_by_host_and_binary(
            context, str(migration.source_compute), "nova-compute"
        )
        if source is None or not self.servicegroup_api.service_is_up(source.values()):
            raise exception.ServiceUnavailable()

    @check_instance_lock
    @check_instance_state(vm_state=(VmState.RESIZED,))
    async def revert_resize(self, context: RequestContext, instance: Instance) -> None:
        """Have a server be again what and where it was; raises MigrationNotFound, TooManyInstances."""
        cell_context = instance.ctxt
        migration = await Migration.get_by_instance_and_status(
            cell_context.elevated(), instance.uuid, "finished"
        )
        spec = await request_spec_of(context, instance.uuid)
        before = instance.old_flavor or instance.flavor
        await quota.check_upsize(self.quotas, context, instance, instance.flavor, before)
        instance.availability_zone = await get_host_availability_zone(
            context, self.conf, str(migration.source_compute)
        )
        if spec.flavor.id != before.id:
            spec.flavor = before
            self._recalculate(instance, spec, before)
            await spec.save()
        instance.task_state = TaskState.RESIZE_REVERTING
        await instance.save(expected_task_state=[None])
        migration.status = "reverting"
        await migration.save()
        await self._record_action_start(cell_context, instance, "revertResize")
        await self.compute_rpcapi.revert_resize(cell_context, instance, migration, spec)

    async def _confirm_resize_on_deleting(self, instance: Instance) -> None:
        """A server that is deleted while it waits for a decision: its source must be cleaned up too."""
        for status in ("finished", "confirming"):
            try:
                migration = await Migration.get_by_instance_and_status(
                    instance.ctxt, instance.uuid, status
                )
            except exception.MigrationNotFoundByStatus:
                continue
            text = "Found an unconfirmed migration during delete, id: %s, status: %s"
            LOG.info(text, migration.id, status, instance=instance)
            await self._record_action_start(instance.ctxt, instance, "confirmResize")
            await self.compute_rpcapi.confirm_resize(instance.ctxt, instance, migration, cast=False)
            return
        LOG.info("Instance may have been confirmed during delete", instance=instance)


async def request_spec_of(context: RequestContext, uuid: str) -> RequestSpec:
    """The spec with which a server was asked for; raises RequestSpecNotFound."""
    spec = await RequestSpec.get_by_instance_uuid(context, uuid)
    if spec is None:
        raise exception.RequestSpecNotFound(instance_uuid=uuid)
    return spec


def _check_image(instance: Instance, flavor: Flavor) -> None:
    """Refuse a flavor that is too small for what the server's image asks for; its size is not known any more."""
    kept = instance.system_metadata
    if flavor.memory_mb < int(kept.get("image_min_ram", 0)):
        raise exception.FlavorMemoryTooSmall()
    size, smallest = flavor.root_gb * GIB, int(kept.get("image_min_disk", 0)) * GIB
    if flavor.root_gb and smallest > size:
        raise exception.FlavorDiskSmallerThanMinDisk(flavor_size=size, image_min_disk=smallest)

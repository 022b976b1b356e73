"""What resizes, migrations and evacuations have in common on a host."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from simnova.nova import exception
from simnova.nova.compute.manager.base import Base
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.migration import Migration
from simnova.nova.objects.states import VmState

__door__ = True

LOG = getLogger("nova.compute.manager")


@asynccontextmanager
async def errors_out_migration(migration: Migration) -> AsyncIterator[None]:
    """Where the block fails, so has the migration."""
    try:
        yield
    except Exception:
        await set_migration_status(migration, "error")
        raise


async def set_migration_status(migration: Migration | None, status: str) -> None:
    """Write how far a migration is, where there is one; a row that is gone is no matter."""
    if migration is None:
        return
    migration.status = status
    try:
        await migration.save()
    except exception.MigrationNotFound:
        text = "Error setting migration status for instance %s."
        LOG.debug(text, migration.instance_uuid)


class Moving(Base):
    """Allocations that go to and fro, flavors that are kept in case the server comes back."""

    async def _revert_allocation(
        self, context: RequestContext, instance: Instance, migration: Migration
    ) -> dict[str, Any] | None:
        """Give back to the server what its migration holds of the host that it came from."""
        held = await self.reportclient.get_allocations_for_consumer(context, migration.uuid)
        if not held:
            LOG.error(
                "Did not find resource allocations for migration %s on source node %s. Unable to "
                "revert source node allocations back to the instance.",
                migration.uuid,
                migration.source_node,
                instance=instance,
            )
            return None
        LOG.info(
            "Swapping old allocation on %(rp_uuids)s held by migration %(mig)s for instance",
            {"rp_uuids": sorted(held), "mig": migration.uuid},
            instance=instance,
        )
        await self.reportclient.move_allocations(context, migration.uuid, instance.uuid)
        return held

    async def _delete_allocation_after_move(
        self, context: RequestContext, migration: Migration
    ) -> None:
        """The move is done: its migration gives up what it has held of the host that is left."""
        try:
            await self.reportclient.delete_allocation_for_instance(
                context, migration.uuid, consumer_type="migration", force=False
            )
        except exception.AllocationDeleteFailed:
            LOG.error(
                "Deleting allocation in placement for migration %(migration_uuid)s failed. The "
                "instance %(instance_uuid)s will be put to ERROR state but the allocation held by "
                "the migration is leaked.",
                {"instance_uuid": migration.instance_uuid, "migration_uuid": migration.uuid},
            )
            raise

    async def _delete_stashed_flavor_info(self, instance: Instance) -> None:
        """The server will not go back: forget what it was."""
        instance.old_flavor = instance.new_flavor = None
        kept = instance.system_metadata
        instance.system_metadata = {key: kept[key] for key in kept if key != "old_vm_state"}
        try:
            await instance.save()
        except exception.InstanceNotFound:
            LOG.debug("Instance was deleted while it was moved", instance=instance)


def old_vm_state(instance: Instance) -> str:
    """What a server was when it began to move."""
    return instance.system_metadata.get("old_vm_state", VmState.ACTIVE)


def set_instance_info(instance: Instance, flavor: Flavor) -> None:
    """The server has this flavor from now on (`_set_instance_info`)."""
    instance.instance_type_id = flavor.id
    instance.memory_mb, instance.vcpus = flavor.memory_mb, flavor.vcpus
    instance.root_gb, instance.ephemeral_gb = flavor.root_gb, flavor.ephemeral_gb
    instance.flavor = flavor

"""A host's books, in step with the database and Placement (`nova/compute/resource_tracker.py`).

What is counted is in `resource_usage`, how it is told in `resource_report`.
"""

from __future__ import annotations

from typing import Any

from simnova.config import Config
from simnova.kernel.lock import Semaphore
from simnova.messaging.rest import ConnectFailure
from simnova.nova import exception
from simnova.nova.compute.claims import Claim, MoveClaim
from simnova.nova.compute.resource_report import ResourceReport
from simnova.nova.compute.resource_usage import is_trackable
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.migration import Migration
from simnova.nova.objects.states import TaskState, VmState
from simnova.nova.scheduler.client.report import SchedulerReportClient
from simnova.nova.virt.driver import ComputeDriver

LOG = getLogger("nova.compute.resource_tracker")


class ResourceTracker(ResourceReport):
    """One host's books. One lock, `compute_resources`, is round every claim, abort and audit."""

    def __init__(
        self,
        host: str,
        conf: Config,
        driver: ComputeDriver,
        reportclient: SchedulerReportClient,
        lock: Semaphore,
    ) -> None:
        super().__init__(host, conf, driver, reportclient)
        self.lock = lock

    # --- claims -----------------------------------------------------------------------------------------------

    async def instance_claim(
        self,
        context: RequestContext,
        instance: Instance,
        nodename: str,
        limits: dict[str, Any] | None = None,
    ) -> Claim:
        """Take what a server needs from the host's books and put the host's name on it.

        Raises ComputeResourcesUnavailable where the node is not this host's or a limit would be passed.
        """
        async with self.lock:
            self._check_node(instance, nodename, "resources")
            claim = Claim(context, instance, nodename, self)
            claim.test(self.node, limits)
            instance.host = instance.launched_on = self.host
            instance.node = nodename
            await instance.save()
            self._track(instance)
            await self._update(context.elevated())
            return claim

    async def move_claim(
        self,
        context: RequestContext,
        instance: Instance,
        flavor: Flavor,
        nodename: str,
        migration: Migration,
        limits: dict[str, Any] | None = None,
    ) -> MoveClaim:
        """Take what a server will need here when it has come (`resize_claim`, `rebuild_claim`).

        The migration gets this host as its destination. Raises ComputeResourcesUnavailable as `instance_claim` does.
        """
        async with self.lock:
            self._check_node(instance, nodename, "move resources")
            await self._claim_existing_migration(migration)
            claim = MoveClaim(context, instance, nodename, self, flavor, migration)
            claim.test(self.node, limits)
            await instance.save()
            self._track_migration(instance, migration)
            await self._update(context.elevated())
            return claim

    def _check_node(self, instance: Instance, nodename: str, what: str) -> None:
        if self.compute_node is None or nodename != self.node.hypervisor_hostname:
            raise exception.ComputeResourcesUnavailable(
                reason=f"Attempt to claim {what} for instance {instance.uuid} on unknown node "
                f"{nodename} failed"
            )

    async def _claim_existing_migration(self, migration: Migration) -> None:
        migration.dest_compute = self.host
        migration.dest_node = self.node.hypervisor_hostname
        migration.dest_host = self.node.host_ip or self.host
        if not migration.is_live_migration:
            migration.status = "pre-migrating"
        await migration.save()

    async def abort_instance_claim(self, context: RequestContext, instance: Instance) -> None:
        """Give back what a build had claimed, and take the host's name off the server.

        What else had been changed of it, and not saved, is dropped: it is what failed.
        """
        async with self.lock:
            self._untrack(instance)
            instance.obj_reset_changes()
            instance.host = instance.node = None
            await instance.save()
            await self._update(context.elevated())

    # --- the end of a move ------------------------------------------------------------------------------------

    async def drop_move_claim_at_source(
        self, context: RequestContext, instance: Instance, migration: Migration
    ) -> None:
        """A resize is confirmed: the server will not come back, hold no room for it."""
        async with self.lock:
            migration.status = "confirmed"
            await migration.save()
            await self._drop_move_claim(context, instance, instance.old_flavor)

    async def drop_move_claim_at_dest(
        self, context: RequestContext, instance: Instance, migration: Migration
    ) -> None:
        """A resize is reverted: the server goes back, this host is rid of it."""
        async with self.lock:
            migration.status = "reverted"
            await migration.save()
            await self._drop_move_claim(context, instance, instance.new_flavor)
            await instance.save(expected_task_state=TaskState.RESIZE_REVERTING)

    async def drop_move_claim(
        self, context: RequestContext, instance: Instance, flavor: Flavor | None = None
    ) -> None:
        """A move has failed before it had begun: what was claimed for it is free again."""
        async with self.lock:
            await self._drop_move_claim(context, instance, flavor)

    async def _drop_move_claim(
        self, context: RequestContext, instance: Instance, flavor: Flavor | None
    ) -> None:
        self._untrack_migration(instance, flavor)
        if flavor is not None:
            await self._update(context.elevated())

    async def finish_evacuation(
        self, instance: Instance, nodename: str | None, migration: Migration | None
    ) -> None:
        """The server is rebuilt: from now on it is this host's. The lock keeps an audit from seeing the half of it."""
        async with self.lock:
            instance.host, instance.node = self.host, nodename
            await instance.save()
            if migration is not None:
                migration.status = "done"
                await migration.save()

    async def delete_allocation_for_evacuated_instance(
        self, context: RequestContext, instance: Instance, node_type: str = "source"
    ) -> None:
        """Take from a server what it holds of this host in Placement."""
        uuid = str(self.node.uuid)
        if not await self.reportclient.remove_provider_tree_from_instance_allocation(
            context, instance.uuid, uuid
        ):
            LOG.error(
                "Failed to clean allocation of evacuated instance on the %s node %s",
                node_type,
                uuid,
                instance=instance,
            )

    # --- changes ----------------------------------------------------------------------------------------------

    async def update_usage(self, context: RequestContext, instance: Instance) -> None:
        """A server of this host has changed its state, or is gone: count it anew and report."""
        async with self.lock:
            if instance.uuid not in self.tracked_instances:
                return
            if instance.vm_state in (VmState.DELETED, VmState.SHELVED_OFFLOADED):
                self._untrack(instance)
            else:
                self.stats.update_stats_for_instance(instance)
            await self._update(context.elevated())

    def build_failed(self) -> None:
        """A build has failed here; BuildFailureWeigher sees it after the next report."""
        self.stats.failed_builds += 1

    def build_succeeded(self) -> None:
        """A build has succeeded here."""
        self.stats.failed_builds = 0

    # --- the audit --------------------------------------------------------------------------------------------

    async def update_available_resource(self, context: RequestContext, nodename: str) -> None:
        """Ask the hypervisor what there is, count servers and moves of this host again, and report both."""
        LOG.debug("Auditing locally available compute resources for %(host)s", {"host": self.host})
        resources = await self.driver.get_available_resource(nodename)
        async with self.lock:
            known = self.compute_node is not None
            await self._init_compute_node(context, resources)
            instances = await Instance.get_by_host(context, self.host)
            migrations = await Migration.get_in_progress_and_error(context, self.host, nodename)
            self._reset_usage()
            for instance in instances:
                self._track(instance)
            await self._track_migrations(context, migrations, instances)
            if known:
                await self._remove_deleted_instances_allocations(context, migrations, instances)
            self._log_final_resource_view()
            await self._update(context)

    async def _track_migrations(
        self, context: RequestContext, migrations: list[Migration], instances: list[Instance]
    ) -> None:
        """Count the latest open move of each server that is still on the move."""
        latest: dict[str, Migration] = {}
        for migration in migrations:
            rival = latest.get(str(migration.instance_uuid))
            if rival is None or _time(migration) > _time(rival):
                latest[str(migration.instance_uuid)] = migration
        here = {instance.uuid: instance for instance in instances}
        for uuid, migration in latest.items():
            instance = here.get(uuid) or await _find(context, uuid)
            if instance is not None and is_trackable(instance):
                self._track_migration(instance, migration)

    async def _remove_deleted_instances_allocations(
        self, context: RequestContext, migrations: list[Migration], instances: list[Instance]
    ) -> None:
        """Placement may hold something for a server that was deleted while this host was away."""
        try:
            info = await self.reportclient.get_allocations_for_resource_provider(
                context, str(self.node.uuid)
            )
        except (exception.ResourceProviderAllocationRetrievalFailed, ConnectFailure) as error:
            LOG.error("Skipping removal of allocations for deleted instances: %s", error)
            return
        moving = {migration.uuid for migration in migrations}
        here = {instance.uuid for instance in instances}
        for consumer in info.allocations:
            if consumer not in self.tracked_instances | moving | here:
                await self._check_foreign(context, consumer, info.allocations[consumer])

    async def _check_foreign(self, context: RequestContext, consumer: str, held: Any) -> None:
        instance = await _find(context, consumer)
        if instance is None:
            LOG.info(
                "Instance %(uuid)s has allocations against this compute host but is not found in "
                "the database.",
                {"uuid": consumer},
            )
        elif instance.deleted:
            LOG.debug(
                "Instance %s has been deleted (perhaps locally). Deleting allocations that remained "
                "for this instance against this compute host: %s.",
                *(consumer, held),
            )
            await self.reportclient.delete_allocation_for_instance(context, consumer, force=False)
        elif instance.host and instance.host != self.host:
            LOG.warning(
                "Instance %s has been moved to another host %s(%s). There are allocations remaining "
                "against the source host that might need to be removed: %s.",
                *(consumer, instance.host, instance.node, held),
            )


def _time(migration: Migration) -> str:
    return migration.updated_at or migration.created_at or ""


async def _find(context: RequestContext, uuid: str) -> Instance | None:
    """A server, even if it is deleted; None where the cell has never had it."""
    try:
        return await Instance.get_by_uuid(context, uuid, read_deleted=True)
    except exception.InstanceNotFound:
        return None

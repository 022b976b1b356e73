"""Finding a host that can take a running server (`nova/conductor/tasks/live_migrate.py`)."""

from __future__ import annotations

from typing import Any

from simnova.config import Config
from simnova.messaging.exceptions import MessagingTimeout, RemoteError
from simnova.nova import exception, servicegroup
from simnova.nova.compute.rpcapi import ComputeAPI
from simnova.nova.conductor.tasks.base import TaskBase
from simnova.nova.conductor.tasks.migrate import (
    replace_allocation_with_migration,
    restrict_to_cell,
    revert_allocation_for_migration,
)
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.compute_node import ComputeNode
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.migration import Migration
from simnova.nova.objects.request_spec import RequestSpec
from simnova.nova.objects.selection import Selection
from simnova.nova.objects.service import Service
from simnova.nova.objects.states import PowerState
from simnova.nova.scheduler.client.report import SchedulerReportClient
from simnova.nova.scheduler.rpcapi import SchedulerAPI

LOG = getLogger(__name__)

EXPECTED: tuple[type[Exception], ...] = (
    exception.NoValidHost,
    exception.ComputeHostNotFound,
    exception.ComputeServiceUnavailable,
    exception.InvalidHypervisorType,
    exception.UnableToMigrateToSelf,
    exception.DestinationHypervisorTooOld,
    exception.InvalidSharedStorage,
    exception.HypervisorUnavailable,
    exception.InstanceInvalidState,
    exception.MigrationPreCheckError,
    exception.MigrationSchedulerRPCError,
)
"""What may go wrong while a host is looked for; the server stays as it is."""

_NOT_THAT_HOST = (
    exception.InvalidHypervisorType,
    exception.DestinationHypervisorTooOld,
    exception.MigrationPreCheckError,
)


class LiveMigrationTask(TaskBase):
    """Checks hosts until one can take the server, and casts `live_migration` to its own host.

    A `destination` is one that is forced: the scheduler is not asked.
    """

    def __init__(
        self,
        context: RequestContext,
        instance: Instance,
        destination: str | None,
        block_migration: bool | None,
        disk_over_commit: bool | None,
        migration: Migration,
        compute_rpcapi: ComputeAPI,
        servicegroup_api: servicegroup.API,
        query_client: SchedulerAPI,
        report_client: SchedulerReportClient,
        conf: Config,
        request_spec: RequestSpec,
    ) -> None:
        super().__init__(context, instance)
        self.destination = destination
        self.block_migration = block_migration
        self.disk_over_commit = disk_over_commit
        self.migration = migration
        self.source = str(instance.host)
        self.compute_rpcapi = compute_rpcapi
        self.servicegroup_api = servicegroup_api
        self.query_client = query_client
        self.report_client = report_client
        self.conf = conf
        self.request_spec = request_spec
        self.migrate_data: dict[str, Any] = {}
        self.limits: dict[str, Any] | None = None
        self._held_allocations: dict[str, Any] | None = None

    async def _execute(self) -> None:
        self._check_instance_is_active()
        await self._check_host_is_up(self.source)
        self._held_allocations = await replace_allocation_with_migration(
            self.context, self.report_client, self.instance, self.migration
        )
        host, node = await (
            self._forced_destination(self.destination)
            if self.destination
            else self._find_destination()
        )
        self.migration.source_node = self.instance.node
        self.migration.dest_compute, self.migration.dest_node = host, node
        await self.migration.save()
        await self.compute_rpcapi.live_migration(
            self.context,
            self.source,
            instance=self.instance,
            dest=host,
            block_migration=self.block_migration,
            migration=self.migration,
            migrate_data=self.migrate_data,
        )

    # --- checks -----------------------------------------------------------------------------------------------

    def _check_instance_is_active(self) -> None:
        power = self.instance.power_state
        if power not in (PowerState.RUNNING, PowerState.PAUSED):
            raise exception.InstanceInvalidState(
                instance_uuid=self.instance.uuid,
                attr="power_state",
                state=PowerState(power).name.lower(),
                method="live migrate",
            )

    async def _check_host_is_up(self, host: str) -> None:
        service = await Service.get_by_host_and_binary(self.context, host, "nova-compute")
        if service is None:
            raise exception.ComputeHostNotFound(host=host)
        if not self.servicegroup_api.service_is_up(service.values()):
            raise exception.ComputeServiceUnavailable(host=host)

    async def _node_of(self, host: str) -> ComputeNode:
        node = await ComputeNode.get_by_host_and_nodename(self.context, host, host)
        if node is None:
            raise exception.ComputeHostNotFound(host=host)
        return node

    async def _check_compatible_with_source_hypervisor(self, destination: str) -> ComputeNode:
        source, found = await self._node_of(self.source), await self._node_of(destination)
        if source.hypervisor_type != found.hypervisor_type:
            raise exception.InvalidHypervisorType()
        skipped = self.conf.workarounds.skip_hypervisor_version_check_on_lm
        if source.hypervisor_version > found.hypervisor_version and not skipped:
            raise exception.DestinationHypervisorTooOld()
        return found

    async def _call_livem_checks_on_host(self, destination: str) -> None:
        """The destination, and through it the source, say whether it can be done and what they need for it."""
        self._check_can_migrate_pci()
        try:
            self.migrate_data = await self.compute_rpcapi.check_can_live_migrate_destination(
                self.context,
                destination,
                instance=self.instance,
                block_migration=self.block_migration,
                disk_over_commit=self.disk_over_commit,
                migration=self.migration,
                limits=self.limits,
            )
        except MessagingTimeout:
            text = f"Timeout while checking if we can live migrate to host: {destination}"
            raise exception.MigrationPreCheckError(reason=text) from None

    def _check_can_migrate_pci(self) -> None:
        """Devices go along only where their alias says `live_migratable`."""
        asked = self.request_spec.pci_requests
        if asked is None or all(request.is_live_migratable() for request in asked.requests):
            return
        lacks = "request does not explicitly request live-migratable devices."
        LOG.warning(f"Migration pre-check failed: The {lacks}")
        raise exception.MigrationPreCheckError(reason=f"This {lacks}")

    # --- a host that was forced -------------------------------------------------------------------------------

    async def _forced_destination(self, host: str) -> tuple[str, str]:
        if host == self.source:
            raise exception.UnableToMigrateToSelf(instance_id=self.instance.uuid, host=host)
        await self._check_host_is_up(host)
        node = await self._node_of(host)
        self._check_destination_has_enough_memory(node)
        await self._check_compatible_with_source_hypervisor(host)
        await self._claim_on(node)
        try:
            await self._call_livem_checks_on_host(host)
        except Exception:
            await self._remove_host_allocations(str(node.uuid))
            raise
        return host, node.hypervisor_hostname

    def _check_destination_has_enough_memory(self, node: ComputeNode) -> None:
        """What is free there by the ratio of the host's row; Placement is asked afterwards."""
        wanted, total = self.instance.flavor.memory_mb, node.memory_mb
        free = total * node.ram_allocation_ratio - (total - node.free_ram_mb)
        if not wanted or free <= wanted:
            text = (
                f"Unable to migrate {self.instance.uuid} to {node.host}: Lack of memory"
                f"(host:{free} <= instance:{wanted})"
            )
            raise exception.MigrationPreCheckError(reason=text)

    async def _claim_on(self, node: ComputeNode) -> None:
        """Claim the forced host for what the server holds of its own (`claim_resources_on_destination`)."""
        if not self._held_allocations:
            return
        (held,) = self._held_allocations.values()
        request = {"allocations": {str(node.uuid): {"resources": held["resources"]}}}
        if not await self.report_client.claim_resources(
            self.context,
            self.instance.uuid,
            request,
            self.instance.project_id,
            self.instance.user_id,
        ):
            reason = (
                f"Unable to move instance {self.instance.uuid} to host {node.host}. There is not "
                "enough capacity on the host for the instance."
            )
            raise exception.NoValidHost(reason=reason)

    async def _remove_host_allocations(self, node_uuid: str) -> None:
        await self.report_client.remove_provider_tree_from_instance_allocation(
            self.context, self.instance.uuid, node_uuid
        )

    # --- a host that the scheduler finds ----------------------------------------------------------------------

    async def _find_destination(self) -> tuple[str, str]:
        """Ask the scheduler until a host passes the checks, `migrate_max_retries` times at most after the first."""
        attempted = [self.source]
        spec, instance = self.request_spec, self.instance
        spec.reset_forced_destinations()
        await restrict_to_cell(self.context, instance.uuid, spec)
        spec.project_id, spec.user_id = instance.project_id, instance.user_id
        while True:
            await self._check_not_over_max_retries(attempted)
            spec.ignore_hosts = attempted
            selection = await self._select()
            try:
                await self._check_selected(selection)
            except _NOT_THAT_HOST as error:
                LOG.debug("Skipping host: %s because: %s", selection.service_host, error)
                attempted.append(selection.service_host)
                await self._remove_host_allocations(selection.compute_node_uuid)
                self.limits = None
                continue
            instance.availability_zone = selection.availability_zone or instance.availability_zone
            return selection.service_host, selection.nodename

    async def _select(self) -> Selection:
        try:
            ((selection, *_),) = await self.query_client.select_destinations(
                self.context,
                self.request_spec,
                [self.instance.uuid],
                return_objects=True,
                return_alternates=False,
            )
        except RemoteError as error:
            raise exception.MigrationSchedulerRPCError(reason=str(error)) from None
        return selection

    async def _check_selected(self, selection: Selection) -> None:
        self.limits = selection.limits
        await self._check_compatible_with_source_hypervisor(selection.service_host)
        await self._call_livem_checks_on_host(selection.service_host)

    async def _check_not_over_max_retries(self, attempted: list[str]) -> None:
        limit, retries = self.conf.conductor.migrate_max_retries, len(attempted) - 1
        if limit == -1 or retries <= limit:
            return
        self.migration.status = "failed"
        await self.migration.save()
        reason = (
            f"Exceeded max scheduling retries {retries} for instance {self.instance.uuid} during "
            "live migration"
        )
        raise exception.MaxRetriesExceeded(reason=reason)

    async def rollback(self, error: Exception) -> None:
        """The server has again what its migration has held for it."""
        if self._held_allocations:
            await revert_allocation_for_migration(
                self.context, self.report_client, self.instance, self.migration
            )

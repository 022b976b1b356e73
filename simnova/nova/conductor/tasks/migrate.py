"""Finding a host for a resize or a cold migration (`nova/conductor/tasks/migrate.py`)."""

from __future__ import annotations

import json
from typing import Any

from simnova.nova import exception
from simnova.nova.compute.rpcapi import ComputeAPI
from simnova.nova.conductor.tasks.base import TaskBase
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.compute_node import ComputeNode
from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.instance_mapping import InstanceMapping
from simnova.nova.objects.migration import MIGRATION, RESIZE, Migration
from simnova.nova.objects.request_spec import Destination, RequestSpec
from simnova.nova.objects.selection import Selection
from simnova.nova.scheduler import utils as scheduler_utils
from simnova.nova.scheduler.client.report import SchedulerReportClient
from simnova.nova.scheduler.rpcapi import SchedulerAPI

LOG = getLogger(__name__)


async def replace_allocation_with_migration(
    context: RequestContext,
    reportclient: SchedulerReportClient,
    instance: Instance,
    migration: Migration,
) -> dict[str, Any] | None:
    """Give what a server holds of its host to its migration, so that the server can claim the next host.

    Returns what was held; None where there was nothing, as without Placement. Raises NoValidHost,
    AllocationMoveFailed, ConsumerAllocationRetrievalFailed, ComputeHostNotFound.
    """
    node = await ComputeNode.get_by_host_and_nodename(
        context, str(instance.host), str(instance.node)
    )
    if node is None:
        raise exception.ComputeHostNotFound(host=instance.host)
    held = (await reportclient.get_allocs_for_consumer(context, instance.uuid))["allocations"]
    if not held.get(str(node.uuid), {}).get("resources"):
        LOG.debug(
            "Unable to find existing allocations for instance on source compute node: %s",
            node.uuid,
            instance=instance,
        )
        return None
    if not await reportclient.move_allocations(context, instance.uuid, migration.uuid):
        LOG.error(
            "Unable to replace resource claim on source host %(host)s node %(node)s for instance",
            {"host": instance.host, "node": instance.node},
            instance=instance,
        )
        raise exception.NoValidHost(reason="Unable to replace instance claim on source")
    LOG.debug("Created allocations for migration %s on %s", migration.uuid, node.uuid)
    return dict(held)


async def revert_allocation_for_migration(
    context: RequestContext,
    reportclient: SchedulerReportClient,
    instance: Instance,
    migration: Migration,
) -> None:
    """Give back to the server what its migration has held for it."""
    if await reportclient.move_allocations(context, migration.uuid, instance.uuid):
        LOG.debug("Created allocations for instance %s", instance.uuid)
        return
    LOG.error(
        "Unable to replace resource claim on source host %(host)s node %(node)s for instance",
        {"host": instance.host, "node": instance.node},
        instance=instance,
    )


async def restrict_to_cell(context: RequestContext, uuid: str, spec: RequestSpec) -> None:
    """A server moves within its cell only (`_set_requested_destination_cell`, `_restrict_request_spec_to_cell`)."""
    mapping = await InstanceMapping.get_by_instance_uuid(context, uuid)
    spec.requested_destination = spec.requested_destination or Destination()
    spec.requested_destination.cell_uuid = (
        mapping.cell_mapping.uuid if mapping.cell_mapping else None
    )


class MigrationTask(TaskBase):
    """Claims a destination and casts `prep_resize` to it; `host_list` holds the alternates of an earlier try."""

    def __init__(
        self,
        context: RequestContext,
        instance: Instance,
        flavor: Flavor,
        request_spec: RequestSpec,
        clean_shutdown: bool,
        compute_rpcapi: ComputeAPI,
        query_client: SchedulerAPI,
        reportclient: SchedulerReportClient,
        max_attempts: int,
        host_list: list[Selection] | None,
    ) -> None:
        super().__init__(context, instance)
        self.flavor = flavor
        self.request_spec = request_spec
        self.clean_shutdown = clean_shutdown
        self.compute_rpcapi = compute_rpcapi
        self.query_client = query_client
        self.reportclient = reportclient
        self.max_attempts = max_attempts
        self.host_list = host_list
        self._migration: Migration | None = None
        self._held_allocations: dict[str, Any] | None = None

    async def _execute(self) -> None:
        spec, instance = self.request_spec, self.instance
        spec.reset_forced_destinations()
        properties = self._properties()
        await restrict_to_cell(self.context, instance.uuid, spec)
        migration = await self._preallocate_migration()
        spec.project_id, spec.user_id = instance.project_id, instance.user_id
        selection = await (self._schedule() if self.host_list is None else self._reschedule())
        instance.availability_zone = selection.availability_zone or instance.availability_zone
        LOG.debug(
            "Calling prep_resize with selected host: %s; Selected node: %s; Alternates: %s",
            selection.service_host,
            selection.nodename,
            [host.service_host for host in self.host_list or ()],
            instance=instance,
        )
        await self.compute_rpcapi.prep_resize(
            self.context,
            selection.service_host,
            instance=instance,
            image=spec.image.to_dict(),
            flavor=self.flavor,
            migration=migration,
            request_spec=spec,
            filter_properties=scheduler_utils.populate_filter_properties(properties, selection),
            node=selection.nodename,
            clean_shutdown=self.clean_shutdown,
            host_list=self.host_list if selection.allocation_request else None,
        )

    def _properties(self) -> dict[str, Any]:
        """How often was tried; nothing where one host was asked for, which is not tried twice."""
        spec = self.request_spec
        if spec.requested_destination is not None and spec.requested_destination.host:
            spec.retry = None
            return {}
        properties = {"retry": spec.retry} if spec.retry else {}
        return scheduler_utils.populate_retry(properties, self.instance.uuid, self.max_attempts)

    async def _preallocate_migration(self) -> Migration:
        """The row of the move, made in the first try; it takes over what the server holds of its host."""
        self._migration = await self._find_or_create_migration()
        self._held_allocations = await replace_allocation_with_migration(
            self.context, self.reportclient, self.instance, self._migration
        )
        return self._migration

    async def _find_or_create_migration(self) -> Migration:
        instance = self.instance
        kind = RESIZE if instance.flavor.id != self.flavor.id else MIGRATION
        where = {"instance_uuid": instance.uuid, "migration_type": kind, "status": "pre-migrating"}
        found = await Migration.get_by_filters(self.context, where)
        if found:
            return found[0]
        migration = Migration(
            old_instance_type_id=instance.flavor.id,
            new_instance_type_id=self.flavor.id,
            status="pre-migrating",
            instance_uuid=instance.uuid,
            source_compute=instance.host,
            source_node=instance.node,
            migration_type=kind,
            context=self.context.elevated(),
        )
        await migration.create()
        return migration

    async def _schedule(self) -> Selection:
        """Ask the scheduler; it has claimed the first host of its answer."""
        (found,) = await self.query_client.select_destinations(
            self.context,
            self.request_spec,
            [self.instance.uuid],
            return_objects=True,
            return_alternates=True,
        )
        self.host_list = found[1:]
        return found[0]

    async def _reschedule(self) -> Selection:
        """The first alternate that can still be claimed; raises MaxRetriesExceeded where none can."""
        while self.host_list:
            selection = self.host_list.pop(0)
            if await self._claim(selection):
                return selection
        reason = (
            "Exhausted all hosts available for retrying build failures for instance "
            f"{self.instance.uuid}."
        )
        raise exception.MaxRetriesExceeded(reason=reason)

    async def _claim(self, selection: Selection) -> bool:
        if not selection.allocation_request:
            return True
        return await scheduler_utils.claim_resources(
            self.context.elevated(),
            self.reportclient,
            self.request_spec,
            self.instance.uuid,
            json.loads(selection.allocation_request),
            selection.allocation_request_version,
        )

    async def rollback(self, error: Exception) -> None:
        """The move has failed before it began: its row says so, and the server has again what it held."""
        if self._migration is not None:
            self._migration.status = "error"
            await self._migration.save()
        if self._held_allocations and self._migration is not None:
            await revert_allocation_for_migration(
                self.context, self.reportclient, self.instance, self._migration
            )

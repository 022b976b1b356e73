"""The conductor's part of an evacuation: which host takes a server whose own is lost?"""

from __future__ import annotations

from typing import Any

from simnova.nova import availability_zones, exception
from simnova.nova.conductor.base import TaskBase
from simnova.nova.conductor.tasks.migrate import restrict_to_cell
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.compute_node import ComputeNode
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.migration import Migration
from simnova.nova.objects.request_spec import RequestSpec
from simnova.nova.objects.states import VmState

LOG = getLogger("nova.conductor.manager")

Place = tuple[str, str | None, dict[str, Any] | None]
"""A host, its node, and the scheduler's limits."""


class EvacuateTask(TaskBase):
    """Evacuation: a rebuild that is cast to another host (`recreate`)."""

    async def _evacuate(
        self,
        context: RequestContext,
        instance: Instance,
        request_spec: RequestSpec,
        host: str | None,
        **more: Any,
    ) -> None:
        """Claim a host, or the one that is forced, beside what the server has, and cast `rebuild_instance` to it."""
        migration = await _accepted(context, instance)
        try:
            place = await (
                self._forced(context, instance, host)
                if host
                else self._scheduled(context, instance, request_spec)
            )
        except Exception as error:
            if host and isinstance(error, exception.NoValidHost):
                LOG.warning("Specified host %s for evacuate is invalid.", host, instance=instance)
                await self._not_evacuated(context, instance, error, instance.vm_state)
                await _failed(migration)
            else:
                await _failed(migration)
                await self._not_evacuated(context, instance, error, VmState.ERROR)
                LOG.warning("Rebuild failed: %s", error, instance=instance)
            raise
        chosen, node, limits = place
        instance.availability_zone = await availability_zones.get_host_availability_zone(
            context, self.conf, chosen
        )
        await self.compute_rpcapi.rebuild_instance(
            context,
            chosen,
            instance=instance,
            request_spec=request_spec,
            migration=migration,
            scheduled_node=node,
            limits=limits,
            accel_uuids=[],
            **more,
        )

    async def _not_evacuated(
        self, context: RequestContext, instance: Instance, error: Exception, vm_state: str
    ) -> None:
        await self._set_vm_state_and_notify(context, instance, "rebuild_server", error, vm_state)

    async def _scheduled(
        self, context: RequestContext, instance: Instance, spec: RequestSpec
    ) -> Place:
        spec.ignore_hosts = [str(instance.host)]
        spec.reset_forced_destinations()
        await restrict_to_cell(context, instance.uuid, spec)
        spec.project_id, spec.user_id = instance.project_id, instance.user_id
        hosts = await self._schedule_instances(
            context, spec, [instance.uuid], return_alternates=False
        )
        chosen = hosts[0][0]
        return chosen.service_host, chosen.nodename, chosen.limits

    async def _forced(self, context: RequestContext, instance: Instance, host: str) -> Place:
        """Nobody is asked whether it fits but Placement (`_allocate_for_evacuate_dest_host`)."""
        node = await ComputeNode.get_by_host_and_nodename(context, host, host)
        if node is None:
            raise exception.ComputeHostNotFound(host=host)
        if self.conf.uses_placement:
            await self._claim_beside(context, instance, node)
        return host, None, None

    async def _claim_beside(
        self, context: RequestContext, instance: Instance, node: ComputeNode
    ) -> None:
        """As much there as the server has on its lost host (`claim_resources_on_destination`)."""
        held = (await self.report_client.get_allocs_for_consumer(context, instance.uuid))[
            "allocations"
        ]
        if not held:
            raise exception.ConsumerAllocationRetrievalFailed(
                consumer_uuid=instance.uuid,
                error="Expected to find allocations for the source node. Retry the operation "
                "without forcing a destination host.",
            )
        if len(held) > 1:
            raise _cannot_move(
                instance,
                node,
                "The instance has complex allocations on the source host so move cannot be forced.",
            )
        (source,) = held.values()
        request = {"allocations": {str(node.uuid): {"resources": source["resources"]}}}
        project, user = instance.project_id, instance.user_id
        if not await self.report_client.claim_resources(
            context, instance.uuid, request, project, user
        ):
            raise _cannot_move(
                instance, node, "There is not enough capacity on the host for the instance."
            )


def _cannot_move(instance: Instance, node: ComputeNode, why: str) -> exception.NoValidHost:
    return exception.NoValidHost(
        reason=f"Unable to move instance {instance.uuid} to host {node.host}. {why}"
    )


async def _failed(migration: Migration | None) -> None:
    if migration is not None:
        migration.status = "error"
        await migration.save()


async def _accepted(context: RequestContext, instance: Instance) -> Migration | None:
    try:
        return await Migration.get_by_instance_and_status(context, instance.uuid, "accepted")
    except exception.MigrationNotFoundByStatus:
        LOG.debug("No migration record for the rebuild/evacuate request.", instance=instance)
        return None

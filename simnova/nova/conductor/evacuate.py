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
            if migration is not None:
                migration.status = "error"
                await migration.save()
            await self._set_vm_state_and_notify(context, instance, "rebuild_server", error)
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
        wanted = instance.flavor.resources(not instance.image_ref)
        request = {"allocations": {str(node.uuid): {"resources": wanted}}}
        project, user = instance.project_id, instance.user_id
        if not await self.report_client.claim_resources(
            context, instance.uuid, request, project, user
        ):
            reason = (
                f"Unable to move instance {instance.uuid} to host {host}. There is not enough "
                "capacity on the host for the instance."
            )
            raise exception.NoValidHost(reason=reason)
        return host, None, None


async def _accepted(context: RequestContext, instance: Instance) -> Migration | None:
    try:
        return await Migration.get_by_instance_and_status(context, instance.uuid, "accepted")
    except exception.MigrationNotFoundByStatus:
        LOG.debug("No migration record for the rebuild/evacuate request.", instance=instance)
        return None

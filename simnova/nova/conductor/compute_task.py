"""The long tasks that the conductor leads (`ComputeTaskManager` of `nova/conductor/manager.py`)."""

from __future__ import annotations

import json
from itertools import zip_longest
from typing import Any

from simnova.nova import exception
from simnova.nova.conductor.moves import Moves
from simnova.nova.conductor.rebuild import RebuildTask
from simnova.nova.conductor.unshelve import UnshelveTask
from simnova.nova.context import RequestContext, target_cell
from simnova.nova.log import getLogger
from simnova.nova.objects.block_device import BlockDeviceMapping
from simnova.nova.objects.build_request import BuildRequest
from simnova.nova.objects.cell_mapping import CELL0_UUID, CellMapping
from simnova.nova.objects.host_mapping import HostMapping
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.instance_action import EventReporter, InstanceAction
from simnova.nova.objects.instance_mapping import InstanceMapping
from simnova.nova.objects.network_request import NetworkRequest
from simnova.nova.objects.request_spec import RequestSpec
from simnova.nova.objects.selection import Selection
from simnova.nova.scheduler import utils as scheduler_utils

LOG = getLogger("nova.conductor.manager")


class ComputeTaskManager(Moves, RebuildTask, UnshelveTask):
    """Takes a server from the API's request to the compute host that builds it, and on to the next if that fails."""

    async def schedule_and_build_instances(
        self,
        context: RequestContext,
        build_requests: list[BuildRequest],
        request_specs: list[RequestSpec],
        image: dict[str, Any],
        admin_password: str | None,
        injected_files: list[Any],
        requested_networks: list[NetworkRequest] | None,
        block_device_mapping: list[BlockDeviceMapping],
        tags: list[str] | None = None,
    ) -> None:
        """Ask the scheduler for hosts, then create each server in its cell and cast it to its host.

        All or nothing: where one finds no host, all go to cell0 in ERROR; where they are too many for a quota by
        now, all are in ERROR where they are.
        """
        uuids = [spec.instance_uuid for spec in request_specs]
        try:
            host_lists = await self._schedule_instances(context, request_specs[0], uuids)
        except Exception as error:
            LOG.exception("Failed to schedule instances")
            for build_request in build_requests:
                await self._bury_in_cell0(context, build_request, error, block_device_mapping)
            return
        created = [
            await self._create(context, build_request, hosts[0])
            for build_request, hosts in zip(build_requests, host_lists, strict=True)
        ]
        await self._recheck_or_clean_up(
            context, created, build_requests, request_specs, block_device_mapping
        )
        for instance, build_request, spec, hosts in zip(
            created, build_requests, request_specs, host_lists, strict=True
        ):
            if instance is None:
                continue
            disks = await self._hand_over(instance, build_request, block_device_mapping)
            if disks is None:
                continue
            await self._cast(
                instance,
                hosts,
                image=image,
                request_spec=spec,
                filter_properties=self._retry(spec, {}),
                admin_password=admin_password,
                injected_files=injected_files,
                requested_networks=requested_networks,
                security_groups=spec.security_groups,
                block_device_mapping=disks,
            )

    async def build_instances(
        self,
        context: RequestContext,
        instances: list[Instance],
        image: dict[str, Any],
        filter_properties: dict[str, Any],
        admin_password: str | None,
        injected_files: list[Any],
        requested_networks: list[NetworkRequest] | None,
        security_groups: list[str],
        block_device_mapping: list[BlockDeviceMapping],
        request_spec: RequestSpec,
        host_lists: list[list[Selection]] | None,
    ) -> None:
        """A build has failed on its host: claim the next alternate and cast to it.

        The scheduler is asked again only where it gave no lists, as it does without Placement.
        """
        for instance, hosts in zip_longest(instances, host_lists or ()):
            try:
                properties = self._retry(request_spec, filter_properties)
                chosen = await self._next_hosts(context, instance, request_spec, properties, hosts)
            except Exception as error:
                await self._set_vm_state_and_notify(context, instance, "build_instances", error)
                await self._cleanup_allocated_networks(context, instance, requested_networks)
                continue
            instance.availability_zone = chosen[0].availability_zone or instance.availability_zone
            try:
                await instance.save()
            except exception.InstanceNotFound:
                LOG.debug("Instance deleted during build", instance=instance)
                continue
            await self._cast(
                instance,
                chosen,
                image=image,
                request_spec=request_spec,
                filter_properties=properties,
                admin_password=admin_password,
                injected_files=injected_files,
                requested_networks=requested_networks,
                security_groups=security_groups,
                block_device_mapping=await BlockDeviceMapping.get_by_instance_uuid(
                    instance.ctxt, instance.uuid
                ),
            )

    # --- scheduling -------------------------------------------------------------------------------------------

    def _retry(self, spec: RequestSpec, properties: dict[str, Any]) -> dict[str, Any]:
        """Count this attempt; raises MaxRetriesExceeded. A forced host or one attempt only: no retry information."""
        forced = len(spec.force_hosts or []) == 1 or len(spec.force_nodes or []) == 1
        limit = self.conf.scheduler.max_attempts
        return scheduler_utils.populate_retry(properties, spec.instance_uuid, limit, forced)

    async def _next_hosts(
        self,
        context: RequestContext,
        instance: Instance,
        spec: RequestSpec,
        properties: dict[str, Any],
        hosts: list[Selection] | None,
    ) -> list[Selection]:
        if hosts is not None:
            return await self._next_alternate(context, instance, spec, hosts)
        spec.retry = scheduler_utils.attempts(properties)
        (found,) = await self._schedule_instances(context, spec, [instance.uuid])
        return found

    async def _next_alternate(
        self, context: RequestContext, instance: Instance, spec: RequestSpec, hosts: list[Selection]
    ) -> list[Selection]:
        """The alternates from the first one on that can still be claimed."""
        for number, host in enumerate(hosts):
            claim = json.loads(host.allocation_request) if host.allocation_request else None
            if claim is None or await scheduler_utils.claim_resources(
                context.elevated(),
                self.report_client,
                spec,
                instance.uuid,
                claim,
                host.allocation_request_version,
            ):
                return hosts[number:]
        reason = f"Exhausted all hosts available for retrying build failures for instance {instance.uuid}."
        raise exception.MaxRetriesExceeded(reason=reason)

    # --- into the cell ----------------------------------------------------------------------------------------

    async def _create(
        self, context: RequestContext, build_request: BuildRequest, host: Selection
    ) -> Instance | None:
        """The server's row in the cell of its host; None where there is nothing to build (any more)."""
        instance = build_request.get_new_instance(context)
        try:
            mapping = await HostMapping.get_by_host(context, host.service_host)
        except exception.HostMappingNotFound as error:
            LOG.error(
                "No host-to-cell mapping found for selected host %(host)s. Setup is incomplete.",
                {"host": host.service_host},
            )
            await self._bury_in_cell0(context, build_request, error, [])
            return None
        try:
            await BuildRequest.get_by_instance_uuid(context, instance.uuid)
        except exception.BuildRequestNotFound:
            LOG.debug(
                "While scheduling instance, the build request was already deleted.",
                instance=instance,
            )
            await InstanceMapping(instance_uuid=instance.uuid, context=context).destroy()
            await self.report_client.delete_allocation_for_instance(
                context, instance.uuid, force=True
            )
            return None
        instance.availability_zone = host.availability_zone or self.conf.default_availability_zone
        instance.context = target_cell(context, mapping.cell_mapping)
        await instance.create()
        return instance

    async def _hand_over(
        self, instance: Instance, build_request: BuildRequest, disks: list[BlockDeviceMapping]
    ) -> list[BlockDeviceMapping] | None:
        """The server's disks, once it is its cell's. None where the user has deleted it."""
        context = instance.ctxt
        await InstanceAction.action_start(context, instance.uuid, "create")
        mappings = await self._create_block_device_mapping(context, instance, disks)
        cell = await CellMapping.get_by_uuid(context, str(context.cell_uuid))
        kept = await self._give_to_cell(context, instance, build_request, cell)
        return mappings if kept else None

    async def _give_to_cell(
        self,
        context: RequestContext,
        instance: Instance,
        build_request: BuildRequest,
        cell: CellMapping,
    ) -> bool:
        """From here on the cell's row is the server, not the build request. False where the user has deleted it."""
        mapping = await InstanceMapping.get_by_instance_uuid(context, instance.uuid)
        mapping.cell_mapping = cell
        await mapping.save()
        try:
            build_request.context = context
            await build_request.destroy()
        except exception.BuildRequestNotFound:
            await instance.destroy()
            return False
        return True

    async def _cast(
        self,
        instance: Instance,
        hosts: list[Selection],
        filter_properties: dict[str, Any],
        **kwargs: Any,
    ) -> None:
        chosen, alternates = hosts[0], hosts[1:]
        LOG.debug(
            "Selected host: %s; Selected node: %s; Alternates: %s",
            chosen.service_host,
            chosen.nodename,
            [(host.service_host, host.nodename) for host in alternates],
            instance=instance,
        )
        await self.compute_rpcapi.build_and_run_instance(
            instance.ctxt,
            host=chosen.service_host,
            instance=instance,
            node=chosen.nodename,
            limits=chosen.limits,
            host_list=alternates if chosen.allocation_request else None,
            filter_properties=_with_tried(filter_properties, chosen),
            **kwargs,
        )

    # --- when it fails ----------------------------------------------------------------------------------------

    async def _bury_in_cell0(
        self,
        context: RequestContext,
        build_request: BuildRequest,
        error: Exception,
        disks: list[BlockDeviceMapping],
    ) -> None:
        """A server that gets no host still gets a row, in cell0, in ERROR, with the fault that says why."""
        cell0 = await CellMapping.get_by_uuid(context, CELL0_UUID)
        instance = build_request.get_new_instance(context)
        instance.context = cell_context = target_cell(context, cell0)
        await instance.create()
        await InstanceAction.action_start(cell_context, instance.uuid, "create")
        try:
            async with EventReporter(
                cell_context,
                "conductor_schedule_and_build_instances",
                self.conf.host,
                instance.uuid,
            ):
                await self._set_vm_state_and_notify(
                    cell_context, instance, "build_instances", error
                )
                raise error
        except type(error):
            pass
        await self._create_block_device_mapping(cell_context, instance, disks)
        await self._give_to_cell(context, instance, build_request, cell0)


def _with_tried(properties: dict[str, Any], host: Selection) -> dict[str, Any]:
    """The filter properties with one more host that has been tried, where retries are counted (`_add_retry_host`)."""
    retry = properties.get("retry")
    if not retry:
        return properties
    tried = [*retry["hosts"], [host.service_host, host.nodename]]
    return {**properties, "retry": {**retry, "hosts": tried}}

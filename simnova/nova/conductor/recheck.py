"""Counting again after servers were created: who was second in a race over a quota is told so."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from simnova.nova import exception
from simnova.nova.conductor.base import TaskBase
from simnova.nova.context import RequestContext
from simnova.nova.objects.block_device import BlockDeviceMapping
from simnova.nova.objects.build_request import BuildRequest
from simnova.nova.objects.cell_mapping import CellMapping
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.instance_mapping import InstanceMapping
from simnova.nova.objects.request_spec import RequestSpec
from simnova.nova.quota import servers as quota


class QuotaRecheck(TaskBase):
    """Quotas are counted once more when the servers are in their cells."""

    async def _recheck_quota(
        self, context: RequestContext, instance: Instance, requested: int
    ) -> None:
        """Raise TooManyInstances, as for `requested` servers, where there are now too many."""
        await quota.recheck(
            self.quotas,
            context,
            instance.flavor,
            requested,
            project_id=str(instance.project_id),
            user_id=str(instance.user_id),
        )

    async def _recheck_or_clean_up(
        self,
        context: RequestContext,
        created: Sequence[Instance | None],
        build_requests: list[BuildRequest],
        specs: list[RequestSpec],
        disks: list[BlockDeviceMapping],
    ) -> None:
        """Count again; where there are too many, all servers of the request are in ERROR, and it raises."""
        try:
            await self._recheck_quota(context, build_requests[-1].instance, len(build_requests))
        except exception.TooManyInstances as error:
            for instance, build_request, spec in zip(created, build_requests, specs, strict=True):
                if instance is not None:
                    await self._clean_up(instance, build_request, spec, disks, error)
            raise

    async def _clean_up(
        self,
        instance: Instance,
        build_request: BuildRequest,
        spec: RequestSpec,
        disks: list[BlockDeviceMapping],
        error: Exception,
    ) -> None:
        """The server stays in its cell in ERROR, without a host; its claim stays until it is deleted."""
        context = instance.ctxt
        await self._set_vm_state_and_notify(context, instance, "build_instances", error)
        await self._create_block_device_mapping(context, instance, disks)
        mapping = await InstanceMapping.get_by_instance_uuid(context, instance.uuid)
        mapping.cell_mapping = await CellMapping.get_by_uuid(context, str(context.cell_uuid))
        await mapping.save()
        build_request.context = spec.context = context
        with suppress(exception.BuildRequestNotFound):
            await build_request.destroy()
        await spec.destroy()

    async def _create_block_device_mapping(
        self, context: RequestContext, instance: Instance, disks: list[BlockDeviceMapping]
    ) -> list[BlockDeviceMapping]:
        """The server's disks, in its cell."""
        mappings = []
        for disk in disks:
            values = disk.values() | {"instance_uuid": instance.uuid}
            values["uuid"] = context.here.clock.uuid("block_device_mapping")
            mappings.append(BlockDeviceMapping(**values, context=context))
            await mappings[-1].create()
        return mappings

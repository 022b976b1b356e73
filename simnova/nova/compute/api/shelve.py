"""Putting a server on the shelf, and taking it down again."""

from __future__ import annotations

from typing import Final

from simnova.nova import availability_zones, exception
from simnova.nova.compute.api.checks import check_instance_lock, check_instance_state
from simnova.nova.compute.api.image import HAS_A_DISK, Images
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.host_mapping import HostMapping
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.request_spec import Destination, RequestSpec
from simnova.nova.objects.service import Service
from simnova.nova.objects.states import TaskState, VmState
from simnova.nova.quota import servers as quota

LOG = getLogger("nova.compute.api")

UNCHANGED: Final = "\0"
"""Stands for a zone that was not given; None is a zone too: any."""


class Shelve(Images):
    """Shelve, shelve offload, unshelve."""

    @check_instance_lock
    @check_instance_state(vm_state=HAS_A_DISK)
    async def shelve(self, context: RequestContext, instance: Instance) -> None:
        """Stop the server and upload its disk; after `shelved_offload_time` its host is given up."""
        instance.task_state = TaskState.SHELVING
        base = {"image_base_image_ref": str(instance.image_ref)}
        instance.system_metadata = {**instance.system_metadata, **base}
        await instance.save(expected_task_state=None)
        await self._record_action_start(context, instance, "shelve")
        name = f"{instance.display_name}-shelved"
        image = await self._create_image(context, instance, name, "snapshot")
        await self.compute_rpcapi.shelve_instance(context, instance, image["id"])

    @check_instance_lock
    @check_instance_state(vm_state=(VmState.SHELVED,))
    async def shelve_offload(self, context: RequestContext, instance: Instance) -> None:
        """Give up the host of a shelved server now."""
        instance.task_state = TaskState.SHELVING_OFFLOADING
        await instance.save(expected_task_state=None)
        await self._record_action_start(context, instance, "shelveOffload")
        await self.compute_rpcapi.shelve_offload_instance(context, instance)

    @check_instance_lock
    @check_instance_state(vm_state=(VmState.SHELVED, VmState.SHELVED_OFFLOADED))
    async def unshelve(
        self,
        context: RequestContext,
        instance: Instance,
        new_az: str | None = UNCHANGED,
        host: str | None = None,
    ) -> None:
        """Start a shelved server, on a new host where it has none any more: in that zone, on that host if given."""
        spec = await RequestSpec.get_by_instance_uuid(context, instance.uuid)
        if instance.vm_state == VmState.SHELVED_OFFLOADED:
            await quota.check_unshelve(self.quotas, context, instance)
        if spec is not None:
            await self._aim(context, instance, spec, new_az, host)
        instance.task_state = TaskState.UNSHELVING
        await instance.save(expected_task_state=None)
        await self._record_action_start(context, instance, "unshelve")
        await self.compute_task_api.unshelve_instance(context, instance=instance, request_spec=spec)

    async def _aim(
        self,
        context: RequestContext,
        instance: Instance,
        spec: RequestSpec,
        new_az: str | None,
        host: str | None,
    ) -> None:
        """Note in the spec where the server is to go; raises UnshelveInstanceInvalidState, UnshelveHostNotInAZ …"""
        given = new_az != UNCHANGED
        if (given or host) and instance.vm_state != VmState.SHELVED_OFFLOADED:
            raise exception.UnshelveInstanceInvalidState(
                state=instance.vm_state, instance_uuid=instance.uuid
            )
        zone = new_az if given else spec.availability_zone
        if given and zone:
            await self._check_zone(context, zone)
        if host:
            await self._check_host(context, host, zone)
            spec.requested_destination = Destination(host=host)
        spec.availability_zone = zone
        await spec.save()

    async def _check_zone(self, context: RequestContext, zone: str) -> None:
        services = await Service.get_all(context)
        zones = await availability_zones.zones_of(context, self.conf, services)
        if zone not in availability_zones.get_availability_zones(services, zones)[0]:
            raise exception.InvalidRequest("The requested availability zone is not available")

    async def _check_host(self, context: RequestContext, host: str, zone: str | None) -> None:
        try:
            await HostMapping.get_by_host(context, host)
        except exception.HostMappingNotFound:
            raise exception.ComputeHostNotFound(host=host) from None
        its = await availability_zones.get_host_availability_zone(context, self.conf, host)
        if zone and its != zone:
            raise exception.UnshelveHostNotInAZ(host=host, availability_zone=zone)

"""What the API does about services and hosts (`HostAPI` of `nova/compute/api.py`)."""

from __future__ import annotations

from simnova.nova import exception, servicegroup
from simnova.nova.compute.rpcapi import ComputeAPI
from simnova.nova.context import RequestContext, target_cell
from simnova.nova.log import getLogger
from simnova.nova.objects.cell_mapping import CellMapping
from simnova.nova.objects.compute_node import ComputeNode
from simnova.nova.objects.host_mapping import HostMapping
from simnova.nova.objects.service import Service

LOG = getLogger("nova.compute.api")


async def all_services(context: RequestContext) -> list[Service]:
    """Every service of every cell; each is bound to its cell."""
    return [
        service
        for cell in await CellMapping.get_all(context)
        for service in await Service.get_all(target_cell(context, cell))
    ]


class HostAPI:
    """Services and compute nodes in every cell."""

    def __init__(self, rpcapi: ComputeAPI, servicegroup_api: servicegroup.API) -> None:
        self.rpcapi = rpcapi
        self.servicegroup_api = servicegroup_api

    async def service_get_all(self, context: RequestContext) -> list[Service]:
        """Every service of every cell; each is bound to its cell."""
        return await all_services(context)

    async def service_get_by_id(self, context: RequestContext, service_id: str) -> Service:
        """The service of that UUID or, as before 2.53, that number, bound to its cell.

        Raises ServiceNotFound, and ServiceNotUnique for a number that several cells have.
        """
        services = await self.service_get_all(context)
        found = [one for one in services if service_id in (one.uuid, str(one.id))]
        if len(found) > 1:
            raise exception.ServiceNotUnique()
        if not found:
            raise exception.ServiceNotFound(service_id=service_id)
        return found[0]

    async def compute_node_get_all(self, context: RequestContext) -> list[ComputeNode]:
        """Every compute node of every cell."""
        return [
            node
            for cell in await CellMapping.get_all(context)
            if not cell.is_cell0()
            for node in await ComputeNode.get_all(target_cell(context, cell))
        ]

    async def service_update_by_host_and_binary(
        self, context: RequestContext, host: str, binary: str, updates: dict[str, object]
    ) -> Service:
        """Change a service; raises HostMappingNotFound and HostBinaryNotFound."""
        mapping = await HostMapping.get_by_host(context, host)
        cell_context = target_cell(context, mapping.cell_mapping)
        service = await Service.get_by_host_and_binary(cell_context, host, binary)
        if service is None:
            raise exception.HostBinaryNotFound(host=host, binary=binary)
        for name, value in updates.items():
            setattr(service, name, value)
        return await self.service_update(service)

    async def service_update(self, service: Service) -> Service:
        """Write what was changed of a service; a compute that is disabled or enabled is told."""
        disabled_changed = "disabled" in service.obj_what_changed()
        await service.save()
        if disabled_changed:
            await self._update_compute_provider_status(service)
        return service

    async def _update_compute_provider_status(self, service: Service) -> None:
        """Have the compute set its provider's trait COMPUTE_STATUS_DISABLED; what goes wrong there is only logged."""
        if not self.servicegroup_api.service_is_up(service.values()):
            LOG.info(
                "Compute service on host %s is down. The COMPUTE_STATUS_DISABLED trait will be "
                "synchronized when the service is restarted.",
                service.host,
            )
            return
        LOG.debug(
            "Calling the compute service on host %s to sync the COMPUTE_STATUS_DISABLED trait.",
            service.host,
        )
        try:
            await self.rpcapi.set_host_enabled(service.ctxt, service.host, not service.disabled)
        except Exception:
            LOG.exception(
                "An error occurred while updating the COMPUTE_STATUS_DISABLED trait on compute node "
                "resource providers managed by host %s. The trait will be synchronized automatically "
                "by the compute service when the update_available_resource periodic task runs.",
                service.host,
            )

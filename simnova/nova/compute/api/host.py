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
from simnova.nova.scatter_gather import DidNotRespond, scatter_gather_all_cells

LOG = getLogger("nova.compute.api")


async def all_services(context: RequestContext, cell_down_support: bool = False) -> list[Service]:
    """Every service of every cell; each is bound to its cell.

    A cell that does not answer is left out; with `cell_down_support` there are its nova-computes, of which no more is
    known than the host: they have no UUID (`_service_get_all_cells`).
    """
    found: list[Service] = []
    for cell_uuid, answer in (await scatter_gather_all_cells(context, Service.get_all)).items():
        if not isinstance(answer, Exception | DidNotRespond):
            found += answer
        elif cell_down_support:
            found += await _unavailable(context, cell_uuid)
        else:
            LOG.warning("Cell %s is not responding and hence skipped from the results.", cell_uuid)
    return found


async def _unavailable(context: RequestContext, cell_uuid: str) -> list[Service]:
    hosts = await HostMapping.get_all(context, cell_uuid)
    LOG.warning(
        "Cell %s is not responding and hence only partial results are available from this cell.",
        cell_uuid,
    )
    return [Service(binary="nova-compute", host=one.host, context=context) for one in hosts]


class HostAPI:
    """Services and compute nodes in every cell."""

    def __init__(self, rpcapi: ComputeAPI, servicegroup_api: servicegroup.API) -> None:
        self.rpcapi = rpcapi
        self.servicegroup_api = servicegroup_api

    async def service_get_all(
        self, context: RequestContext, cell_down_support: bool = False
    ) -> list[Service]:
        """Every service of every cell, as `all_services`."""
        return await all_services(context, cell_down_support)

    async def service_get_by_id(self, context: RequestContext, service_id: str) -> Service:
        """The service of that UUID or, as before 2.53, that number, bound to its cell.

        Raises ServiceNotFound, and ServiceNotUnique for a number that several cells have. The cells are asked one after
        another, and one that is down fails the request.
        """
        found = [
            one
            for cell in await CellMapping.get_all(context)
            for one in await Service.get_all(target_cell(context, cell))
            if service_id in (one.uuid, str(one.id))
        ]
        if len(found) > 1:
            raise exception.ServiceNotUnique()
        if not found:
            raise exception.ServiceNotFound(service_id=service_id)
        return found[0]

    async def compute_node_get_all(self, context: RequestContext) -> list[ComputeNode]:
        """Every compute node of every cell; one that is down fails the request."""
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

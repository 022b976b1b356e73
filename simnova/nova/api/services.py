"""Services over HTTP (`nova/api/openstack/compute/services.py`)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from simnova.config import Config
from simnova.messaging.rest import ConnectFailure, Fault, Request, Response, route
from simnova.nova import availability_zones, exception, servicegroup
from simnova.nova.api.auth import Auth
from simnova.nova.api.controller import Controller, integer, truth
from simnova.nova.api.validation import validate
from simnova.nova.api.versions import version_of
from simnova.nova.api.views import naive
from simnova.nova.compute.api.aggregate import AggregateAPI
from simnova.nova.compute.api.host import HostAPI
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.aggregate import Aggregate
from simnova.nova.objects.compute_node import ComputeNode
from simnova.nova.objects.host_mapping import HostMapping
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.migration import EVACUATION, Migration
from simnova.nova.objects.service import Service
from simnova.nova.scheduler.client.report import SchedulerReportClient

LOG = getLogger("nova.api.openstack.compute.services")

_POLICY = "os_compute_api:os-services:%s"
_ONLY_COMPUTE = "Updating a %s service is not supported. Only nova-compute services can be updated."
_HOSTING = "Unable to delete compute service that is hosting instances. Migrate or delete the instances first."
_MIGRATING = (
    "Unable to delete compute service that has in-progress migrations. Complete the migrations or delete the "
    "instances first."
)
_EVACUATED = (
    "Unable to force up host %s as `done` evacuation migration records remain associated with the host. Ensure the "
    "compute service has been restarted, allowing these records to move to `completed` before retrying this request."
)
_NOTHING = "No updates were requested. Fields 'status' or 'forced_down' should be specified."


class ServiceController(Controller):
    """`/os-services`, for administrators."""

    def __init__(
        self,
        auth: Auth,
        host_api: HostAPI,
        conf: Config,
        aggregate_api: AggregateAPI,
        placement_client: SchedulerReportClient,
    ) -> None:
        super().__init__(auth)
        self.host_api = host_api
        self.conf = conf
        self.aggregate_api = aggregate_api
        self.placement_client = placement_client

    @route("GET", "/v2.1/os-services")
    async def index(self, request: Request) -> Response:
        """What reports, and when it last did; `host` and `binary` narrow it."""
        context = await self.admin(request, _POLICY % "list")
        host, binary = request.param("host"), request.param("binary")
        found = [
            service
            for service in await self.host_api.service_get_all(
                context, version_of(request) >= (2, 69)
            )
            if host in (None, "", service.host) and binary in (None, "", service.binary)
        ]
        return Response(200, {"services": await self._shown(request, context, found)})

    @route("PUT", "/v2.1/os-services/{id}")
    async def update(self, request: Request, id: str) -> Response:
        """Disable, enable or force down: by UUID from 2.53 on, before that `id` is the action."""
        context = await self.admin(request, _POLICY % "update")
        if version_of(request) < (2, 53):
            return await self._update_v21(request, context, id)
        validate(request.body, "services.update_v253")
        _check_uuid(id)
        service = await self.host_api.service_get_by_id(context, id)
        if service.binary != "nova-compute":
            raise Fault(400, _ONLY_COMPUTE % service.binary)
        _apply(service, request.body)
        if service.forced_down is False and "forced_down" in request.body:
            await _check_for_evacuations(service)
        if not service.obj_what_changed():
            raise Fault(400, _NOTHING)
        await self.host_api.service_update(service)
        (shown,) = await self._shown(request, context, [service])
        return Response(200, {"service": shown})

    @route("DELETE", "/v2.1/os-services/{id}")
    async def delete(self, request: Request, id: str) -> Response:
        """Forget a service that will not come back: by UUID from 2.53 on, before that by number.

        With a compute go its nodes, their providers in Placement, its host mapping and its places in aggregates; 409
        where servers are on the host or come to it or leave it.
        """
        context = await self.admin(request, _POLICY % "delete")
        if version_of(request) >= (2, 53):
            _check_uuid(id)
        else:
            integer(id, "id")
        try:
            service = await self.host_api.service_get_by_id(context, id)
        except exception.ServiceNotFound:
            raise Fault(404, f"Service {id} not found.") from None
        except exception.ServiceNotUnique:
            raise Fault(400, f"Service id {id} refers to multiple services.") from None
        if service.binary == "nova-compute":
            await self._delete_compute(context, service)
        await service.destroy()
        return Response(204)

    async def _delete_compute(self, context: RequestContext, service: Service) -> None:
        """Everything that was known of a compute host but its row in `services`."""
        if await Instance.get_by_host(service.ctxt, service.host):
            raise Fault(409, _HOSTING)
        nodes = await ComputeNode.get_all_by_host(service.ctxt, service.host)
        if not nodes:
            LOG.info("Deleting compute service with no associated compute nodes.")
        await _assert_no_in_progress_migrations(service, nodes)
        for aggregate in await Aggregate.get_by_host(context, service.host):
            await self.aggregate_api.remove_host_from_aggregate(
                context, aggregate.id or 0, service.host
            )
        for node in nodes:
            await self._delete_provider(service.ctxt, node)
        try:
            await (await HostMapping.get_by_host(context, service.host)).destroy()
        except exception.HostMappingNotFound:
            LOG.debug("The host has never been mapped to a cell")

    async def _delete_provider(self, context: RequestContext, node: ComputeNode) -> None:
        try:
            await self.placement_client.delete_compute_node(context, node)
        except ConnectFailure as error:
            text = "Failed to delete compute node resource provider for compute node %s: %s"
            LOG.error(text, node.uuid, error)

    async def _update_v21(self, request: Request, context: RequestContext, action: str) -> Response:
        """`disable`, `disable-log-reason`, `enable`, and from 2.11 on `force-down`, of a host's binary."""
        forcible = version_of(request) >= (2, 11)
        body = request.body
        validate(body, "services.update_v211" if forcible else "services.update")
        updates = _updates(action, body, forcible)
        if body["binary"] != "nova-compute":
            raise Fault(400, _ONLY_COMPUTE % body["binary"])
        host, binary = body["host"], body["binary"]
        await self.host_api.service_update_by_host_and_binary(context, host, binary, updates)
        shown: dict[str, Any] = {"host": host, "binary": binary}
        if "forced_down" in updates:
            return Response(200, {"service": shown | updates})
        shown["status"] = "disabled" if updates["disabled"] else "enabled"
        if updates["disabled_reason"]:
            shown["disabled_reason"] = updates["disabled_reason"]
        return Response(200, {"service": shown})

    async def _shown(
        self, request: Request, context: RequestContext, services: list[Service]
    ) -> list[dict[str, Any]]:
        zones = await availability_zones.zones_of(context, self.conf, services)
        return shown(services, zones, self.host_api.servicegroup_api, version_of(request))


def shown(
    services: Iterable[Service],
    zones: Mapping[str | None, str],
    servicegroup_api: servicegroup.API,
    version: tuple[int, int],
) -> list[dict[str, Any]]:
    """Services as the API lists them at a microversion."""
    return [
        _unknown(service)
        if service.uuid is None
        else {
            "id": service.uuid if version >= (2, 53) else service.id,
            "binary": service.binary,
            "host": service.host,
            "zone": zones[service.uuid],
            "status": "disabled" if service.disabled else "enabled",
            "state": "up" if servicegroup_api.service_is_up(service.values()) else "down",
            "updated_at": naive(service.last_seen_up),
            "disabled_reason": service.disabled_reason,
            **({"forced_down": service.forced_down} if version >= (2, 11) else {}),
        }
        for service in services
    ]


async def _check_for_evacuations(service: Service) -> None:
    """A host from which servers were evacuated is not up before it has been back; 400."""
    left = {"source_compute": service.host, "status": "done", "migration_type": EVACUATION}
    if await Migration.get_by_filters(service.ctxt, left):
        raise Fault(400, _EVACUATED % service.host)


async def _assert_no_in_progress_migrations(service: Service, nodes: list[ComputeNode]) -> None:
    for node in nodes:
        moving = await Migration.get_in_progress_by_host_and_node(
            service.ctxt, node.host, node.hypervisor_hostname
        )
        if moving:
            LOG.info(
                "Unable to delete compute service with id %s for host %s. There are %i in-progress migrations "
                "involving the host. Migrations (uuid:status): %s",
                *(service.uuid, node.host, len(moving)),
                ",".join(f"{one.uuid}:{one.status}" for one in moving),
            )
            raise Fault(409, _MIGRATING)


def _unknown(service: Service) -> dict[str, Any]:
    """A compute host of a cell that does not answer."""
    return {"binary": service.binary, "host": service.host, "status": "UNKNOWN"}


def _apply(service: Service, body: dict[str, Any]) -> None:
    """What a body of 2.53 says, put on the service."""
    reason = body.get("disabled_reason")
    if body.get("status") == "enabled":
        if reason:
            raise Fault(400, "Specifying 'disabled_reason' with status 'enabled' is invalid.")
        service.disabled, service.disabled_reason = False, None
    if body.get("status") == "disabled":
        service.disabled, service.disabled_reason = True, reason
    if "forced_down" in body:
        service.forced_down = truth(body["forced_down"])


def _updates(action: str, body: dict[str, Any], forcible: bool) -> dict[str, Any]:
    """What an action changes; raises 404 for one that there is not, 400 where its field is missing."""
    if action == "enable":
        return {"disabled": False, "disabled_reason": None}
    if action == "disable":
        return {"disabled": True, "disabled_reason": None}
    if action == "disable-log-reason":
        if "disabled_reason" not in body:
            raise Fault(400, "Missing disabled reason field")
        return {"disabled": True, "disabled_reason": body["disabled_reason"]}
    if action == "force-down" and forcible:
        if "forced_down" not in body:
            raise Fault(400, "Missing forced_down field")
        return {"forced_down": truth(body["forced_down"])}
    raise Fault(404, "Unknown action")


def _check_uuid(text: str) -> None:
    try:
        uuid.UUID(text)
    except ValueError:
        raise Fault(400, f"Invalid uuid {text}") from None

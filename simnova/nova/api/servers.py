"""Servers over HTTP: from a body to the compute API, and what is shown (`nova/api/openstack/compute/servers.py`)."""

from __future__ import annotations

from typing import Any

from simnova.messaging.rest import Fault, Request, Response, route
from simnova.nova import exception
from simnova.nova.api import down_cells, views
from simnova.nova.api.auth import Auth
from simnova.nova.api.controller import Controller
from simnova.nova.api.listing import find_all
from simnova.nova.api.paging import next_page
from simnova.nova.api.password import generate_password
from simnova.nova.api.policy import require_admin
from simnova.nova.api.schemas.servers import CREATE, UPDATE
from simnova.nova.api.server_actions import invalid_state
from simnova.nova.api.validation import validate, versioned
from simnova.nova.api.versions import version_of
from simnova.nova.compute.api import API, ServerRequest
from simnova.nova.compute.api.destination import parse_availability_zone, zone_of_forced_host
from simnova.nova.context import RequestContext
from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.instance_mapping import InstanceMapping
from simnova.nova.objects.network_request import NetworkRequest

_TWO_WAYS = (
    "One mechanism with host and/or hypervisor_hostname and another mechanism with zone:host:node "
    "are mutually exclusive."
)
_NO_GOOD: tuple[type[Exception], ...] = (
    exception.ComputeHostNotFound,
    exception.InstanceGroupNotFound,
    exception.FlavorNotFound,
    exception.FixedIpAlreadyInUse,
    exception.NetworkNotFound,
    exception.NetworkRequiresSubnet,
    exception.PortNotFound,
    exception.PortRequiresFixedIP,
    exception.SecurityGroupNotFound,
)
_CONFLICT: tuple[type[Exception], ...] = (exception.NetworkAmbiguous, exception.PortInUse)


class ServersController(Controller):
    """`/servers`."""

    def __init__(self, auth: Auth, compute_api: API) -> None:
        super().__init__(auth)
        self.compute_api = compute_api

    @route("POST", "/v2.1/servers")
    async def create(self, request: Request) -> Response:
        """202 at once; the server is built afterwards."""
        context = await self.context(request)
        body = request.body
        validate(body, versioned(version_of(request), CREATE))
        try:
            wanted = await _request(self.compute_api, context, body["server"], body)
            instances, reservation = await self.compute_api.create(context, wanted)
        except (exception.OverQuota, exception.PortLimitExceeded) as error:
            raise Fault(403, str(error)) from None
        except exception.KeypairNotFound:
            raise Fault(400, "Invalid key_name provided.") from None
        except exception.ImageNotFound:
            raise Fault(400, "Can not find requested image") from None
        except _NO_GOOD as error:
            raise Fault(400, str(error)) from None
        except _CONFLICT as error:
            raise Fault(409, str(error)) from None
        if _true(body["server"].get("return_reservation_id")):
            return Response(202, {"reservation_id": reservation})
        answer = views.server_created(instances[0], wanted.admin_password or "")
        location = answer["server"]["links"][0]["href"]
        return Response(202, answer, {"Location": location})

    @route("GET", "/v2.1/servers")
    async def index(self, request: Request) -> Response:
        """The project's servers, by id and name."""
        context = await self.context(request)
        found, elsewhere = await find_all(self.compute_api, context, request)
        shown = [views.server(instance, context.is_admin, (2, 1))["server"] for instance in found]
        brief = [{key: one[key] for key in ("id", "name", "links")} for one in shown]
        unknown = [down_cells.brief(mapping) for mapping in elsewhere]
        return Response(200, {"servers": unknown + brief, **_next(request, found)})

    @route("GET", "/v2.1/servers/detail")
    async def detail(self, request: Request) -> Response:
        """The project's servers in detail."""
        context = await self.context(request)
        version = version_of(request)
        found, elsewhere = await find_all(self.compute_api, context, request)
        shown = [views.server(one, context.is_admin, version)["server"] for one in found]
        unknown = [down_cells.detail(mapping) for mapping in elsewhere]
        return Response(200, {"servers": unknown + shown, **_next(request, found)})

    @route("GET", "/v2.1/servers/{server_id}")
    async def show(self, request: Request, server_id: str) -> Response:
        """One server in detail."""
        context = await self.context(request)
        if version_of(request) < down_cells.SINCE:
            instance = await self.compute_api.get(context, server_id)
            return Response(200, views.server(instance, context.is_admin, version_of(request)))
        found = await self.compute_api.get_or_mapping(context, server_id)
        if isinstance(found, InstanceMapping):
            unknown = await down_cells.show(context, found, version_of(request))
            return Response(200, {"server": unknown})
        return Response(200, views.server(found, context.is_admin, version_of(request)))

    @route("PUT", "/v2.1/servers/{server_id}")
    async def update(self, request: Request, server_id: str) -> Response:
        """Another name, description or hostname."""
        context = await self.context(request)
        validate(request.body, versioned(version_of(request), UPDATE))
        instance = await self.compute_api.get(context, server_id)
        wanted = request.body["server"]
        updates = {column: wanted[name] for name, column in _UPDATES.items() if name in wanted}
        instance = await self.compute_api.update_instance(
            instance.context or context, instance, updates
        )
        return Response(200, views.server(instance, context.is_admin, version_of(request)))

    @route("DELETE", "/v2.1/servers/{server_id}")
    async def delete(self, request: Request, server_id: str) -> Response:
        """204; the server is deleted afterwards."""
        context = await self.context(request)
        instance = await self.compute_api.get(context, server_id)
        context = instance.context or context
        try:
            await self._delete(context, instance)
        except exception.InstanceInvalidState as error:
            raise Fault(409, invalid_state(error, "delete")) from None
        return Response(204)

    async def _delete(self, context: RequestContext, instance: Instance) -> None:
        """Softly where servers are reclaimed later; what has never run is deleted at once all the same."""
        if self.compute_api.conf.reclaim_instance_interval > 0:
            try:
                await self.compute_api.soft_delete(context, instance)
                return
            except exception.InstanceInvalidState:
                pass
        await self.compute_api.delete(context, instance)


_UPDATES = {
    "name": "display_name",
    "description": "display_description",
    "hostname": "hostname",
}
"""What a PUT may change, and the column it is in."""


def _next(request: Request, found: list[Instance]) -> dict[str, Any]:
    return next_page("servers_links", request, found, found[-1].uuid if found else None)


async def _request(
    api: API, context: RequestContext, server: dict[str, Any], body: dict[str, Any]
) -> ServerRequest:
    minimum = int(server.get("min_count", 1))
    maximum = int(server.get("max_count", minimum))
    if minimum > maximum:
        raise Fault(400, "min_count must be <= max_count")
    if not server.get("imageRef"):
        raise Fault(400, "Invalid imageRef provided.")
    return ServerRequest(
        **await _where(api, context, server),
        flavor=await Flavor.get_by_flavor_id(context, str(server["flavorRef"])),
        image_href=server["imageRef"],
        display_name=server["name"],
        min_count=minimum,
        max_count=maximum,
        display_description=server.get("description"),
        hostname=server.get("hostname"),
        key_name=server.get("key_name"),
        user_data=server.get("user_data"),
        config_drive=_true(server.get("config_drive")),
        admin_password=server.get("adminPass") or generate_password(context),
        metadata=server.get("metadata", {}),
        requested_networks=_networks(server.get("networks")),
        security_groups=[
            group["name"] for group in server.get("security_groups", [{"name": "default"}])
        ],
        scheduler_hints=_hints(body),
    )


async def _where(
    api: API, context: RequestContext, server: dict[str, Any]
) -> dict[str, str | None]:
    """The zone, and what names a host or node, which is an administrator's right."""
    zone, host, node = parse_availability_zone(api.conf, server.get("availability_zone"))
    if host or node:
        require_admin(context, "os_compute_api:servers:create:forced_host")
        zone = await zone_of_forced_host(context, api.conf, zone, host)
    wanted = {
        "requested_host": server.get("host"),
        "requested_hypervisor_hostname": server.get("hypervisor_hostname"),
    }
    if any(wanted.values()):
        require_admin(context, "compute:servers:create:requested_destination")
        if host or node:
            raise Fault(400, _TWO_WAYS)
    return {"availability_zone": zone, "forced_host": host, "forced_node": node, **wanted}


def _hints(body: dict[str, Any]) -> dict[str, list[Any]]:
    """Each as a list; those that begin with an underscore are Nova's own and are dropped."""
    given = body.get("os:scheduler_hints", body.get("OS-SCH-HNT:scheduler_hints")) or {}
    return {
        name: value if isinstance(value, list) else [value]
        for name, value in given.items()
        if not name.startswith("_")
    }


def _networks(networks: Any) -> list[NetworkRequest] | None:
    """What was asked for; None is automatic, an empty list is none (`_get_requested_networks`)."""
    if networks in (None, "auto"):
        return None
    if networks == "none":
        return []
    return [
        NetworkRequest(
            network_id=network.get("uuid"),
            address=network.get("fixed_ip"),
            port_id=network.get("port"),
            tag=network.get("tag"),
        )
        for network in networks
    ]


def _true(value: Any) -> bool:
    return str(value).lower() in ("true", "1")

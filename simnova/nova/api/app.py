"""The compute API v2.1: its routes, and how it words errors (`nova/api/openstack/`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simnova.exceptions import NovaError
from simnova.messaging.rest import App, Fault, Request, Response, route
from simnova.nova import exception, servicegroup
from simnova.nova.api import servers, views
from simnova.nova.api.auth import Auth
from simnova.nova.api.validation import validate
from simnova.nova.compute.api import API
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.service import Service

LOG = getLogger("nova.api.openstack.requestlog")

MIN_VERSION, MAX_VERSION = (2, 1), (2, 104)

_WORDS = {
    400: "badRequest",
    401: "unauthorized",
    403: "forbidden",
    404: "itemNotFound",
    409: "conflictingRequest",
}
_CONFLICTS = (exception.InstanceInvalidState, exception.UnexpectedTaskStateError)


class ComputeApp(App):
    """What nova-api answers. Every request is authenticated, logged, and its errors are worded as Nova's."""

    def __init__(self, auth: Auth, compute_api: API, servicegroup_api: servicegroup.API) -> None:
        super().__init__()
        self.auth = auth
        self.compute_api = compute_api
        self.servicegroup_api = servicegroup_api

    async def answer(self, request: Request) -> Response:
        """The answer, with a log line as nova-api's request log has it."""
        started = self.auth.place.clock.now
        response = await super().answer(request)
        LOG.info(
            '"%s %s" status: %s len: %s microversion: %s time: %0.6f',
            request.method,
            request.path,
            response.status,
            len(response.text),
            ".".join(map(str, _version(request.headers))),
            self.auth.place.clock.now - started,
        )
        return response

    def fault(self, request: Request, fault: Fault) -> Response:
        """An error in Nova's form: `{"badRequest": {"code": 400, "message": …}}`."""
        word = _WORDS.get(fault.status, "computeFault")
        return Response(fault.status, {word: {"code": fault.status, "message": fault.message}})

    def failed(self, request: Request, error: Exception) -> Response:
        """Nova's own errors say their status and text; any other is an unexpected API error."""
        if isinstance(error, NovaError) and error.code < 500:
            return self.fault(request, Fault(error.code, str(error)))
        text = (
            "Unexpected API Error. Please report this at http://bugs.launchpad.net/nova/ and attach the Nova API log "
            f"if possible.\n<class '{type(error).__module__.removeprefix('simnova.')}.{type(error).__name__}'>"
        )
        LOG.error("Unexpected exception in API method: %s", error)
        return self.fault(request, Fault(500, text))

    # --- servers ----------------------------------------------------------------------------------------------

    @route("POST", "/v2.1/servers")
    async def create_server(self, request: Request) -> Response:
        """202 at once; the server is built afterwards."""
        context = await self.auth.context(request)
        return await servers.create(self.compute_api, context, request.body)

    @route("GET", "/v2.1/servers")
    async def list_servers(self, request: Request) -> Response:
        """The project's servers, by id and name."""
        context = await self.auth.context(request)
        found = await servers.find_all(self.compute_api, context, request)
        shown = [views.server(instance, context.is_admin, (2, 1))["server"] for instance in found]
        return Response(
            200, {"servers": [{key: one[key] for key in ("id", "name", "links")} for one in shown]}
        )

    @route("GET", "/v2.1/servers/detail")
    async def detail_servers(self, request: Request) -> Response:
        """The project's servers in detail."""
        context = await self.auth.context(request)
        version = _version(request.headers)
        found = await servers.find_all(self.compute_api, context, request)
        return Response(
            200,
            {"servers": [views.server(one, context.is_admin, version)["server"] for one in found]},
        )

    @route("GET", "/v2.1/servers/{server_id}")
    async def show_server(self, request: Request, server_id: str) -> Response:
        """One server in detail."""
        context = await self.auth.context(request)
        instance = await self.compute_api.get(context, server_id)
        return Response(200, views.server(instance, context.is_admin, _version(request.headers)))

    @route("DELETE", "/v2.1/servers/{server_id}")
    async def delete_server(self, request: Request, server_id: str) -> Response:
        """204; the server is deleted afterwards."""
        context = await self.auth.context(request)
        await self.compute_api.delete(context, await self.compute_api.get(context, server_id))
        return Response(204)

    # --- flavors ----------------------------------------------------------------------------------------------

    @route("GET", "/v2.1/flavors/detail")
    async def detail_flavors(self, request: Request) -> Response:
        """All flavors, smallest first."""
        context = await self.auth.context(request)
        return Response(
            200, {"flavors": [views.flavor(found) for found in await Flavor.get_all(context)]}
        )

    @route("GET", "/v2.1/flavors/{flavor_id}")
    async def show_flavor(self, request: Request, flavor_id: str) -> Response:
        """One flavor."""
        context = await self.auth.context(request)
        return Response(
            200, {"flavor": views.flavor(await Flavor.get_by_flavor_id(context, flavor_id))}
        )

    @route("POST", "/v2.1/flavors")
    async def create_flavor(self, request: Request) -> Response:
        """A new flavor, by an administrator."""
        context = await self.auth.context(request)
        _require_admin(context, "os_compute_api:os-flavor-manage:create")
        validate(request.body, "create_flavor")
        made = _flavor(request.body["flavor"], context)
        await made.create()
        return Response(200, {"flavor": views.flavor(made)})

    # --- services ---------------------------------------------------------------------------------------------

    @route("GET", "/v2.1/os-services")
    async def list_services(self, request: Request) -> Response:
        """What reports, and when it last did, for an administrator."""
        context = await self.auth.context(request)
        _require_admin(context, "os_compute_api:os-services:list")
        found = await Service.get_all(context)
        return Response(200, {"services": [self._service(service) for service in found]})

    def _service(self, service: Service) -> dict[str, Any]:
        up = self.servicegroup_api.service_is_up(service.values())
        return {
            "id": service.uuid,
            "binary": service.binary,
            "host": service.host,
            "zone": "nova" if service.binary == "nova-compute" else "internal",
            "status": "disabled" if service.disabled else "enabled",
            "state": "up" if up else "down",
            "updated_at": service.last_seen_up,
            "disabled_reason": service.disabled_reason,
            "forced_down": service.forced_down,
        }


def _version(headers: Mapping[str, str]) -> tuple[int, int]:
    """The microversion that the client asks for; 2.1 where it says nothing. Raises `Fault` 400 or 406."""
    text = headers.get("openstack-api-version", "").removeprefix("compute").strip()
    text = text or headers.get("x-openstack-nova-api-version", "2.1")
    if text == "latest":
        return MAX_VERSION
    major, _, minor = text.partition(".")
    if not (major.isdigit() and minor.isdigit()):
        raise Fault(
            400,
            f"API Version String {text} is of invalid format. Must be of format MajorNum.MinorNum.",
        )
    version = (int(major), int(minor))
    if not MIN_VERSION <= version <= MAX_VERSION:
        low, high = (".".join(map(str, limit)) for limit in (MIN_VERSION, MAX_VERSION))
        raise Fault(
            406,
            f"Version {text} is not supported by the API. Minimum is {low} and maximum is {high}.",
        )
    return version


def _require_admin(context: RequestContext, rule: str) -> None:
    if not context.is_admin:
        raise Fault(403, f"Policy doesn't allow {rule} to be performed.")


def _flavor(body: dict[str, Any], context: RequestContext) -> Flavor:
    public = str(body.get("os-flavor-access:is_public", True)).lower() in ("true", "1")
    return Flavor(
        name=body["name"],
        flavorid=str(body.get("id") or context.here.clock.uuid("flavor")),
        memory_mb=int(body["ram"]),
        vcpus=int(body["vcpus"]),
        root_gb=int(body["disk"]),
        ephemeral_gb=int(body.get("OS-FLV-EXT-DATA:ephemeral", 0)),
        swap=int(body.get("swap") or 0),
        rxtx_factor=float(body.get("rxtx_factor", 1.0)),
        is_public=public,
        description=body.get("description"),
        context=context,
    )

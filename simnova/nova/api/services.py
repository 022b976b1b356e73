"""Services over HTTP (`nova/api/openstack/compute/services.py`)."""

from __future__ import annotations

import uuid
from typing import Any

from simnova.config import Config
from simnova.messaging.rest import Fault, Request, Response, route
from simnova.nova import availability_zones
from simnova.nova.api.auth import Auth
from simnova.nova.api.controller import Controller, truth
from simnova.nova.api.validation import validate
from simnova.nova.api.versions import version_of
from simnova.nova.api.views import naive
from simnova.nova.compute.api.host import HostAPI
from simnova.nova.context import RequestContext
from simnova.nova.objects.service import Service

_POLICY = "os_compute_api:os-services:%s"
_ONLY_COMPUTE = "Updating a %s service is not supported. Only nova-compute services can be updated."
_NOTHING = "No updates were requested. Fields 'status' or 'forced_down' should be specified."


class ServiceController(Controller):
    """`/os-services`, for administrators."""

    def __init__(self, auth: Auth, host_api: HostAPI, conf: Config) -> None:
        super().__init__(auth)
        self.host_api = host_api
        self.conf = conf

    @route("GET", "/v2.1/os-services")
    async def index(self, request: Request) -> Response:
        """What reports, and when it last did; `host` and `binary` narrow it."""
        context = await self.admin(request, _POLICY % "list")
        host, binary = request.param("host"), request.param("binary")
        found = [
            service
            for service in await self.host_api.service_get_all(context)
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
        if not service.obj_what_changed():
            raise Fault(400, _NOTHING)
        await self.host_api.service_update(service)
        (shown,) = await self._shown(request, context, [service])
        return Response(200, {"service": shown})

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
        version = version_of(request)
        is_up = self.host_api.servicegroup_api.service_is_up
        return [
            {
                "id": service.uuid if version >= (2, 53) else service.id,
                "binary": service.binary,
                "host": service.host,
                "zone": zones[service.uuid],
                "status": "disabled" if service.disabled else "enabled",
                "state": "up" if is_up(service.values()) else "down",
                "updated_at": naive(service.last_seen_up),
                "disabled_reason": service.disabled_reason,
                **({"forced_down": service.forced_down} if version >= (2, 11) else {}),
            }
            for service in services
        ]


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

"""Services over HTTP (`nova/api/openstack/compute/services.py`)."""

from __future__ import annotations

from typing import Any

from simnova.messaging.rest import Request, Response, route
from simnova.nova import servicegroup
from simnova.nova.api.auth import Auth
from simnova.nova.api.controller import Controller
from simnova.nova.objects.service import Service


class ServiceController(Controller):
    """`/os-services`."""

    def __init__(self, auth: Auth, servicegroup_api: servicegroup.API) -> None:
        super().__init__(auth)
        self.servicegroup_api = servicegroup_api

    @route("GET", "/v2.1/os-services")
    async def index(self, request: Request) -> Response:
        """What reports, and when it last did, for an administrator."""
        context = await self.admin(request, "os_compute_api:os-services:list")
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

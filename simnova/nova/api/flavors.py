"""Flavors over HTTP (`nova/api/openstack/compute/flavors.py`, `flavor_manage.py`)."""

from __future__ import annotations

from typing import Any

from simnova.messaging.rest import Request, Response, route
from simnova.nova.api import views
from simnova.nova.api.controller import Controller
from simnova.nova.api.validation import validate
from simnova.nova.api.versions import version_of
from simnova.nova.context import RequestContext
from simnova.nova.objects.flavor import Flavor


class FlavorsController(Controller):
    """`/flavors`."""

    @route("GET", "/v2.1/flavors")
    async def index(self, request: Request) -> Response:
        """All flavors in brief; from 2.55 on with their descriptions."""
        context = await self.context(request)
        names = ["id", "name", "links"]
        names += ["description"] if version_of(request) >= (2, 55) else []
        found = [views.flavor(flavor) for flavor in await Flavor.get_all(context)]
        return Response(200, {"flavors": [{name: one[name] for name in names} for one in found]})

    @route("GET", "/v2.1/flavors/detail")
    async def detail(self, request: Request) -> Response:
        """All flavors, smallest first."""
        context = await self.context(request)
        found = await Flavor.get_all(context)
        return Response(200, {"flavors": [views.flavor(flavor) for flavor in found]})

    @route("GET", "/v2.1/flavors/{flavor_id}")
    async def show(self, request: Request, flavor_id: str) -> Response:
        """One flavor."""
        context = await self.context(request)
        found = await Flavor.get_by_flavor_id(context, flavor_id)
        return Response(200, {"flavor": views.flavor(found)})

    @route("POST", "/v2.1/flavors")
    async def create(self, request: Request) -> Response:
        """A new flavor, by an administrator."""
        context = await self.admin(request, "os_compute_api:os-flavor-manage:create")
        validate(request.body, "flavors.create")
        made = _flavor(request.body["flavor"], context)
        await made.create()
        return Response(200, {"flavor": views.flavor(made)})


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

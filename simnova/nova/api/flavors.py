"""Flavors over HTTP (`nova/api/openstack/compute/flavors.py`, `flavor_manage.py`)."""

from __future__ import annotations

from typing import Any

from simnova.config import Config
from simnova.messaging.rest import Fault, Request, Response, route
from simnova.nova.api import views
from simnova.nova.api.auth import Auth
from simnova.nova.api.controller import Controller
from simnova.nova.api.flavor_listing import bool_of, page_of
from simnova.nova.api.paging import next_page
from simnova.nova.api.validation import validate
from simnova.nova.api.versions import version_of
from simnova.nova.context import RequestContext
from simnova.nova.objects.flavor import Flavor


class FlavorsController(Controller):
    """`/flavors`."""

    def __init__(self, auth: Auth, conf: Config) -> None:
        super().__init__(auth)
        self.conf = conf

    @route("GET", "/v2.1/flavors")
    async def index(self, request: Request) -> Response:
        """Flavors in brief; from 2.55 on with their descriptions."""
        names = ["id", "name", "links"]
        names += ["description"] if version_of(request) >= (2, 55) else []
        return await self._list(request, names)

    @route("GET", "/v2.1/flavors/detail")
    async def detail(self, request: Request) -> Response:
        """Flavors with all that there is to say of each."""
        return await self._list(request, None)

    async def _list(self, request: Request, names: list[str] | None) -> Response:
        context = await self.context(request)
        page = page_of(context, request, await Flavor.get_all(context), self.conf)
        shown = [_shown(flavor, version_of(request)) for flavor in page]
        more = next_page("flavors_links", request, page, page[-1].flavorid if page else None)
        body = [{name: one[name] for name in names or one} for one in shown]
        return Response(200, {"flavors": body, **more})

    @route("GET", "/v2.1/flavors/{flavor_id}")
    async def show(self, request: Request, flavor_id: str) -> Response:
        """One flavor."""
        context = await self.context(request)
        found = await Flavor.get_by_flavor_id(context, flavor_id)
        return Response(200, {"flavor": _shown(found, version_of(request))})

    @route("POST", "/v2.1/flavors")
    async def create(self, request: Request) -> Response:
        """A new flavor, by an administrator."""
        context = await self.admin(request, "os_compute_api:os-flavor-manage:create")
        validate(request.body, "flavors.create")
        made = _flavor(request.body["flavor"], context)
        await made.create()
        return Response(200, {"flavor": views.flavor(made)})

    @route("PUT", "/v2.1/flavors/{flavor_id}")
    async def update(self, request: Request, flavor_id: str) -> Response:
        """Another description, from 2.55 on."""
        context = await self.admin(request, "os_compute_api:os-flavor-manage:update")
        if version_of(request) < (2, 55):
            raise Fault(404, "The resource could not be found.")
        validate(request.body, "flavors.update")
        found = await Flavor.get_by_flavor_id(context, flavor_id)
        found.description = request.body["flavor"]["description"]
        await found.save()
        return Response(200, {"flavor": _shown(found, version_of(request))})

    @route("DELETE", "/v2.1/flavors/{flavor_id}")
    async def delete(self, request: Request, flavor_id: str) -> Response:
        """Forget a flavor; servers keep what they had of it."""
        context = await self.admin(request, "os_compute_api:os-flavor-manage:delete")
        await (await Flavor.get_by_flavor_id(context, flavor_id)).destroy()
        return Response(202)


def _shown(found: Flavor, version: tuple[int, int]) -> dict[str, Any]:
    """A flavor as it looked at that microversion."""
    body = views.flavor(found)
    if version < (2, 55):
        del body["description"]
    if version < (2, 61):
        del body["extra_specs"]
    if version >= (2, 75):
        body["swap"] = found.swap
    if version >= (2, 102):
        del body["rxtx_factor"], body["OS-FLV-DISABLED:disabled"]
    return body


def _flavor(body: dict[str, Any], context: RequestContext) -> Flavor:
    public = bool_of(str(body.get("os-flavor-access:is_public", True)))
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

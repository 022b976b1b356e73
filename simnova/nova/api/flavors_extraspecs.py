"""Extra specs of flavors over HTTP (`nova/api/openstack/compute/flavors_extraspecs.py`)."""

from __future__ import annotations

from typing import Any

from simnova.messaging.rest import Fault, Request, Response, route
from simnova.nova import exception
from simnova.nova.api.controller import Controller
from simnova.nova.api.extra_specs import validators
from simnova.nova.api.validation import validate
from simnova.nova.api.versions import version_of
from simnova.nova.context import RequestContext
from simnova.nova.objects.flavor import Flavor

_POLICY = "os_compute_api:os-flavor-extra-specs:%s"
_SPECS = "/v2.1/flavors/{flavor_id}/os-extra_specs"


class FlavorExtraSpecsController(Controller):
    """`/flavors/{id}/os-extra_specs`: everyone reads, administrators write."""

    @route("GET", _SPECS)
    async def index(self, request: Request, flavor_id: str) -> Response:
        """All of a flavor."""
        flavor = await Flavor.get_by_flavor_id(await self.context(request), flavor_id)
        return Response(200, {"extra_specs": flavor.extra_specs})

    @route("POST", _SPECS)
    async def create(self, request: Request, flavor_id: str) -> Response:
        """Add and change some."""
        context = await self.admin(request, _POLICY % "create")
        validate(request.body, "flavors_extraspecs.create")
        await self._save(request, context, flavor_id, request.body["extra_specs"])
        return Response(200, request.body)

    @route("GET", _SPECS + "/{id}")
    async def show(self, request: Request, flavor_id: str, id: str) -> Response:
        """One of them."""
        flavor = await Flavor.get_by_flavor_id(await self.context(request), flavor_id)
        _check_has(flavor, id)
        return Response(200, {id: flavor.extra_specs[id]})

    @route("PUT", _SPECS + "/{id}")
    async def update(self, request: Request, flavor_id: str, id: str) -> Response:
        """Add or change one."""
        context = await self.admin(request, _POLICY % "update")
        validate(request.body, "flavors_extraspecs.update")
        if id not in request.body:
            raise Fault(400, "Request body and URI mismatch")
        await self._save(request, context, flavor_id, request.body)
        return Response(200, request.body)

    @route("DELETE", _SPECS + "/{id}")
    async def delete(self, request: Request, flavor_id: str, id: str) -> Response:
        """Remove one."""
        context = await self.admin(request, _POLICY % "delete")
        flavor = await Flavor.get_by_flavor_id(context, flavor_id)
        _check_has(flavor, id)
        del flavor.extra_specs[id]
        await flavor.save_extra_specs()
        return Response(200)

    async def _save(
        self, request: Request, context: RequestContext, flavor_id: str, specs: dict[str, Any]
    ) -> None:
        """From microversion 2.86 on what Nova knows is checked, in name and value."""
        if version_of(request) >= (2, 86):
            for name, value in specs.items():
                validators.validate(name, value)
        flavor = await Flavor.get_by_flavor_id(context, flavor_id)
        flavor.extra_specs |= {name: str(value) for name, value in specs.items()}
        await flavor.save_extra_specs()


def _check_has(flavor: Flavor, key: str) -> None:
    if key not in flavor.extra_specs:
        raise exception.FlavorExtraSpecsNotFound(flavor_id=flavor.flavorid, extra_specs_key=key)

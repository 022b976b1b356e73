"""A provider's inventories (`placement/handlers/inventory.py`)."""

from __future__ import annotations

from typing import Any

from simnova.messaging.rest import Request, Response, route
from simnova.placement.context import Context
from simnova.placement.errors import (
    CONCURRENT_UPDATE,
    NotFound,
    bad_request,
    conflict,
    not_found,
)
from simnova.placement.handlers.base import Handlers, provider, version_of
from simnova.placement.objects import inventory
from simnova.placement.objects import resource_provider as providers
from simnova.placement.schemas import INVENTORY_DEFAULTS, extract

_MISSING = "No resource provider with uuid %(uuid)s found : %(error)s"


def _serialize(ctx: Context, rp: providers.Provider) -> dict[str, Any]:
    return {
        "resource_provider_generation": rp["generation"],
        "inventories": inventory.get_all(ctx, rp),
    }


def _at_generation(ctx: Context, uuid: str, generation: int) -> providers.Provider:
    rp = provider(ctx, uuid)
    if rp["generation"] != generation:
        raise conflict("resource provider generation conflict", CONCURRENT_UPDATE)
    return rp


def _class_id(ctx: Context, rp: providers.Provider, name: str, wording: str) -> int:
    try:
        return ctx.rc_cache.id(ctx.tx, name)
    except NotFound as error:
        raise bad_request(f"{wording} for resource provider {rp['uuid']}: {error}") from None


class Inventories(Handlers):
    """`/resource_providers/{uuid}/inventories` and one of them."""

    @route("GET", "/resource_providers/{uuid}/inventories")
    async def get_inventories(self, request: Request, uuid: str) -> Response:
        """All that a provider has."""
        return Response(
            200, await self.run(lambda ctx: _serialize(ctx, provider(ctx, uuid, _MISSING)))
        )

    @route("PUT", "/resource_providers/{uuid}/inventories")
    async def set_inventories(self, request: Request, uuid: str) -> Response:
        """Replace all that a provider has; the generation must be the present one."""
        version = version_of(request)
        body = extract(request, "inventories")
        wanted = {
            name: {**INVENTORY_DEFAULTS, **given} for name, given in body["inventories"].items()
        }

        def work(ctx: Context) -> dict[str, Any]:
            rp = _at_generation(ctx, uuid, body["resource_provider_generation"])
            for name in wanted:
                _class_id(ctx, rp, name, "Unknown resource class in inventory")
            inventory.validate_capacity(rp, wanted, version, "update")
            inventory.set_all(ctx, rp, wanted)
            return _serialize(ctx, rp)

        return Response(200, await self.run(work))

    @route("POST", "/resource_providers/{uuid}/inventories")
    async def create_inventory(self, request: Request, uuid: str) -> Response:
        """Add one class of inventory."""
        version = version_of(request)
        body = extract(request, "new inventory")
        name = body.pop("resource_class")
        values = {**INVENTORY_DEFAULTS, **body}

        def work(ctx: Context) -> dict[str, Any]:
            rp = provider(ctx, uuid)
            inventory.validate_capacity(rp, {name: values}, version, "create")
            rc_id = _class_id(ctx, rp, name, "Unable to create inventory")
            if inventory.has(ctx, rp, rc_id):
                raise conflict("Update conflict: the inventory exists", CONCURRENT_UPDATE)
            return _write(ctx, rp, rc_id, values, new=True)

        shown = await self.run(work)
        headers = {"location": f"/resource_providers/{uuid}/inventories/{name}"}
        return Response(201, shown, headers)

    @route("DELETE", "/resource_providers/{uuid}/inventories")
    async def delete_inventories(self, request: Request, uuid: str) -> Response:
        """Remove all of a provider's inventories."""
        await self.run(lambda ctx: inventory.set_all(ctx, provider(ctx, uuid), {}))
        return Response(204)

    @route("GET", "/resource_providers/{uuid}/inventories/{name}")
    async def get_inventory(self, request: Request, uuid: str, name: str) -> Response:
        """One class of a provider's inventories."""

        def work(ctx: Context) -> dict[str, Any]:
            rp = provider(ctx, uuid, _MISSING)
            found = inventory.get_all(ctx, rp).get(name)
            if found is None:
                raise not_found(f"No inventory of class {name} for {uuid}")
            return {**found, "resource_provider_generation": rp["generation"]}

        return Response(200, await self.run(work))

    @route("PUT", "/resource_providers/{uuid}/inventories/{name}")
    async def update_inventory(self, request: Request, uuid: str, name: str) -> Response:
        """Change one class of inventory; the generation must be the present one."""
        version = version_of(request)
        body = extract(request, "inventory")
        values = {**INVENTORY_DEFAULTS, **body}

        def work(ctx: Context) -> dict[str, Any]:
            rp = _at_generation(ctx, uuid, body["resource_provider_generation"])
            inventory.validate_capacity(rp, {name: values}, version, "update")
            rc_id = _class_id(ctx, rp, name, "No inventory record with resource class")
            if not inventory.has(ctx, rp, rc_id):
                raise bad_request(
                    f"No inventory record with resource class for resource provider {uuid}: "
                    f"No inventory of class {name} found."
                )
            return _write(ctx, rp, rc_id, values, new=False)

        return Response(200, await self.run(work))

    @route("DELETE", "/resource_providers/{uuid}/inventories/{name}")
    async def delete_inventory(self, request: Request, uuid: str, name: str) -> Response:
        """Remove one class of inventory that is not in use."""

        def work(ctx: Context) -> None:
            rp = provider(ctx, uuid)
            if name not in inventory.get_all(ctx, rp):
                raise not_found(
                    f"No inventory of class {name} found for delete: "
                    f"No inventory of class {name} found for delete"
                )
            inventory.remove(ctx, rp, [ctx.rc_cache.id(ctx.tx, name)])
            providers.increment_generation(ctx, rp)

        await self.run(work)
        return Response(204)


def _write(
    ctx: Context, rp: providers.Provider, rc_id: int, values: dict[str, Any], *, new: bool
) -> dict[str, Any]:
    inventory.write(ctx, rp, rc_id, values, new=new)
    providers.increment_generation(ctx, rp)
    shown = {name: values[name] for name in inventory.FIELDS}
    return {**shown, "resource_provider_generation": rp["generation"]}

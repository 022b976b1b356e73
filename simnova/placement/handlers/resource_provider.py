"""Resource providers: create, list, show, rename, delete (`placement/handlers/resource_provider.py`)."""

from __future__ import annotations

from typing import Any

from simnova.messaging.rest import Request, Response, route
from simnova.placement import query
from simnova.placement.context import Context
from simnova.placement.handlers.base import Handlers, Version, provider, version_of
from simnova.placement.objects import resource_provider as providers
from simnova.placement.schemas import extract

_RELATIONS = (
    ("inventories", 0),
    ("usages", 0),
    ("aggregates", 1),
    ("traits", 6),
    ("allocations", 11),
)


def serialize(ctx: Context, rp: providers.Provider, version: Version) -> dict[str, Any]:
    """A provider as the API shows it."""
    shown = providers.describe(ctx, rp)
    parent, root = shown.pop("parent_provider_uuid"), shown.pop("root_provider_uuid")
    url = f"/resource_providers/{rp['uuid']}"
    shown["links"] = [{"rel": "self", "href": url}] + [
        {"rel": name, "href": f"{url}/{name}"}
        for name, since in _RELATIONS
        if version >= (1, since)
    ]
    if version >= (1, 14):
        shown |= {"parent_provider_uuid": parent, "root_provider_uuid": root}
    return shown


class ResourceProviders(Handlers):
    """`/resource_providers` and one of them."""

    @route("POST", "/resource_providers")
    async def create_resource_provider(self, request: Request) -> Response:
        """Make a provider; its UUID is the caller's, or new."""
        version = version_of(request)
        body = extract(request, "new provider")
        uuid = body.get("uuid") or self.clock.uuid("placement", "resource_provider")
        parent = body.get("parent_provider_uuid")

        def work(ctx: Context) -> dict[str, Any]:
            return serialize(ctx, providers.create(ctx, uuid, body["name"], parent), version)

        shown = await self.run(work)
        headers = {"location": f"/resource_providers/{uuid}"}
        if version < (1, 20):
            return Response(201, None, headers)
        return Response(200, shown, headers)

    @route("GET", "/resource_providers")
    async def list_resource_providers(self, request: Request) -> Response:
        """Those of that name, uuid, tree, with those traits, aggregates and that much room."""
        version = version_of(request)
        asked = query.providers(request, version)
        names: dict[str, Any] = {
            key: request.query[key][-1] for key in ("name", "uuid") if key in request.query
        }

        def work(ctx: Context) -> list[dict[str, Any]]:
            rows = providers.get_all_by_filters(ctx, names, asked)
            return [serialize(ctx, rp, version) for rp in rows]

        return Response(200, {"resource_providers": await self.run(work)})

    @route("GET", "/resource_providers/{uuid}")
    async def get_resource_provider(self, request: Request, uuid: str) -> Response:
        """One provider."""
        version = version_of(request)
        return Response(
            200, await self.run(lambda ctx: serialize(ctx, provider(ctx, uuid), version))
        )

    @route("PUT", "/resource_providers/{uuid}")
    async def update_resource_provider(self, request: Request, uuid: str) -> Response:
        """Rename a provider, or put it elsewhere."""
        version = version_of(request)
        body = extract(request, "provider")

        def work(ctx: Context) -> dict[str, Any]:
            rp = providers.update(ctx, provider(ctx, uuid), body, version)
            return serialize(ctx, rp, version)

        return Response(200, await self.run(work))

    @route("DELETE", "/resource_providers/{uuid}")
    async def delete_resource_provider(self, request: Request, uuid: str) -> Response:
        """Delete a provider that nobody uses."""
        await self.run(lambda ctx: providers.destroy(ctx, uuid))
        return Response(204)

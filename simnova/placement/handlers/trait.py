"""Traits, resource classes, aggregates and usages (`placement/handlers/trait.py` and its neighbours)."""

from __future__ import annotations

from typing import Any

from simnova.messaging.rest import Request, Response, route
from simnova.placement.context import AttributeCache, Context
from simnova.placement.errors import (
    CONCURRENT_UPDATE,
    bad_request,
    conflict,
    not_found,
)
from simnova.placement.handlers.base import Handlers, provider, version_of
from simnova.placement.objects import resource_provider as providers
from simnova.placement.objects import trait, usage
from simnova.placement.schemas import extract, is_valid

_MISSING = "No resource provider with uuid %(uuid)s found: %(error)s"
_STALE = (
    "Resource provider's generation already changed. Please update the generation and try again."
)


def _at_generation(ctx: Context, uuid: str, generation: int) -> providers.Provider:
    rp = provider(ctx, uuid)
    if rp["generation"] != generation:
        raise conflict(_STALE, CONCURRENT_UPDATE)
    return rp


def _chosen(names: list[str], wanted: str | None) -> list[str]:
    if wanted is None:
        return names
    how, colon, value = wanted.partition(":")
    if not colon:
        raise bad_request(
            "Badly formatted name parameter. Expected name query string parameter in form: "
            f'?name=[in|startswith]:[name1,name2|prefix]. Got: "{wanted}"'
        )
    if how == "startswith":
        return [name for name in names if name.startswith(value)]
    return [name for name in names if name in value.split(",")]


class Traits(Handlers):
    """`/traits` and a provider's traits."""

    @route("GET", "/traits")
    async def list_traits(self, request: Request) -> Response:
        """The names of all traits, or `?name=in:A,B`, `?name=startswith:CUSTOM_`."""
        rows = await self.run(lambda ctx: ctx.tx.select("traits", order_by="id"))
        names = [row["name"] for row in rows]
        return Response(200, {"traits": _chosen(names, request.param("name"))})

    @route("GET", "/traits/{name}")
    async def get_trait(self, request: Request, name: str) -> Response:
        """204 where there is such a trait."""
        if not await self.run(lambda ctx: ctx.trait_cache.known(ctx.tx, name)):
            raise not_found(f"No such trait(s): {name}.")
        return Response(204)

    @route("PUT", "/traits/{name}")
    async def put_trait(self, request: Request, name: str) -> Response:
        """Make a custom trait, if there is none of that name."""
        if not is_valid("custom name", name):
            raise bad_request(
                "The trait is invalid. A valid trait must be no longer than 255 characters, start "
                'with the prefix "CUSTOM_" and use following characters: "A"-"Z", "0"-"9" and "_"'
            )
        new = await self.run(lambda ctx: trait.create(ctx, name))
        return Response(201 if new else 204, None, {"location": f"/traits/{name}"})

    @route("DELETE", "/traits/{name}")
    async def delete_trait(self, request: Request, name: str) -> Response:
        """Delete a custom trait that no provider has."""

        def work(ctx: Context) -> None:
            if not ctx.trait_cache.known(ctx.tx, name):
                raise not_found(f"No such trait(s): {name}.")
            if not name.startswith("CUSTOM_"):
                raise bad_request(f"Cannot delete standard trait {name}.")
            if trait.in_use(ctx, name):
                raise conflict(f"The trait {name} is in use by a resource provider.")
            ctx.tx.delete("traits", {"name": name})

        await self.run(work)
        self.trait_cache = AttributeCache("traits", self.trait_cache.missing)
        return Response(204)

    @route("GET", "/resource_providers/{uuid}/traits")
    async def list_traits_for_resource_provider(self, request: Request, uuid: str) -> Response:
        """What a provider is like."""

        def work(ctx: Context) -> dict[str, Any]:
            rp = provider(ctx, uuid, _MISSING)
            traits = trait.of_provider(ctx, rp)
            return {"traits": traits, "resource_provider_generation": rp["generation"]}

        return Response(200, await self.run(work))

    @route("PUT", "/resource_providers/{uuid}/traits")
    async def update_traits_for_resource_provider(self, request: Request, uuid: str) -> Response:
        """Give a provider exactly these traits; the generation must be the present one."""
        body = extract(request, "traits")

        def work(ctx: Context) -> dict[str, Any]:
            rp = _at_generation(ctx, uuid, body["resource_provider_generation"])
            trait.set_traits(ctx, rp, body["traits"])
            traits = trait.of_provider(ctx, rp)
            return {"traits": traits, "resource_provider_generation": rp["generation"]}

        return Response(200, await self.run(work))

    @route("DELETE", "/resource_providers/{uuid}/traits")
    async def delete_traits_for_resource_provider(self, request: Request, uuid: str) -> Response:
        """Take all traits from a provider."""
        await self.run(lambda ctx: trait.set_traits(ctx, provider(ctx, uuid), []))
        return Response(204)


class ResourceClasses(Handlers):
    """`/resource_classes`."""

    @route("GET", "/resource_classes")
    async def list_resource_classes(self, request: Request) -> Response:
        """All resource classes."""
        rows = await self.run(lambda ctx: ctx.tx.select("resource_classes", order_by="id"))
        return Response(200, {"resource_classes": [_class(row["name"]) for row in rows]})

    @route("GET", "/resource_classes/{name}")
    async def get_resource_class(self, request: Request, name: str) -> Response:
        """One resource class."""
        if not await self.run(lambda ctx: ctx.rc_cache.known(ctx.tx, name)):
            raise not_found(f"No such resource class {name}.")
        return Response(200, _class(name))

    @route("PUT", "/resource_classes/{name}")
    async def update_resource_class(self, request: Request, name: str) -> Response:
        """Make a custom resource class, if there is none of that name."""
        if not is_valid("custom name", name):
            raise bad_request(
                f"JSON does not validate: '{name}' does not match '^CUSTOM_[A-Z0-9_]+$'"
            )
        new = await self.run(lambda ctx: _create_class(ctx, name))
        return Response(201 if new else 204, None, {"location": f"/resource_classes/{name}"})

    @route("POST", "/resource_classes")
    async def create_resource_class(self, request: Request) -> Response:
        """Make a custom resource class."""
        name = extract(request, "resource class")["name"]
        if not await self.run(lambda ctx: _create_class(ctx, name)):
            raise conflict(f"Conflicting resource class already exists: {name}")
        return Response(201, None, {"location": f"/resource_classes/{name}"})


def _class(name: str) -> dict[str, Any]:
    url = f"/resource_classes/{name}"
    return {"name": name, "links": [{"rel": "self", "href": url}]}


def _create_class(ctx: Context, name: str) -> bool:
    if ctx.rc_cache.known(ctx.tx, name):
        return False
    ctx.tx.insert("resource_classes", name=name)
    return True


class AggregatesAndUsages(Handlers):
    """A provider's aggregates and usages, and the usages of a project."""

    @route("GET", "/resource_providers/{uuid}/aggregates")
    async def get_aggregates(self, request: Request, uuid: str) -> Response:
        """The aggregates that a provider is in."""
        shows_generation = version_of(request) >= (1, 19)

        def work(ctx: Context) -> dict[str, Any]:
            rp = provider(ctx, uuid)
            generation = {"resource_provider_generation": rp["generation"]}
            shown = {"aggregates": providers.get_aggregates(ctx, rp)}
            return {**shown, **(generation if shows_generation else {})}

        return Response(200, await self.run(work))

    @route("PUT", "/resource_providers/{uuid}/aggregates")
    async def set_aggregates(self, request: Request, uuid: str) -> Response:
        """Put a provider into exactly these aggregates; from version 1.19 on guarded by the generation."""
        guarded = version_of(request) >= (1, 19)
        body = extract(request, "aggregates" if guarded else "old aggregates")

        def work(ctx: Context) -> dict[str, Any]:
            if not guarded:
                providers.set_aggregates(ctx, provider(ctx, uuid), body)
                return {"aggregates": body}
            rp = _at_generation(ctx, uuid, body["resource_provider_generation"])
            providers.set_aggregates(ctx, rp, body["aggregates"])
            providers.increment_generation(ctx, rp)
            generation = {"resource_provider_generation": rp["generation"]}
            return {"aggregates": body["aggregates"], **generation}

        return Response(200, await self.run(work))

    @route("GET", "/resource_providers/{uuid}/usages")
    async def list_usages(self, request: Request, uuid: str) -> Response:
        """What is used of a provider."""

        def work(ctx: Context) -> dict[str, Any]:
            rp = provider(ctx, uuid, _MISSING)
            used = usage.of_provider(ctx, rp)
            return {"resource_provider_generation": rp["generation"], "usages": used}

        return Response(200, await self.run(work))

    @route("GET", "/usages")
    async def get_total_usages(self, request: Request) -> Response:
        """What a project uses, or one user of it."""
        project, user = request.param("project_id"), request.param("user_id")
        if project is None:
            raise bad_request(
                "Invalid query string parameters: 'project_id' is a required property"
            )
        by_type = version_of(request) >= (1, 38)
        total = usage.by_consumer_type if by_type else usage.of_project
        return Response(200, {"usages": await self.run(lambda ctx: total(ctx, project, user))})

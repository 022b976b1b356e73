"""Allocations, of a consumer, of several and of a provider (`placement/handlers/allocation.py`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from simnova.messaging.rest import Request, Response, route
from simnova.placement.context import Context
from simnova.placement.errors import (
    InvalidInventory,
    NotFound,
    bad_request,
    conflict,
    not_found,
)
from simnova.placement.handlers.base import Handlers, Version, provider, version_of
from simnova.placement.objects import allocation, consumer
from simnova.placement.schemas import extract

_UUID = re.compile("[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")


def _serialize(ctx: Context, uuid: str, version: Version) -> dict[str, Any]:
    shown: dict[str, Any] = {"allocations": allocation.of_consumer(ctx, uuid)}
    who = consumer.describe(ctx, uuid)
    if not shown["allocations"] or who is None or version < (1, 12):
        return shown
    shown |= {"project_id": who["project_id"], "user_id": who["user_id"]}
    if version >= (1, 28):
        shown["consumer_generation"] = who["generation"]
    if version >= (1, 38):
        shown["consumer_type"] = who["consumer_type"] or "unknown"
    return shown


def _replace(ctx: Context, wanted: Mapping[str, Any], version: Version, whom: str) -> None:
    """Write the allocations of several consumers; errors in the handler's words."""
    consumers = [consumer.ensure(ctx, uuid, given, version) for uuid, given in wanted.items()]
    lines = [
        line
        for one, given in zip(consumers, wanted.values(), strict=True)
        for line in allocation.wanted(ctx, one, given["allocations"])
    ]
    try:
        allocation.replace_all(ctx, consumers, lines)
    except NotFound as error:
        raise bad_request(f"Unable to allocate inventory {whom}{error}") from None
    except InvalidInventory as error:
        raise conflict(f"Unable to allocate inventory: {error}") from None


class Allocations(Handlers):
    """`/allocations` and a provider's allocations."""

    @route("GET", "/allocations/{uuid}")
    async def list_for_consumer(self, request: Request, uuid: str) -> Response:
        """What a consumer uses; nothing is no error."""
        version = version_of(request)
        return Response(200, await self.run(lambda ctx: _serialize(ctx, uuid, version)))

    @route("GET", "/resource_providers/{uuid}/allocations")
    async def list_for_resource_provider(self, request: Request, uuid: str) -> Response:
        """Who uses what of a provider."""
        generations = version_of(request) >= (1, 28)

        def work(ctx: Context) -> dict[str, Any]:
            rp = provider(ctx, uuid, "Resource provider '%(uuid)s' not found: %(error)s")
            shown = allocation.of_provider(ctx, rp, generations=generations)
            return {"allocations": shown, "resource_provider_generation": rp["generation"]}

        return Response(200, await self.run(work))

    @route("PUT", "/allocations/{uuid}")
    async def set_allocations_for_consumer(self, request: Request, uuid: str) -> Response:
        """Give a consumer exactly these allocations, all or nothing."""
        version = version_of(request)
        if not _UUID.fullmatch(uuid):
            raise bad_request(f"Malformed consumer_uuid: {uuid}")
        body = extract(request, "allocations", version)
        whom = f"for consumer {uuid}: "
        await self.run(lambda ctx: _replace(ctx, {uuid: body}, version, whom))
        return Response(204)

    @route("POST", "/allocations")
    async def set_allocations(self, request: Request) -> Response:
        """The same for several consumers at once: how allocations move from one to another."""
        version = version_of(request)
        body = extract(request, "allocations of many", version)
        await self.run(lambda ctx: _replace(ctx, body, version, ""))
        return Response(204)

    @route("DELETE", "/allocations/{uuid}")
    async def delete_allocations(self, request: Request, uuid: str) -> Response:
        """Take everything from a consumer, without asking for its generation."""
        if not await self.run(lambda ctx: allocation.delete_all(ctx, uuid)):
            raise not_found(f"No allocations for consumer '{uuid}'")
        return Response(204)

"""A server's metadata over HTTP (`nova/api/openstack/compute/server_metadata.py`)."""

from __future__ import annotations

from typing import Any

from simnova.messaging.rest import Fault, Request, Response, route
from simnova.nova.api.of_server import OfServer, refusals
from simnova.nova.api.validation import validate

_PATH = "/v2.1/servers/{server_id}/metadata"


class ServerMetadataController(OfServer):
    """`/servers/{id}/metadata`."""

    @route("GET", _PATH)
    async def index(self, request: Request, server_id: str) -> Response:
        """All items."""
        _, instance = await self.server(request, server_id)
        return Response(200, {"metadata": instance.metadata})

    @route("POST", _PATH)
    async def create(self, request: Request, server_id: str) -> Response:
        """Set items; the others stay."""
        validate(request.body, "servers.metadata_items")
        new = await self._update(request, server_id, request.body["metadata"])
        return Response(200, {"metadata": new})

    @route("PUT", _PATH)
    async def update_all(self, request: Request, server_id: str) -> Response:
        """Set items; the others go."""
        validate(request.body, "servers.metadata_items")
        new = await self._update(request, server_id, request.body["metadata"], delete=True)
        return Response(200, {"metadata": new})

    @route("GET", _PATH + "/{key}")
    async def show(self, request: Request, server_id: str, key: str) -> Response:
        """One item."""
        _, instance = await self.server(request, server_id)
        _check_there(instance.metadata, key)
        return Response(200, {"meta": {key: instance.metadata[key]}})

    @route("PUT", _PATH + "/{key}")
    async def update(self, request: Request, server_id: str, key: str) -> Response:
        """Set one item."""
        validate(request.body, "servers.metadata_item")
        if key not in request.body["meta"]:
            raise Fault(400, "Request body and URI mismatch")
        await self._update(request, server_id, request.body["meta"])
        return Response(200, {"meta": request.body["meta"]})

    @route("DELETE", _PATH + "/{key}")
    async def delete(self, request: Request, server_id: str, key: str) -> Response:
        """Remove one item."""
        context, instance = await self.server(request, server_id)
        _check_there(instance.metadata, key)
        async with refusals("delete metadata"):
            await self.compute_api.delete_instance_metadata(context, instance, key)
        return Response(204)

    async def _update(
        self, request: Request, server_id: str, items: dict[str, str], delete: bool = False
    ) -> dict[str, str]:
        context, instance = await self.server(request, server_id)
        async with refusals("update metadata"):
            return await self.compute_api.update_instance_metadata(context, instance, items, delete)


def _check_there(metadata: dict[str, Any], key: str) -> None:
    if key not in metadata:
        raise Fault(404, "Metadata item was not found")

"""A server's tags over HTTP, from 2.26 on (`nova/api/openstack/compute/server_tags.py`)."""

from __future__ import annotations

from simnova.messaging.rest import Fault, Request, Response, route
from simnova.nova import exception
from simnova.nova.api.of_server import OfServer
from simnova.nova.api.server_actions import invalid_state
from simnova.nova.api.validation import validate
from simnova.nova.api.versions import version_of
from simnova.nova.context import RequestContext
from simnova.nova.objects import tag as tags
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.states import VmState

_PATH = "/v2.1/servers/{server_id}/tags"
_STATES = (VmState.ACTIVE, VmState.PAUSED, VmState.SUSPENDED, VmState.STOPPED)


class ServerTagsController(OfServer):
    """`/servers/{id}/tags`."""

    @route("GET", _PATH)
    async def index(self, request: Request, server_id: str) -> Response:
        """All of them."""
        context, instance = await self._of(request, server_id)
        return Response(200, {"tags": await tags.get_by_resource_id(context, instance.uuid)})

    @route("GET", _PATH + "/{tag}")
    async def show(self, request: Request, server_id: str, tag: str) -> Response:
        """Whether it has one: 204 or 404."""
        context, instance = await self._of(request, server_id)
        if tag not in await tags.get_by_resource_id(context, instance.uuid):
            raise Fault(404, f"Server {server_id} has no tag '{tag}'")
        return Response(204)

    @route("PUT", _PATH + "/{tag}")
    async def update(self, request: Request, server_id: str, tag: str) -> Response:
        """Put one more on it: 201, or 204 where it has it."""
        context, instance = await self._of(request, server_id, "update tag")
        try:
            validate(tag, "server_tags.tag")
        except exception.ValidationError as error:
            wrong = str(error).rpartition(f"Value: {tag}. ")[2]
            raise Fault(
                400,
                f"Tag '{tag}' is invalid. It must be a non empty string without characters '/' and ','. "
                f"Validation error message: {wrong}",
            ) from None
        held = await tags.get_by_resource_id(context, instance.uuid)
        if len(held) >= tags.MAX_TAG_COUNT:
            limit = tags.MAX_TAG_COUNT
            raise Fault(400, f"The number of tags exceeded the per-server limit {limit}")
        if tag in held:
            return Response(204)
        await tags.create(context, instance.uuid, tag)
        return Response(201)

    @route("PUT", _PATH)
    async def update_all(self, request: Request, server_id: str) -> Response:
        """Put these on it; others go."""
        context, instance = await self._of(request, server_id, "update tags")
        validate(request.body, "server_tags.update_all")
        held = await tags.replace(context, instance.uuid, request.body["tags"])
        return Response(200, {"tags": held})

    @route("DELETE", _PATH + "/{tag}")
    async def delete(self, request: Request, server_id: str, tag: str) -> Response:
        """Take one off."""
        context, instance = await self._of(request, server_id, "delete tag")
        await tags.destroy(context, instance.uuid, tag)
        return Response(204)

    @route("DELETE", _PATH)
    async def delete_all(self, request: Request, server_id: str) -> Response:
        """Take all off."""
        context, instance = await self._of(request, server_id, "delete tags")
        await tags.replace(context, instance.uuid, [])
        return Response(204)

    async def _of(
        self, request: Request, server_id: str, action: str | None = None
    ) -> tuple[RequestContext, Instance]:
        """The server; where something is to be changed, one that is neither building nor in ERROR."""
        if version_of(request) < (2, 26):
            raise Fault(404, "The resource could not be found.")
        context, instance = await self.server(request, server_id)
        if action and instance.vm_state not in _STATES:
            error = exception.InstanceInvalidState(
                attr="vm_state",
                instance_uuid=instance.uuid,
                state=instance.vm_state,
                method=action,
            )
            raise Fault(409, invalid_state(error, action))
        return context, instance

"""What was done to a server, over HTTP (`nova/api/openstack/compute/instance_actions.py`)."""

from __future__ import annotations

from typing import Any

from simnova.messaging.rest import Fault, Request, Response, route
from simnova.nova.api.of_server import OfServer
from simnova.nova.api.versions import Version, version_of
from simnova.nova.objects.instance_action import InstanceActionEvent

_ACTION = (
    "action",
    "instance_uuid",
    "request_id",
    "user_id",
    "project_id",
    "start_time",
    "message",
)
_EVENT = ("event", "start_time", "finish_time", "result", "traceback")


class InstanceActionsController(OfServer):
    """`/servers/{id}/os-instance-actions`."""

    @route("GET", "/v2.1/servers/{server_id}/os-instance-actions")
    async def index(self, request: Request, server_id: str) -> Response:
        """All actions, the last first."""
        context, instance = await self.server(request, server_id)
        found = await InstanceActionEvent.get_by_instance(context, instance.uuid)
        shown = [_action(one, version_of(request)) for one in reversed(found)]
        return Response(200, {"instanceActions": shown})

    @route("GET", "/v2.1/servers/{server_id}/os-instance-actions/{request_id}")
    async def show(self, request: Request, server_id: str, request_id: str) -> Response:
        """The action of one request, with what each service did in it."""
        context, instance = await self.server(request, server_id)
        found = await InstanceActionEvent.get_by_instance(context, instance.uuid)
        mine = [one for one in found if one["request_id"] == request_id]
        if not mine:
            raise Fault(404, f"Action {request_id} not found")
        version = version_of(request)
        shown = _action(mine[-1], version)
        if context.is_admin or version >= (2, 51):
            shown["events"] = [_event(one, context.is_admin) for one in mine[-1]["events"]]
        return Response(200, {"instanceAction": shown})


def _action(row: dict[str, Any], version: Version) -> dict[str, Any]:
    more = {"updated_at": row["updated_at"]} if version >= (2, 58) else {}
    return {name: row[name] for name in _ACTION} | more


def _event(row: dict[str, Any], is_admin: bool) -> dict[str, Any]:
    names = _EVENT if is_admin else [name for name in _EVENT if name != "traceback"]
    return {name: row[name] for name in names} | ({"host": row["host"]} if is_admin else {})

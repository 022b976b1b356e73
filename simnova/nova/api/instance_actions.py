"""What was done to a server, over HTTP (`nova/api/openstack/compute/instance_actions.py`)."""

from __future__ import annotations

import hashlib
from typing import Any

from simnova.messaging.rest import Fault, Request, Response, route
from simnova.nova.api.of_server import OfServer
from simnova.nova.api.paging import changes, limit_of, next_page
from simnova.nova.api.versions import Version, version_of
from simnova.nova.api.views import naive
from simnova.nova.context import RequestContext
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.instance_action import InstanceActionEvent

_ACTION = ("action", "instance_uuid", "request_id", "user_id", "project_id", "message")
_DELETED_TOO: Version = (2, 21)
_PAGES: Version = (2, 58)


class InstanceActionsController(OfServer):
    """`/servers/{id}/os-instance-actions`."""

    @route("GET", "/v2.1/servers/{server_id}/os-instance-actions")
    async def index(self, request: Request, server_id: str) -> Response:
        """All actions, the last first; from 2.58 on in pages and by the time of their last change."""
        found, _, _ = await self._actions(request, server_id)
        version = version_of(request)
        if version < _PAGES:
            return Response(200, {"instanceActions": [_action(one, version) for one in found]})
        page = _after(_changed(found, request), request.param("marker"))
        page = page[: limit_of(self.compute_api.conf, request)]
        shown = [_action(one, version) for one in page]
        last = page[-1]["request_id"] if page else None
        return Response(200, {"instanceActions": shown, **next_page("links", request, page, last)})

    @route("GET", "/v2.1/servers/{server_id}/os-instance-actions/{request_id}")
    async def show(self, request: Request, server_id: str, request_id: str) -> Response:
        """The action of one request, with what each service did in it."""
        found, context, instance = await self._actions(request, server_id)
        mine = [one for one in found if one["request_id"] == request_id]
        if not mine:
            raise Fault(404, f"Action {request_id} not found")
        version = version_of(request)
        shown = _action(mine[0], version)
        if context.is_admin or version >= (2, 51):
            project = mine[0]["project_id"] or instance.project_id
            events = reversed(mine[0]["events"])
            shown["events"] = [_event(one, context.is_admin, version, project) for one in events]
        return Response(200, {"instanceAction": shown})

    async def _actions(
        self, request: Request, server_id: str
    ) -> tuple[list[dict[str, Any]], RequestContext, Instance]:
        """The actions of a server, a deleted one's too from 2.21 on; the last first."""
        deleted_too = version_of(request) >= _DELETED_TOO
        context, instance = await self.server(request, server_id, read_deleted=deleted_too)
        found = await InstanceActionEvent.get_by_instance(context, instance.uuid)
        return found[::-1], context, instance


def _changed(found: list[dict[str, Any]], request: Request) -> list[dict[str, Any]]:
    since, before = changes(request)
    return [
        one
        for one in found
        if (not since or _updated(one) >= since) and (not before or _updated(one) <= before)
    ]


def _after(found: list[dict[str, Any]], marker: str | None) -> list[dict[str, Any]]:
    if marker is None:
        return found
    places = [number for number, one in enumerate(found) if one["request_id"] == marker]
    if not places:
        raise Fault(400, f"Marker {marker} could not be found.")
    return found[places[0] + 1 :]


def _updated(row: dict[str, Any]) -> str:
    """When an event of it last began or ended."""
    times = [one[name] for one in row["events"] for name in ("start_time", "finish_time")]
    return str(max([row["start_time"], *filter(None, times)]))


def _action(row: dict[str, Any], version: Version) -> dict[str, Any]:
    more = {"updated_at": naive(_updated(row))} if version >= _PAGES else {}
    shown = {name: row[name] for name in _ACTION}
    return {**shown, "start_time": naive(row["start_time"]), **more}


def _event(
    row: dict[str, Any], is_admin: bool, version: Version, project: str | None
) -> dict[str, Any]:
    shown = {
        "event": row["event"],
        "start_time": naive(row["start_time"]),
        "finish_time": naive(row["finish_time"]),
        "result": row["result"],
    }
    if is_admin:
        shown["traceback"] = row["traceback"]
    if version >= (2, 62):
        shown["hostId"] = _host_id(project, row["host"])
        shown |= {"host": row["host"]} if is_admin else {}
    if version >= (2, 84) and is_admin:
        shown["details"] = row["details"]
    return shown


def _host_id(project: str | None, host: str | None) -> str:
    return hashlib.sha224(f"{project}{host}".encode()).hexdigest() if host else ""

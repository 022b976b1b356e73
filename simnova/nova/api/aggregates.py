"""Host aggregates over HTTP (`nova/api/openstack/compute/aggregates.py`)."""

from __future__ import annotations

from typing import Any

from simnova.exceptions import NovaError
from simnova.messaging.rest import Fault, Request, Response, route
from simnova.nova import exception
from simnova.nova.api.auth import Auth
from simnova.nova.api.controller import Controller, integer, the_action
from simnova.nova.api.validation import validate
from simnova.nova.api.versions import version_of
from simnova.nova.api.views import naive
from simnova.nova.compute.api.aggregate import AggregateAPI
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.aggregate import Aggregate

LOG = getLogger("nova.api.openstack.compute.aggregates")

_POLICY = "os_compute_api:os-aggregates:%s"
_NOT_THERE = (
    exception.AggregateNotFound,
    exception.AggregateHostNotFound,
    exception.ComputeHostNotFound,
)


class AggregateController(Controller):
    """`/os-aggregates`, for administrators."""

    def __init__(self, auth: Auth, aggregate_api: AggregateAPI) -> None:
        super().__init__(auth)
        self.api = aggregate_api

    @route("GET", "/v2.1/os-aggregates")
    async def index(self, request: Request) -> Response:
        """All of them."""
        context = await self.admin(request, _POLICY % "index")
        found = await Aggregate.get_all(context)
        return Response(200, {"aggregates": [_shown(request, one) for one in found]})

    @route("POST", "/v2.1/os-aggregates")
    async def create(self, request: Request) -> Response:
        """A new one, with a zone if it is to be one; 409 for a name that is taken."""
        context = await self.admin(request, _POLICY % "create")
        validate(request.body, "aggregates.create")
        asked = request.body["aggregate"]
        zone = asked.get("availability_zone")
        try:
            made = await self.api.create_aggregate(context, asked["name"], zone)
        except exception.AggregateNameExists as error:
            raise Fault(409, str(error)) from None
        shown = _shown(request, made)
        return Response(200, {"aggregate": _without(shown, "hosts", "metadata")})

    @route("GET", "/v2.1/os-aggregates/{id}")
    async def show(self, request: Request, id: str) -> Response:
        """One with its hosts and metadata."""
        context = await self.admin(request, _POLICY % "show")
        found = await Aggregate.get_by_id(context, integer(id, "id"))
        return _answer(request, found)

    @route("PUT", "/v2.1/os-aggregates/{id}")
    async def update(self, request: Request, id: str) -> Response:
        """A new name or zone."""
        context = await self.admin(request, _POLICY % "update")
        validate(request.body, "aggregates.update")
        values = dict(request.body["aggregate"])
        if "name" in values:
            values["name"] = values["name"].strip()
        try:
            changed = await self.api.update_aggregate(context, integer(id, "id"), values)
        except exception.AggregateNameExists as error:
            raise Fault(409, str(error)) from None
        return _answer(request, changed)

    @route("DELETE", "/v2.1/os-aggregates/{id}")
    async def delete(self, request: Request, id: str) -> Response:
        """Delete one without hosts."""
        context = await self.admin(request, _POLICY % "delete")
        await self.api.delete_aggregate(context, integer(id, "id"))
        return Response(200)

    @route("POST", "/v2.1/os-aggregates/{id}/action")
    async def act(self, request: Request, id: str) -> Response:
        """`add_host`, `remove_host` or `set_metadata`."""
        context = await self.context(request)
        actions = {
            "add_host": self._add_host,
            "remove_host": self._remove_host,
            "set_metadata": self._set_metadata,
        }
        name = the_action(request.body, actions)
        context = await self.admin(request, _POLICY % name)
        validate(request.body, f"aggregates.{name}")
        changed = await actions[name](context, integer(id, "id"), request.body[name])
        return _answer(request, changed)

    async def _add_host(self, context: RequestContext, id: int, asked: dict[str, Any]) -> Aggregate:
        try:
            return await self.api.add_host_to_aggregate(context, id, asked["host"])
        except (exception.AggregateHostExists, exception.InvalidAggregateAction) as error:
            raise Fault(409, str(error)) from None

    async def _remove_host(
        self, context: RequestContext, id: int, asked: dict[str, Any]
    ) -> Aggregate:
        host = asked["host"]
        try:
            return await self.api.remove_host_from_aggregate(context, id, host)
        except _NOT_THERE as error:
            _log_removal(host, id, error)
            raise Fault(404, f"Cannot remove host {host} in aggregate {id}") from None
        except (
            exception.InvalidAggregateAction,
            exception.ResourceProviderUpdateConflict,
        ) as error:
            _log_removal(host, id, error)
            raise Fault(409, str(error)) from None

    async def _set_metadata(
        self, context: RequestContext, id: int, asked: dict[str, Any]
    ) -> Aggregate:
        return await self.api.update_aggregate_metadata(context, id, asked["metadata"])


def _log_removal(host: str, id: int, error: NovaError) -> None:
    LOG.error("Failed to remove host %s from aggregate %s. Error: %s", host, id, str(error))


def _answer(request: Request, aggregate: Aggregate) -> Response:
    return Response(200, {"aggregate": _shown(request, aggregate)})


def _shown(request: Request, found: Aggregate) -> dict[str, Any]:
    shown = {
        "id": found.id,
        "uuid": found.uuid,
        "name": found.name,
        "availability_zone": found.availability_zone,
        "hosts": found.hosts,
        "metadata": found.metadata,
        "created_at": naive(found.created_at),
        "updated_at": naive(found.updated_at),
        "deleted": False,
        "deleted_at": None,
    }
    return shown if version_of(request) >= (2, 41) else _without(shown, "uuid")


def _without(shown: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in shown.items() if name not in names}

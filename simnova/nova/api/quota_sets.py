"""Quotas of projects and users over HTTP (`nova/api/openstack/compute/quota_sets.py`)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from simnova.messaging.rest import Fault, Request, Response, route
from simnova.nova.api.auth import Auth
from simnova.nova.api.controller import Controller, truth
from simnova.nova.api.policy import require_project
from simnova.nova.api.schemas.quota_sets import FILES, NETWORK, UPDATE
from simnova.nova.api.validation import validate, versioned
from simnova.nova.api.versions import version_of
from simnova.nova.context import RequestContext
from simnova.nova.objects.quotas import Quotas
from simnova.nova.quota import DbQuotaDriver

_POLICY = "os_compute_api:os-quota-sets:%s"


class QuotaSetsController(Controller):
    """`/os-quota-sets/{project}`, with `?user_id=` a user's within it; only administrators set them."""

    def __init__(self, auth: Auth, quotas: DbQuotaDriver) -> None:
        super().__init__(auth)
        self.quotas = quotas

    @route("GET", "/v2.1/os-quota-sets/{id}")
    async def show(self, request: Request, id: str) -> Response:
        """The limits."""
        context = await self._asked(request, id, "show")
        return _answer(request, await self._limits(request, context, id), id)

    @route("GET", "/v2.1/os-quota-sets/{id}/detail")
    async def detail(self, request: Request, id: str) -> Response:
        """The limits, and what is in use."""
        context = await self._asked(request, id, "detail")
        limits = await self._limits(request, context, id)
        used = await self.quotas.get_usages(context, id, request.param("user_id"))
        reserved = self.quotas.reserved
        found = {
            name: {"limit": limit, "in_use": used[name], "reserved": reserved}
            for name, limit in limits.items()
        }
        return _answer(request, found, id)

    @route("GET", "/v2.1/os-quota-sets/{id}/defaults")
    async def defaults(self, request: Request, id: str) -> Response:
        """The limits that hold where none were set."""
        context = await self.context(request)
        await self._verify_project_id(context, id)
        return _answer(request, await self.quotas.get_class_quotas(context), id)

    @route("PUT", "/v2.1/os-quota-sets/{id}")
    async def update(self, request: Request, id: str) -> Response:
        """Set limits; without `force` not below what is in use, nor a user's above what the project has left."""
        context = await self.admin(request, _POLICY % "update")
        validate(request.body, versioned(version_of(request), UPDATE))
        await self._verify_project_id(context, id)
        asked, user = dict(request.body["quota_set"]), request.param("user_id")
        force = truth(asked.pop("force", False))
        wanted = {name: int(value) for name, value in asked.items() if value != ""}
        if not force:
            settable = await self.quotas.get_settable_quotas(context, id, user)
            for name, limit in wanted.items():
                _check(name, limit, *settable[name])
        for name, limit in wanted.items():
            await Quotas.set_limit(context, id, name, limit, user)
        return _answer(request, await self._limits(request, context, id))

    @route("DELETE", "/v2.1/os-quota-sets/{id}")
    async def delete(self, request: Request, id: str) -> Response:
        """Forget what was set: for the project and its users, or for one of them."""
        context = await self.admin(request, _POLICY % "delete")
        await Quotas.destroy_all(context, id, request.param("user_id"))
        return Response(202)

    async def _limits(
        self, request: Request, context: RequestContext, project_id: str
    ) -> dict[str, int]:
        return await self.quotas.get_quotas(context, project_id, request.param("user_id"))

    async def _asked(self, request: Request, project_id: str, rule: str) -> RequestContext:
        context = await self.context(request)
        require_project(context, project_id, _POLICY % rule)
        await self._verify_project_id(context, project_id)
        return context

    async def _verify_project_id(self, context: RequestContext, project_id: str) -> None:
        """Ask Keystone; raises `Fault` 400 where there is no such project. Who may not know is believed."""
        headers = {"X-Auth-Token": str(context.auth_token)}
        path = f"/v3/projects/{project_id}"
        answer = await self.auth.rest.request("keystone", "GET", path, headers=headers)
        if answer.status == 404:
            raise Fault(400, f"Project ID {project_id} is not a valid project.")


def _check(name: str, limit: int, minimum: int, maximum: int) -> None:
    if _size(limit) < _size(minimum):
        text = "must be greater than or equal to already used and reserved"
        raise Fault(400, f"Quota limit {limit} for {name} {text} {minimum}.")
    if _size(limit) > _size(maximum):
        text = f"Quota limit {limit} for {name} must be less than or equal to {maximum}."
        raise Fault(400, text)


def _size(limit: int) -> float:
    return math.inf if limit == -1 else limit


def _answer(request: Request, found: Mapping[str, Any], project_id: str | None = None) -> Response:
    version = version_of(request)
    hidden = (*(NETWORK if version >= (2, 36) else ()), *(FILES if version >= (2, 57) else ()))
    shown = {name: value for name, value in found.items() if name not in hidden}
    return Response(200, {"quota_set": ({"id": project_id} if project_id else {}) | shown})

"""Server groups over HTTP (`nova/api/openstack/compute/server_groups.py`)."""

from __future__ import annotations

from typing import Any

from simnova.messaging.rest import Fault, Request, Response, route
from simnova.nova import exception
from simnova.nova.api.auth import Auth
from simnova.nova.api.controller import Controller
from simnova.nova.api.schemas.server_groups import CREATE
from simnova.nova.api.validation import validate, versioned
from simnova.nova.api.versions import version_of
from simnova.nova.compute.api import groups
from simnova.nova.context import RequestContext
from simnova.nova.objects.instance_group import InstanceGroup
from simnova.nova.quota import DbQuotaDriver


class ServerGroupController(Controller):
    """`/os-server-groups`: a project's own, all of them for administrators."""

    def __init__(self, auth: Auth, quotas: DbQuotaDriver) -> None:
        super().__init__(auth)
        self.quotas = quotas

    @route("GET", "/v2.1/os-server-groups")
    async def index(self, request: Request) -> Response:
        """The project's groups, with `all_projects` an administrator's view of all; `offset` and `limit` cut it."""
        context = await self.context(request)
        everyone = context.is_admin and request.param("all_projects") is not None
        found = await InstanceGroup.get_all(context, None if everyone else context.project_id)
        first, limit = _paging(request)
        shown = [
            await _shown(request, context, group)
            for group in found[first : None if limit is None else first + limit]
        ]
        return Response(200, {"server_groups": shown})

    @route("POST", "/v2.1/os-server-groups")
    async def create(self, request: Request) -> Response:
        """A new one: with a policy and rules from 2.64 on, before that with a list of one policy."""
        context = await self.context(request)
        version = version_of(request)
        validate(request.body, versioned(version, CREATE))
        await self._check(context, 1)
        asked = request.body["server_group"]
        rules = asked.get("rules", {})
        policy = asked["policy"] if version >= (2, 64) else asked["policies"][0]
        if policy != "anti-affinity" and rules:
            raise Fault(400, "Only anti-affinity policy supports rules.")
        made = InstanceGroup(
            name=asked["name"],
            policy=policy,
            rules={name: int(value) for name, value in rules.items()},
            project_id=context.project_id,
            user_id=context.user_id,
            context=context,
        )
        await made.create()
        if self.quotas.conf.quota.recheck_quota:
            await self._check(context, 0, made)
        return await _answer(request, context, made)

    async def _check(
        self, context: RequestContext, more: int, made: InstanceGroup | None = None
    ) -> None:
        """Raise `Fault` 403 where the quota is used up; a group that was made all the same goes."""
        try:
            await groups.check_server_groups(self.quotas, context, more)
        except exception.ServerGroupLimitExceeded as error:
            if made is not None:
                await made.destroy()
            raise Fault(403, str(error)) from None

    @route("GET", "/v2.1/os-server-groups/{id}")
    async def show(self, request: Request, id: str) -> Response:
        """One with its servers, deleted ones left out."""
        context = await self.context(request)
        return await _answer(request, context, await InstanceGroup.get_by_uuid(context, id))

    @route("DELETE", "/v2.1/os-server-groups/{id}")
    async def delete(self, request: Request, id: str) -> Response:
        """Delete it; its servers stay."""
        context = await self.context(request)
        await (await InstanceGroup.get_by_uuid(context, id)).destroy()
        return Response(204)


def _paging(request: Request) -> tuple[int, int | None]:
    """`offset` and `limit`; raises `Fault` 400 where one is no number."""
    try:
        limit = request.param("limit")
        return int(request.param("offset") or 0), None if limit is None else int(limit)
    except ValueError:
        raise Fault(400, "offset and limit must be integers") from None


async def _answer(request: Request, context: RequestContext, group: InstanceGroup) -> Response:
    return Response(200, {"server_group": await _shown(request, context, group)})


async def _shown(request: Request, context: RequestContext, group: InstanceGroup) -> dict[str, Any]:
    version = version_of(request)
    shown: dict[str, Any] = {"id": group.uuid, "name": group.name}
    if version >= (2, 64):
        shown |= {"policy": group.policy, "rules": group.rules}
    else:
        shown |= {"policies": group.policies, "metadata": {}}
    shown["members"] = await groups.get_not_deleted(context, group.members)
    if version >= (2, 13):
        shown |= {"project_id": group.project_id, "user_id": group.user_id}
    return shown

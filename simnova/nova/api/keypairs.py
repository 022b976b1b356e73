"""Key pairs over HTTP (`nova/api/openstack/compute/keypairs.py`)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from urllib.parse import urlencode

from simnova.messaging.rest import Fault, Request, Response, route
from simnova.nova import exception
from simnova.nova.api.auth import Auth
from simnova.nova.api.controller import Controller
from simnova.nova.api.policy import require_user
from simnova.nova.api.schemas.keypairs import CREATE
from simnova.nova.api.validation import validate, versioned
from simnova.nova.api.versions import version_of
from simnova.nova.api.views import naive
from simnova.nova.compute.api.keypair import KeypairAPI
from simnova.nova.context import RequestContext
from simnova.nova.objects.keypair import KeyPair
from simnova.nova.quota import DbQuotaDriver

_INDEX = ("name", "public_key", "fingerprint")


class KeypairController(Controller):
    """`/os-keypairs`: a user's own; from 2.10 on those of any user for an administrator."""

    def __init__(self, auth: Auth, quotas: DbQuotaDriver) -> None:
        super().__init__(auth)
        self.conf = quotas.conf
        self.api = KeypairAPI(quotas)

    @route("POST", "/v2.1/os-keypairs")
    async def create(self, request: Request) -> Response:
        """Note a public key (or a certificate, from 2.2 on) under a name."""
        version = version_of(request)
        context = await self.context(request)
        validate(request.body, versioned(version, CREATE))
        asked = request.body["keypair"]
        user = str(asked.get("user_id") or context.user_id)
        require_user(context, user, "os_compute_api:os-keypairs:create")
        try:
            made = await self.api.import_key_pair(
                context, user, asked["name"], asked["public_key"], asked.get("type", "ssh")
            )
        except exception.KeypairLimitExceeded as error:
            raise Fault(403, str(error)) from None
        body = {"keypair": _shown(request, made, (*_INDEX, "user_id"))}
        return Response(201 if version >= (2, 2) else 200, body)

    @route("GET", "/v2.1/os-keypairs")
    async def index(self, request: Request) -> Response:
        """All of a user's, in the order of their names; from 2.35 on in pages."""
        context, user = await self._whose(request, "index")
        limit, marker = self._page(request)
        try:
            found = await KeyPair.get_by_user(context, user, limit, marker)
        except exception.MarkerNotFound as error:
            raise Fault(400, str(error)) from None
        shown: dict[str, Any] = {
            "keypairs": [{"keypair": _shown(request, one, _INDEX)} for one in found]
        }
        if found and limit == len(found):
            shown["keypairs_links"] = [{"rel": "next", "href": _next(request, found[-1].name)}]
        return Response(200, shown)

    @route("GET", "/v2.1/os-keypairs/{id}")
    async def show(self, request: Request, id: str) -> Response:
        """One with all that is known of it."""
        context, user = await self._whose(request, "show")
        found = await KeyPair.get_by_name(context, user, id)
        times = {"created_at": naive(found.created_at), "updated_at": naive(found.updated_at)}
        more = {"user_id": user, "id": found.id, "deleted": False, "deleted_at": None, **times}
        return Response(200, {"keypair": {**_shown(request, found, _INDEX), **more}})

    @route("DELETE", "/v2.1/os-keypairs/{id}")
    async def delete(self, request: Request, id: str) -> Response:
        """Forget one; servers that were given it have it still."""
        context, user = await self._whose(request, "delete")
        await (await KeyPair.get_by_name(context, user, id)).destroy()
        return Response(204 if version_of(request) >= (2, 2) else 202)

    async def _whose(self, request: Request, rule: str) -> tuple[RequestContext, str]:
        """Who asks, and about whose key pairs; raises 403 for another's."""
        context = await self.context(request)
        asked = request.param("user_id") if version_of(request) >= (2, 10) else None
        user = str(asked or context.user_id)
        require_user(context, user, f"os_compute_api:os-keypairs:{rule}")
        return context, user

    def _page(self, request: Request) -> tuple[int | None, str | None]:
        """`limit` and `marker`, from 2.35 on; raises ValidationError for a limit that is no number."""
        if version_of(request) < (2, 35):
            return None, None
        most: int = self.conf.api.max_limit
        text = request.param("limit")
        if text is not None and not text.isdigit():
            detail = f"Invalid input for query parameters limit. Value: {text}. "
            raise exception.ValidationError(detail=f"{detail}'{text}' does not match '^[0-9]*$'")
        return min(most, int(text)) if text else most, request.param("marker")


def _shown(request: Request, found: KeyPair, names: Collection[str]) -> dict[str, Any]:
    kind = {"type": found.type} if version_of(request) >= (2, 2) else {}
    return {name: getattr(found, name) for name in names} | kind


def _next(request: Request, marker: str) -> str:
    given = {name: values[-1] for name, values in request.query.items()}
    query = urlencode(sorted({**given, "marker": marker}.items()))
    return f"http://nova-api/v2.1/os-keypairs?{query}"

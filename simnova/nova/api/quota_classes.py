"""Quota classes over HTTP, of which `default` is in use (`nova/api/openstack/compute/quota_classes.py`)."""

from __future__ import annotations

from collections.abc import Mapping

from simnova.messaging.rest import Fault, Request, Response, route
from simnova.nova.api.auth import Auth
from simnova.nova.api.controller import Controller
from simnova.nova.api.schemas.quota_sets import CLASSES, FILES, NETWORK
from simnova.nova.api.validation import validate, versioned
from simnova.nova.api.versions import version_of
from simnova.nova.objects.quotas import Quotas
from simnova.nova.quota import DbQuotaDriver

_POLICY = "os_compute_api:os-quota-class-sets:%s"


class QuotaClassSetsController(Controller):
    """`/os-quota-class-sets/{name}`, for administrators."""

    def __init__(self, auth: Auth, quotas: DbQuotaDriver) -> None:
        super().__init__(auth)
        self.quotas = quotas

    @route("GET", "/v2.1/os-quota-class-sets/{id}")
    async def show(self, request: Request, id: str) -> Response:
        """The limits of a class."""
        context = await self.admin(request, _POLICY % "show")
        return _answer(request, await self.quotas.get_class_quotas(context, id), id)

    @route("PUT", "/v2.1/os-quota-class-sets/{id}")
    async def update(self, request: Request, id: str) -> Response:
        """Set limits of a class; those of `default` hold for every project that has none of its own."""
        context = await self.admin(request, _POLICY % "update")
        validate(request.body, versioned(version_of(request), CLASSES))
        if len(id) > 255:
            raise Fault(400, f"quota_class_name has {len(id)} characters, more than 255.")
        for name, limit in request.body["quota_class_set"].items():
            await Quotas.update_class(context, id, name, int(limit))
        return _answer(request, await self.quotas.get_class_quotas(context, id))


def _answer(request: Request, limits: Mapping[str, int], name: str | None = None) -> Response:
    version = version_of(request)
    old = NETWORK if version >= (2, 50) else ("server_groups", "server_group_members")
    hidden = (*old, *(FILES if version >= (2, 57) else ()))
    shown = {key: limit for key, limit in limits.items() if key not in hidden}
    return Response(200, {"quota_class_set": ({"id": name} if name else {}) | shown})

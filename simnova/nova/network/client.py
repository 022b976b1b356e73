"""Neutron's client as Nova uses it: requests and refusals (`get_client` in `nova/network/neutron.py`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from simnova.exceptions import NovaError
from simnova.messaging.rest import Response, Rest
from simnova.nova.adapter import Adapter
from simnova.nova.context import RequestContext

__door__ = True

Filters = Mapping[str, str | bool | Sequence[str] | None]


class NeutronClientException(NovaError):
    """Neutron has refused a request: `type` is its own word for why, `status_code` the HTTP status."""

    msg_fmt = "%(message)s"

    @property
    def type(self) -> str:
        """Neutron's name for the refusal."""
        return str(self.kwargs.get("type", ""))

    @property
    def status_code(self) -> int:
        """The HTTP status of the answer."""
        return int(self.kwargs.get("status_code", 0))


class Client:
    """Requests for one resource or many, in a user's name or, `admin`, in Nova's own."""

    def __init__(
        self, rest: Rest, context: RequestContext, admin: bool = False, http_retries: int = 0
    ) -> None:
        self._adapter = Adapter(rest, "neutron", http_retries)
        self._context = replace(context.elevated(), auth_token=None) if admin else context

    async def list(self, resource: str, **filters: Any) -> list[dict[str, Any]]:
        """`GET /v2.0/RESOURCEs` with filters; a list is as many parameters."""
        url = f"/v2.0/{_path(resource)}s"
        query = _encoded(filters)
        body = await self._ask("GET", f"{url}?{query}" if query else url)
        found: list[dict[str, Any]] = body[f"{resource}s"]
        return found

    async def show(self, resource: str, ident: str, **filters: Any) -> dict[str, Any]:
        """`GET /v2.0/RESOURCEs/ID`."""
        url = f"/v2.0/{_path(resource)}s/{ident}"
        query = _encoded(filters)
        return await self._one("GET", f"{url}?{query}" if query else url, resource)

    async def create(self, resource: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """`POST /v2.0/RESOURCEs`."""
        return await self._one("POST", f"/v2.0/{_path(resource)}s", resource, values)

    async def update(self, resource: str, ident: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """`PUT /v2.0/RESOURCEs/ID`."""
        return await self._one("PUT", f"/v2.0/{_path(resource)}s/{ident}", resource, values)

    async def delete(self, resource: str, ident: str) -> None:
        """`DELETE /v2.0/RESOURCEs/ID`."""
        await self._ask("DELETE", f"/v2.0/{_path(resource)}s/{ident}")

    async def _one(
        self, method: str, url: str, resource: str, values: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        body = await self._ask(method, url, None if values is None else {resource: values})
        return dict(body[resource])

    async def _ask(self, method: str, url: str, body: Any = None) -> Any:
        response = await self._adapter.send(self._context, method, url, body, None)
        if not response:
            raise _refusal(response)
        return response.body


def _path(resource: str) -> str:
    return resource.replace("_", "-")


def _encoded(filters: Mapping[str, Any]) -> str:
    pairs = [(name, value) for name, value in sorted(filters.items()) if value is not None]
    return urlencode(pairs, doseq=True)


def _refusal(response: Response) -> NeutronClientException:
    body = response.body if isinstance(response.body, dict) else {}
    shown = body.get("NeutronError", {})
    return NeutronClientException(
        message=shown.get("message", ""),
        type=shown.get("type", ""),
        status_code=response.status,
    )

"""How Nova's clients ask its neighbours: keystoneauth's `Adapter`, over the request door (`nova/utils.py`)."""

from __future__ import annotations

from typing import Any

from simnova.messaging.rest import Response, Rest
from simnova.nova.context import RequestContext

__door__ = True


class Adapter:
    """Requests to one service, with the headers that say who asks and within which request."""

    def __init__(self, rest: Rest, service: str) -> None:
        self.rest = rest
        self.service = service

    async def get(self, context: RequestContext, url: str, version: str | None = None) -> Response:
        """`GET url`; the url may carry a query, encoded."""
        return await self.send(context, "GET", url, None, version)

    async def post(
        self, context: RequestContext, url: str, body: Any, version: str | None = None
    ) -> Response:
        """`POST url` with a JSON body."""
        return await self.send(context, "POST", url, body, version)

    async def put(
        self, context: RequestContext, url: str, body: Any, version: str | None = None
    ) -> Response:
        """`PUT url` with a JSON body."""
        return await self.send(context, "PUT", url, body, version)

    async def delete(
        self, context: RequestContext, url: str, version: str | None = None
    ) -> Response:
        """`DELETE url`."""
        return await self.send(context, "DELETE", url, None, version)

    async def send(
        self,
        context: RequestContext,
        method: str,
        url: str,
        body: Any,
        version: str | None = None,
        **more: str,
    ) -> Response:
        """Any request, with `more` headers; raises `ConnectFailure` where nobody answers."""
        path, _, query = url.partition("?")
        headers = identity(context) | more
        if version is not None:
            headers["OpenStack-API-Version"] = f"{self.service} {version}"
        return await self.rest.request(
            self.service, method, path, query=query, body=body, headers=headers
        )


def identity(context: RequestContext) -> dict[str, str]:
    """The headers that say who asks: the user's token, or what the service is by its own right."""
    by_right = {
        "X-User-Id": context.user_id,
        "X-Project-Id": context.project_id,
        "X-Roles": ",".join(context.roles),
    }
    who = {"X-Auth-Token": context.auth_token} if context.auth_token else by_right
    found = {**who, "X-OpenStack-Request-ID": context.request_id}
    return {name: value for name, value in found.items() if value}

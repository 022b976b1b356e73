"""How Nova's clients ask its neighbours: keystoneauth's `Adapter`, over the request door (`nova/utils.py`)."""

from __future__ import annotations

from typing import Any

from simnova.messaging.rest import ConnectFailure, Response, Rest
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger

__door__ = True

LOG = getLogger("keystoneauth.session")

FIRST_DELAY = 0.5
"""Seconds until a connection that has failed is tried again; each time twice as many."""


class Adapter:
    """Requests to one service, with the headers that say who asks and within which request.

    Where the connection fails it is tried `connect_retries` times more.
    """

    def __init__(self, rest: Rest, service: str, connect_retries: int = 0) -> None:
        self.rest = rest
        self.service = service
        self.connect_retries = connect_retries

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
        return await persistently(
            self.rest,
            self.connect_retries,
            self.service,
            method,
            path,
            query=query,
            body=body,
            headers=headers,
        )


async def persistently(rest: Rest, connect_retries: int, *where: str, **request: Any) -> Response:
    """Ask as keystoneauth's session does: where the connection fails, so many times more, ever later."""
    for tries in range(connect_retries):
        try:
            return await rest.request(*where, **request)
        except ConnectFailure as error:
            delay = FIRST_DELAY * 2**tries
            text = "Failure: %s. Retrying in %.1fs. %s retries left"
            LOG.warning(text, error, delay, connect_retries - tries)
            await rest.clock.sleep(delay)
    return await rest.request(*where, **request)


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

"""Who is asking: the token is shown to Keystone, once (`keystonemiddleware.auth_token`, `nova/api/auth.py`)."""

from __future__ import annotations

from simnova.messaging.rest import ConnectFailure, Fault, Request, Rest
from simnova.nova.adapter import persistently
from simnova.nova.context import Place, RequestContext
from simnova.nova.log import getLogger

__door__ = True

LOG = getLogger("keystonemiddleware.auth_token")

MAX_RETRIES = 3
"""How often Keystone is asked again where it cannot be reached (`http_request_max_retries`)."""

CACHE_TIME = 300.0
"""Seconds that a validated token is believed without asking again (`token_cache_time`)."""


class Auth:
    """Turns a request's token into a context."""

    def __init__(self, rest: Rest, place: Place) -> None:
        self.rest = rest
        self.place = place
        self._known: dict[str, tuple[float, RequestContext]] = {}

    async def context(self, request: Request) -> RequestContext:
        """The context of a request, with a new request id.

        Raises `Fault` 401 where the token is not good, 503 where Keystone cannot be asked.
        """
        token = request.headers.get("x-auth-token", "")
        until, known = self._known.get(token, (0.0, None))
        if known is None or self.place.clock.now >= until:
            known = await self._validate(token)
            self._known[token] = (self.place.clock.now + CACHE_TIME, known)
        values = known.to_dict() | {"request_id": self._request_id()}
        return RequestContext.from_dict(values, self.place)

    def seen(self, request: Request) -> RequestContext | None:
        """Who asks, as far as is known without asking Keystone: None for a token that was never good."""
        return self._known.get(request.headers.get("x-auth-token", ""), (0.0, None))[1]

    def _request_id(self) -> str:
        task = self.place.clock.active
        request_id = task.request_id if task else None
        return request_id or f"req-{self.place.clock.uuid('request')}"

    async def _validate(self, token: str) -> RequestContext:
        headers = {"X-Auth-Token": token, "X-Subject-Token": token}
        try:
            answer = await persistently(
                self.rest, MAX_RETRIES, "keystone", "GET", "/v3/auth/tokens", headers=headers
            )
        except ConnectFailure as error:
            LOG.critical("Unable to validate token: %s", error)
            raise Fault(503, "The Keystone service is temporarily unavailable.") from error
        if not token or not answer:
            raise Fault(401, "The request you have made requires authentication.")
        found = answer.body["token"]
        roles = sorted(role["name"] for role in found["roles"])
        return RequestContext(
            user_id=found["user"]["id"],
            user_name=found["user"]["name"],
            project_id=found["project"]["id"],
            project_name=found["project"]["name"],
            is_admin="admin" in roles,
            roles=roles,
            auth_token=token,
        )

"""Who sends a request, as keystonemiddleware's `auth_token` finds out: the token is shown to Keystone.

A service of the cloud that acts by its own right (Nova's periodic tasks, say) has no user's token; its identity
travels in the headers that the middleware would set.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from simnova.messaging.rest import App, ConnectFailure, Fault, Request

__door__ = True

CACHE_TIME = 300.0
"""Seconds that a validated token is believed without asking again (`token_cache_time`)."""


class Identity(NamedTuple):
    """A user in a project, with roles."""

    user_id: str | None
    project_id: str | None
    roles: tuple[str, ...]

    @property
    def is_admin(self) -> bool:
        """Whether an administrator asks."""
        return "admin" in self.roles

    def may_see(self, project_id: str | None) -> bool:
        """Whether something of that project is for this user."""
        return self.is_admin or self.project_id == project_id


class GuardedApp(App):
    """An app whose requests need a token."""

    async def who(self, request: Request) -> Identity:
        """Who asks; raises a 401 where that cannot be told, a 503 where Keystone does not answer."""
        token = request.headers.get("x-auth-token")
        if token is not None:
            return await self._validated(token)
        headers = request.headers
        if "x-roles" not in headers and "x-project-id" not in headers:
            raise Fault(401, "The request you have made requires authentication.")
        roles = tuple(role for role in headers.get("x-roles", "").split(",") if role)
        return Identity(headers.get("x-user-id"), headers.get("x-project-id"), roles)

    async def _validated(self, token: str) -> Identity:
        if self.rest is None:
            raise Fault(503, "The Keystone service is temporarily unavailable.")
        cache: dict[str, tuple[float, Identity]] = vars(self).setdefault("tokens", {})
        until, identity = cache.get(token, (0.0, None))
        if identity is None or self.rest.clock.now >= until:
            identity = _identity(await self._token(token))
            cache[token] = (self.rest.clock.now + CACHE_TIME, identity)
        return identity

    async def _token(self, token: str) -> dict[str, Any]:
        headers = {"X-Auth-Token": token, "X-Subject-Token": token}
        assert self.rest is not None
        try:
            answer = await self.rest.request("keystone", "GET", "/v3/auth/tokens", headers=headers)
        except ConnectFailure:
            raise Fault(503, "The Keystone service is temporarily unavailable.") from None
        if not answer:
            raise Fault(401, "The request you have made requires authentication.")
        return dict(answer.body["token"])


def _identity(token: dict[str, Any]) -> Identity:
    project = token.get("project") or {}
    roles = tuple(sorted(role["name"] for role in token.get("roles", [])))
    return Identity(token["user"]["id"], project.get("id"), roles)

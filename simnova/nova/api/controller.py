"""What the controllers of the API share (`nova/api/openstack/wsgi.py`)."""

from __future__ import annotations

from simnova.messaging.rest import Request
from simnova.nova.api.auth import Auth
from simnova.nova.api.policy import require_admin
from simnova.nova.context import RequestContext


class Controller:
    """Answers for one resource: handlers marked with `route`, under Nova's names where it has them."""

    def __init__(self, auth: Auth) -> None:
        self.auth = auth

    async def context(self, request: Request) -> RequestContext:
        """Who asks. Raises `Fault` 401 where the token is not good."""
        return await self.auth.context(request)

    async def admin(self, request: Request, rule: str) -> RequestContext:
        """An administrator who asks; raises 403 for anyone else, naming the policy's rule."""
        context = await self.context(request)
        require_admin(context, rule)
        return context

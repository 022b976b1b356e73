"""What the controllers of the API share (`nova/api/openstack/wsgi.py`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from simnova.messaging.rest import Fault, Request
from simnova.nova import exception
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


def integer(value: str, name: str) -> int:
    """A whole number out of a path; raises InvalidInput."""
    try:
        return int(value)
    except ValueError:
        raise exception.InvalidInput(reason=f"{name} must be an integer") from None


def the_action(body: Any, known: Iterable[str]) -> str:
    """The one action that a body is for; raises `Fault` 400 in the words of `nova/api/openstack/wsgi.py`."""
    if not isinstance(body, dict) or len(body) != 1:
        raise Fault(400, "Malformed request body")
    (name,) = body
    if name not in set(known):
        raise Fault(400, f"There is no such action: {name}")
    return str(name)


def truth(value: Any) -> bool:
    """A boolean of a body, in whichever of Nova's spellings."""
    return str(value).lower() in ("true", "1", "on", "yes", "t", "y")

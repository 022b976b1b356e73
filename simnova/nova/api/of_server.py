"""What controllers of a server's parts share: the server comes first, and refusals are worded alike."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from simnova.messaging.rest import Fault, Request
from simnova.nova import exception
from simnova.nova.api.auth import Auth
from simnova.nova.api.controller import Controller
from simnova.nova.api.server_actions import NOT_SUPPORTED, invalid_state
from simnova.nova.compute.api import API
from simnova.nova.context import RequestContext
from simnova.nova.objects.instance import Instance


class OfServer(Controller):
    """`/servers/{id}/…`."""

    def __init__(self, auth: Auth, compute_api: API) -> None:
        super().__init__(auth)
        self.compute_api = compute_api

    async def server(
        self, request: Request, server_id: str, read_deleted: bool = False
    ) -> tuple[RequestContext, Instance]:
        """The server, and the context of its cell; raises InstanceNotFound."""
        context = await self.context(request)
        instance = await self.compute_api.get(context, server_id, read_deleted)
        return instance.context or context, instance


@asynccontextmanager
async def refusals(word: str) -> AsyncIterator[None]:
    """Refuse with 403 what a quota, with 409 what the state does not allow, with 501 what the hypervisor cannot do."""
    try:
        yield
    except exception.InstanceInvalidState as error:
        raise Fault(409, invalid_state(error, word)) from None
    except exception.OverQuota as error:
        raise Fault(403, str(error)) from None
    except NotImplementedError:
        raise Fault(501, NOT_SUPPORTED) from None

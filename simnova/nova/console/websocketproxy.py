"""The proxies of consoles: who brings a good token is connected (`nova/console/websocketproxy.py`)."""

from __future__ import annotations

from simnova.exceptions import NovaError
from simnova.messaging.rest import App, Fault, Request, Response, route
from simnova.nova import exception
from simnova.nova.compute.rpcapi import ComputeAPI
from simnova.nova.context import Place, RequestContext, get_admin_context
from simnova.nova.log import getLogger
from simnova.nova.objects.console_auth_token import ConsoleAuthToken
from simnova.nova.objects.instance import Instance

__door__ = True

LOG = getLogger("nova.console.websocketproxy")

PROXIES = {
    "nova-novncproxy": "novnc",
    "nova-spicehtml5proxy": "spice-html5",
    "nova-serialproxy": "serial",
}
"""The three services, and the kind of console for which each hands out addresses."""


class WebSocketProxy(App):
    """One proxy; it looks into the database of its cell, and asks the host whether the port is still the guest's."""

    def __init__(self, place: Place, compute_rpcapi: ComputeAPI) -> None:
        self.place = place
        self.compute_rpcapi = compute_rpcapi

    @route("GET", "/")
    async def new_websocket_client(self, request: Request) -> Response:
        """101, and what the guest's server says from then on; 403 for a token that is none or has ended."""
        context = get_admin_context(self.place)
        try:
            found = await self._get_connect_info(context, request.param("token") or "")
        except NovaError as error:
            LOG.info("handler exception: %s", error)
            raise Fault(403, str(error)) from None
        LOG.info("connecting to: %s:%s", found.host, found.port)
        return Response(101, None, {"Upgrade": "websocket", "Connection": "Upgrade"})

    async def _get_connect_info(self, context: RequestContext, token: str) -> ConsoleAuthToken:
        found = await ConsoleAuthToken.validate(context, token)
        instance = await Instance.get_by_uuid(context, found.instance_uuid)
        good = await self.compute_rpcapi.validate_console_port(
            context, instance, str(found.port), found.console_type
        )
        if not good:
            raise exception.InvalidToken(token="***")
        return found

"""Consoles over HTTP: an address with a token, and what a token is for.

In Nova: `remote_consoles.py` and `console_auth_tokens.py` of `nova/api/openstack/compute/`.
"""

from __future__ import annotations

from simnova.messaging.rest import Fault, Request, Response, route
from simnova.nova.api.of_server import OfServer, refusals
from simnova.nova.api.policy import require_admin
from simnova.nova.api.validation import validate
from simnova.nova.api.versions import only
from simnova.nova.objects.console_auth_token import ConsoleAuthToken
from simnova.nova.scatter_gather import scatter_gather_skip_cell0


class RemoteConsolesController(OfServer):
    """`/servers/{id}/remote-consoles`, and `/os-console-auth-tokens` for the proxies."""

    @route("POST", "/v2.1/servers/{server_id}/remote-consoles")
    async def create(self, request: Request, server_id: str) -> Response:
        """The address of a console; the token in it ends after `token_ttl` seconds."""
        only(request, (2, 6))
        validate(request.body, "servers.remote_console")
        wanted = request.body["remote_console"]
        ask = {
            "vnc": self.compute_api.get_vnc_console,
            "spice": self.compute_api.get_spice_console,
            "serial": self.compute_api.get_serial_console,
        }.get(wanted["protocol"])
        if ask is None:
            raise Fault(400, f"Unavailable console type {wanted['protocol']}.")
        context, instance = await self.server(request, server_id)
        async with refusals(f"get_{wanted['protocol']}_console"):
            url = await ask(context, instance, wanted["type"])
        return Response(200, {"remote_console": {**wanted, "url": url}})

    @route("GET", "/v2.1/os-console-auth-tokens/{token}")
    async def show(self, request: Request, token: str) -> Response:
        """Where the console is that a token is for; 404 where it is for none any more."""
        context = await self.context(request)
        only(request, (2, 31))
        require_admin(context, "os_compute_api:os-console-auth-tokens")
        answers = await scatter_gather_skip_cell0(context, ConsoleAuthToken.validate, token)
        for found in answers.values():
            if isinstance(found, ConsoleAuthToken):
                names = ("instance_uuid", "host", "port", "internal_access_path")
                return Response(200, {"console": {name: getattr(found, name) for name in names}})
        raise Fault(404, "Token not found")

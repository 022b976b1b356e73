"""A server's network cards over HTTP (`nova/api/openstack/compute/attach_interfaces.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simnova.messaging.rest import Fault, Request, Response, route
from simnova.nova import exception
from simnova.nova.api.of_server import OfServer, refusals
from simnova.nova.api.validation import validate
from simnova.nova.context import RequestContext
from simnova.nova.objects.instance import Instance

_BAD: tuple[type[Exception], ...] = (
    exception.AttachInterfaceNotSupported,
    exception.InterfaceAttachFailedNoNetwork,
    exception.NetworkAmbiguous,
    exception.NoMoreFixedIps,
    exception.PortNotUsable,
)
_CONFLICT: tuple[type[Exception], ...] = (exception.FixedIpAlreadyInUse, exception.PortInUse)


class InterfaceAttachmentController(OfServer):
    """`/servers/{id}/os-interface`."""

    @route("GET", "/v2.1/servers/{server_id}/os-interface")
    async def index(self, request: Request, server_id: str) -> Response:
        """Its ports."""
        context, instance = await self.server(request, server_id)
        found = await self.compute_api.network_api.list_ports(context, device_id=instance.uuid)
        return Response(200, {"interfaceAttachments": [_shown(port) for port in found]})

    @route("GET", "/v2.1/servers/{server_id}/os-interface/{port_id}")
    async def show(self, request: Request, server_id: str, port_id: str) -> Response:
        """One of its ports."""
        context, instance = await self.server(request, server_id)
        return await self._show(context, instance, port_id)

    async def _show(self, context: RequestContext, instance: Instance, port_id: str) -> Response:
        port = await self.compute_api.network_api.show_port(context, port_id)
        if port["device_id"] != instance.uuid:
            raise Fault(404, f"Instance {instance.uuid} does not have a port with id {port_id}")
        return Response(200, {"interfaceAttachment": _shown(port)})

    @route("POST", "/v2.1/servers/{server_id}/os-interface")
    async def create(self, request: Request, server_id: str) -> Response:
        """Plug in a card on a network or a port; waits until the guest has it."""
        validate(request.body, "servers.attach_interface")
        wanted = (request.body or {}).get("interfaceAttachment", {})
        network_id, port_id = wanted.get("net_id"), wanted.get("port_id")
        address = next((one["ip_address"] for one in wanted.get("fixed_ips", ())), None)
        if network_id and port_id:
            raise Fault(400, "Must not input both network_id and port_id")
        if address and not network_id:
            raise Fault(400, "Must input network_id when request IP address")
        context, instance = await self.server(request, server_id)
        try:
            async with refusals("attach_interface"):
                vif = await self.compute_api.attach_interface(
                    context, instance, network_id, port_id, address, wanted.get("tag")
                )
        except _BAD as error:
            raise Fault(400, str(error)) from None
        except _CONFLICT as error:
            raise Fault(409, str(error)) from None
        except exception.InterfaceAttachFailed as error:
            raise Fault(500, str(error)) from None
        return await self._show(context, instance, vif["id"])

    @route("DELETE", "/v2.1/servers/{server_id}/os-interface/{port_id}")
    async def delete(self, request: Request, server_id: str, port_id: str) -> Response:
        """Pull a card out, afterwards."""
        context, instance = await self.server(request, server_id)
        async with refusals("detach_interface"):
            await self.compute_api.detach_interface(context, instance, port_id)
        return Response(202)


def _shown(port: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "net_id": port["network_id"],
        "port_id": port["id"],
        "mac_addr": port["mac_address"],
        "port_state": port["status"],
        "fixed_ips": port.get("fixed_ips"),
    }

"""What networks a server may ask for (`validate_networks` of `nova/network/neutron.py`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simnova.messaging.rest import Rest
from simnova.nova import exception
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.network.client import Client, NeutronClientException
from simnova.nova.objects.network_request import NetworkRequest

LOG = getLogger("nova.network.neutron")

Row = dict[str, Any]
Requests = Sequence[NetworkRequest] | None
"""The networks that were asked for: None is automatic, an empty list is none."""

AMBIGUOUS = "Multiple possible networks found, use a Network ID to be more specific."


class Validation:
    """Looks at what is asked for before anything is made; `http_retries` is `[neutron] http_retries`."""

    def __init__(self, rest: Rest, http_retries: int = 3) -> None:
        self.rest = rest
        self.http_retries = http_retries

    def _client(self, context: RequestContext, admin: bool = False) -> Client:
        return Client(self.rest, context, admin, self.http_retries)

    async def validate_networks(
        self, context: RequestContext, requested_networks: Requests, num_instances: int
    ) -> int:
        """How many of the servers can get their ports, by the project's quota.

        Raises `NetworkNotFound`, `NetworkRequiresSubnet`, `NetworkAmbiguous`, `PortNotFound`, `PortInUse`,
        `PortRequiresFixedIP`, `FixedIpAlreadyInUse`, `PortLimitExceeded`.
        """
        LOG.debug("validate_networks() for %s", requested_networks)
        neutron = self._client(context)
        needed = await self._ports_needed_per_instance(context, neutron, requested_networks)
        if not needed:
            return num_instances
        quota = (await neutron.show("quota", str(context.project_id))).get("port", -1)
        if quota == -1:
            return num_instances
        ports = await neutron.list("port", tenant_id=context.project_id, fields=["id"])
        free = quota - len(ports)
        if free < 0:
            message = f"The number of defined ports: {len(ports)} is over the limit: {quota}"
            raise exception.PortLimitExceeded(message)
        return num_instances if free >= needed * num_instances else int(free // needed)

    async def _ports_needed_per_instance(
        self, context: RequestContext, neutron: Client, requested: Requests
    ) -> int:
        if requested is None:
            if len(await self._available(neutron, context.project_id)) > 1:
                raise exception.NetworkAmbiguous(AMBIGUOUS)
            return 1
        for request in requested:
            if request.port_id:
                request.network_id = (await self._usable_port(neutron, request.port_id))[
                    "network_id"
                ]
            elif request.address:
                await self._check_address_free(neutron, request)
        named = [request.network_id for request in requested if not request.port_id]
        if named:
            await self._check_networks(neutron, context, [ident for ident in named if ident])
        return len(named)

    async def _usable_port(self, neutron: Client, port_id: str) -> Row:
        port = await self._show_port(neutron, port_id)
        if port.get("device_id"):
            raise exception.PortInUse(port_id=port_id)
        if not port.get("fixed_ips"):
            raise exception.PortRequiresFixedIP(port_id=port_id)
        return port

    async def _show_port(self, neutron: Client, port_id: str) -> Row:
        try:
            return await neutron.show("port", port_id)
        except NeutronClientException as error:
            if error.status_code == 404:
                raise exception.PortNotFound(port_id=port_id) from None
            raise

    async def _check_address_free(self, neutron: Client, request: NetworkRequest) -> None:
        ports = await neutron.list(
            "port",
            network_id=request.network_id,
            fixed_ips=f"ip_address={request.address}",
            fields="device_id",
        )
        if ports:
            raise exception.FixedIpAlreadyInUse(
                address=request.address, instance_uuid=ports[0]["device_id"]
            )

    async def _check_networks(
        self, neutron: Client, context: RequestContext, wanted: list[str]
    ) -> None:
        networks = await self._available(neutron, context.project_id, wanted)
        for network in networks:
            if not network.get("subnets"):
                raise exception.NetworkRequiresSubnet(network_uuid=network["id"])
        found = {network["id"] for network in networks}
        lost = [ident for ident in dict.fromkeys(wanted) if ident not in found]
        if lost:
            raise exception.NetworkNotFound(network_id=", ".join(lost))

    async def _available(
        self, neutron: Client, project_id: str | None, wanted: list[str] | None = None
    ) -> list[Row]:
        """The networks with these ids, in this order; without ids the project's own and the shared ones."""
        if wanted:
            found = await neutron.list("network", id=wanted)
            return sorted(found, key=lambda network: wanted.index(network["id"]))
        own = await neutron.list("network", tenant_id=project_id, shared=False)
        return own + await neutron.list("network", shared=True)

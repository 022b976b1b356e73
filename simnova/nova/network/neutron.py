"""Networking for servers (`nova/network/neutron.py`): what may be asked for, ports made and bound, and taken away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from simnova.exceptions import NovaError
from simnova.messaging.rest import ConnectFailure
from simnova.nova import exception
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.network import model
from simnova.nova.network.client import Client, NeutronClientException
from simnova.nova.network.validation import AMBIGUOUS, Requests, Row, Validation
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.network_request import NetworkRequest

LOG = getLogger(__name__)

_PROVIDER = ["provider:physical_network", "provider:network_type"]


class API(Validation):
    """The network API, as other parts of Nova use it."""

    # --- ports for a server -----------------------------------------------------------------------------------

    async def allocate_for_instance(
        self,
        context: RequestContext,
        instance: Instance,
        requested_networks: Requests,
        security_groups: Sequence[str] | None = None,
        bind_host_id: str | None = None,
    ) -> list[model.VIF]:
        """Make the ports of a server, or take those that were asked for, and bind them to its host.

        Returns the VIFs in the order of the request. Where something fails, what was made is removed again.
        """
        LOG.debug("allocate_for_instance()", instance=instance)
        neutron, admin = self._client(context), self._client(context, admin=True)
        ordered, given_ports = await self._requested(instance, admin, requested_networks)
        networks = await self._networks_for(context, instance, neutron, requested_networks, ordered)
        if not networks:
            LOG.debug("No network configured", instance=instance)
            return []
        groups = await self._security_group_ids(instance, neutron, security_groups or ())
        created = await self._create_ports(instance, neutron, ordered, groups)
        try:
            for port_id in created:
                await self._update_port(instance, admin, port_id, bind_host_id)
        except (NeutronClientException, ConnectFailure, exception.PortBindingFailed):
            await self._unbind_ports(admin, given_ports)
            await self._delete_ports(neutron, instance, _made(created, given_ports))
            raise
        return await self._vifs(admin, instance, created, given_ports, list(networks.values()))

    async def _requested(
        self, instance: Instance, admin: Client, requested: Requests
    ) -> tuple[list[NetworkRequest], list[str]]:
        """The requests, each with its network, and the ids of the ports that are there already."""
        ports: list[str] = []
        for request in requested or ():
            if request.port_id:
                port = await self._show_port(admin, request.port_id)
                if port["tenant_id"] != instance.project_id:
                    raise exception.PortNotUsable(port_id=request.port_id, instance=instance.uuid)
                if port.get("device_id"):
                    raise exception.PortInUse(port_id=request.port_id)
                request.network_id = port["network_id"]
                ports.append(request.port_id)
        return list(requested or ()), ports

    async def _networks_for(
        self,
        context: RequestContext,
        instance: Instance,
        neutron: Client,
        requested: Requests,
        ordered: list[NetworkRequest],
    ) -> dict[str, Row]:
        """The networks by id; where none was named, the only one there is joins the requests."""
        if requested is not None and not requested:
            return {}
        wanted = [request.network_id for request in ordered if request.network_id]
        networks = await self._available(neutron, instance.project_id, wanted)
        if not networks and requested:
            raise exception.NetworkNotFound(network_id=wanted[0] if wanted else "")
        if requested is None:
            if len(networks) > 1:
                raise exception.NetworkAmbiguous(AMBIGUOUS)
            ordered += [NetworkRequest(network_id=network["id"]) for network in networks]
        for network in networks:
            hidden = network.get("router:external") and not network.get("shared")
            if hidden and not context.is_admin:
                raise exception.ExternalNetworkAttachForbidden(network_uuid=network["id"])
        return {network["id"]: network for network in networks}

    async def _security_group_ids(
        self, instance: Instance, neutron: Client, names: Sequence[str]
    ) -> list[str]:
        """The ids of groups given by name or id; the default group needs no naming."""
        wanted = [name for name in names if name != "default"]
        if not wanted:
            return []
        found = await neutron.list(
            "security_group", fields=["id", "name"], tenant_id=instance.project_id
        )
        ids = {group["id"]: group["id"] for group in found}
        by_name = {group["name"]: group["id"] for group in reversed(found)}
        for name in names:
            if name not in ids and name not in by_name:
                raise exception.SecurityGroupNotFound(security_group_id=name)
        return [ids.get(name) or by_name[name] for name in names]

    async def validate_security_group(self, context: RequestContext, name: str) -> str:
        """The id of a group given by name or id (`security_group_api.validate_name`); raises SecurityGroupNotFound."""
        neutron = self._client(context)
        for query in ({"id": name}, {"name": name, "tenant_id": context.project_id}):
            found = await neutron.list("security_group", fields="id", **query)
            if found:
                return str(found[0]["id"])
        text = f"Unable to find security_group with name or id '{name}'"
        raise exception.SecurityGroupNotFound(text)

    async def _create_ports(
        self,
        instance: Instance,
        neutron: Client,
        ordered: list[NetworkRequest],
        groups: list[str],
    ) -> list[str]:
        """The ids of the ports in the order of the request; those that were made go again where one fails."""
        ports: list[str] = []
        made: list[str] = []
        for request in ordered:
            if request.port_id:
                ports.append(request.port_id)
                continue
            try:
                port = await self._create_port_minimal(instance, neutron, request, groups)
            except (NovaError, ConnectFailure):
                await self._delete_ports(neutron, instance, made)
                raise
            made.append(port["id"])
            ports.append(port["id"])
        return ports

    async def _create_port_minimal(
        self, instance: Instance, neutron: Client, request: NetworkRequest, groups: list[str]
    ) -> Row:
        values: Row = {"device_id": instance.uuid}
        if request.address:
            values["fixed_ips"] = [{"ip_address": request.address}]
        values |= {
            "network_id": request.network_id,
            "admin_state_up": True,
            "tenant_id": instance.project_id,
        }
        if groups:
            values["security_groups"] = groups
        try:
            port = await neutron.create("port", values)
        except NeutronClientException as error:
            raise _port_error(error, request, instance) from None
        LOG.debug("Successfully created port: %s", port["id"], instance=instance)
        return port

    async def _update_port(
        self, instance: Instance, admin: Client, port_id: str, host: str | None
    ) -> None:
        values = {
            "device_id": instance.uuid,
            "device_owner": f"compute:{instance.availability_zone}",
            "binding:host_id": host,
        }
        port = await admin.update("port", port_id, values)
        if port.get("binding:vif_type") == "binding_failed":
            raise exception.PortBindingFailed(port_id=port_id)
        LOG.debug("Successfully updated port: %s", port_id, instance=instance)

    # --- what a server has ------------------------------------------------------------------------------------

    async def get_instance_nw_info(
        self, context: RequestContext, instance: Instance
    ) -> list[model.VIF]:
        """The VIFs of a server as Neutron has them now, in the order in which Nova knew them."""
        admin = self._client(context, admin=True)
        known = [vif["id"] for vif in instance.network_info]
        kept = [vif["id"] for vif in instance.network_info if vif.get("preserve_on_delete")]
        networks = [vif["network"]["id"] for vif in instance.network_info]
        found = await self._available(admin, instance.project_id, list(dict.fromkeys(networks)))
        return await self._vifs(admin, instance, known, kept, found)

    async def _vifs(
        self,
        admin: Client,
        instance: Instance,
        port_ids: Sequence[str],
        preexisting: Sequence[str],
        networks: list[Row],
    ) -> list[model.VIF]:
        ports = await admin.list("port", tenant_id=instance.project_id, device_id=instance.uuid)
        by_id = {port["id"]: port for port in ports}
        by_network = {network["id"]: network for network in networks}
        found = []
        for port in (by_id[ident] for ident in port_ids if ident in by_id):
            subnets = await self._subnets(admin, port)
            provider = await admin.show("network", port["network_id"], fields=_PROVIDER)
            network = model.network(port, by_network.get(port["network_id"]), provider, subnets)
            found.append(model.vif(port, network, preexisting))
        return found

    async def _subnets(self, admin: Client, port: Row) -> list[Row]:
        addresses = [fixed["ip_address"] for fixed in port["fixed_ips"]]
        ids = list(dict.fromkeys(fixed["subnet_id"] for fixed in port["fixed_ips"]))
        if not ids:
            return []
        found = []
        for subnet in await admin.list("subnet", id=ids):
            servers = await admin.list(
                "port", network_id=subnet["network_id"], device_owner="network:dhcp"
            )
            found.append(model.subnet(subnet, addresses, _address_in(servers, subnet["id"])))
        return found

    async def get_fixed_ip_by_address(self, context: RequestContext, address: str) -> str:
        """The UUID of the server that has an address.

        Raises FixedIpNotFoundForAddress, FixedIpAssociatedWithMultipleInstances.
        """
        ports = await self._client(context).list("port", fixed_ips=f"ip_address={address}")
        found = [str(port["device_id"]) for port in ports if port["device_id"]]
        if not found:
            raise exception.FixedIpNotFoundForAddress(address=address)
        if len(found) > 1:
            raise exception.FixedIpAssociatedWithMultipleInstances(address=address)
        return found[0]

    async def get_instance_security_groups(
        self, context: RequestContext, instance: Instance
    ) -> list[str]:
        """The names of a server's security groups, for each of its ports (`security_group_api.py`)."""
        neutron = self._client(context, admin=True)
        ports = await neutron.list("port", device_id=instance.uuid)
        ids = [ident for port in ports for ident in port.get("security_groups", ())]
        if not ids:
            return []
        fields, wanted = ["id", "name"], list(dict.fromkeys(ids))
        groups = await neutron.list("security_group", fields=fields, id=wanted)
        names = {group["id"]: str(group["name"] or group["id"]) for group in groups}
        return [names[ident] for ident in ids if ident in names]

    # --- the end ----------------------------------------------------------------------------------------------

    async def deallocate_for_instance(
        self, context: RequestContext, instance: Instance, requested_networks: Requests = None
    ) -> None:
        """Delete the ports of a server; those that it was given are only freed."""
        LOG.debug("deallocate_for_instance()", instance=instance)
        neutron = self._client(context)
        ports = await neutron.list("port", device_id=instance.uuid)
        given = [request.port_id for request in requested_networks or () if request.port_id]
        given += [vif["id"] for vif in instance.network_info if vif.get("preserve_on_delete")]
        await self._unbind_ports(self._client(context, admin=True), dict.fromkeys(given))
        own = [port["id"] for port in ports if port["id"] not in given]
        await self._delete_ports(neutron, instance, own, raise_if_fail=True)

    async def deallocate_port_for_instance(
        self, context: RequestContext, instance: Instance, port_id: str
    ) -> None:
        """Delete one port of a server, or free it where the server was given it."""
        kept = [vif["id"] for vif in instance.network_info if vif.get("preserve_on_delete")]
        if port_id in kept:
            await self._unbind_ports(self._client(context, admin=True), [port_id])
        else:
            await self._delete_ports(self._client(context), instance, [port_id])

    async def list_ports(self, context: RequestContext, **filters: str) -> list[Row]:
        """The ports that fit, as Neutron shows them to this user."""
        return await self._client(context).list("port", **filters)

    async def show_port(self, context: RequestContext, port_id: str) -> Row:
        """One port; raises PortNotFound."""
        return await self._show_port(self._client(context), port_id)

    async def setup_instance_network_on_host(
        self, context: RequestContext, instance: Instance, host: str
    ) -> None:
        """Bind a server's ports to another host, when it has moved there."""
        admin = self._client(context, admin=True)
        ports = await admin.list("port", tenant_id=instance.project_id, device_id=instance.uuid)
        for port in ports:
            if port.get("binding:host_id") != host:
                values = {"binding:host_id": host, "device_owner": port["device_owner"]}
                await admin.update("port", port["id"], values)

    async def unbind_ports(
        self, context: RequestContext, ports: Iterable[str], detach: bool = True
    ) -> None:
        """Take ports off their host; where they stay with their server (`detach` false), its mark stays too."""
        admin = self._client(context, admin=True)
        if detach:
            await self._unbind_ports(admin, ports)
            return
        for port_id in ports:
            await admin.update("port", port_id, {"binding:host_id": None, "binding:profile": {}})

    async def _unbind_ports(self, admin: Client, ports: Iterable[str]) -> None:
        for port_id in ports:
            values: Row = {
                "binding:host_id": None,
                "binding:profile": {},
                "device_id": "",
                "device_owner": "",
            }
            try:
                await admin.update("port", port_id, values)
            except (NeutronClientException, ConnectFailure):
                LOG.exception("Unable to clear device ID for port '%s'", port_id)

    async def _delete_ports(
        self,
        neutron: Client,
        instance: Instance,
        ports: Iterable[str],
        raise_if_fail: bool = False,
    ) -> None:
        failures: list[Exception] = []
        for port_id in ports:
            try:
                await neutron.delete("port", port_id)
            except NeutronClientException as error:
                if error.status_code == 404:
                    LOG.warning("Port %s does not exist", port_id, instance=instance)
                    continue
                LOG.warning("Failed to delete port %s for instance.", port_id, instance=instance)
                failures.append(error)
        if failures and raise_if_fail:
            raise failures[0]


def _made(ports: Iterable[str], given: Sequence[str]) -> list[str]:
    return [port_id for port_id in ports if port_id not in given]


def _address_in(ports: Iterable[Row], subnet_id: str) -> str | None:
    """The address of the first of these ports in a subnet."""
    fixed = (one for port in ports for one in port["fixed_ips"] if one["subnet_id"] == subnet_id)
    return next((one["ip_address"] for one in fixed), None)


def _port_error(
    error: NeutronClientException, request: NetworkRequest, instance: Instance
) -> NovaError:
    """Neutron's refusal of a port as Nova's exception."""
    address, network_id = request.address, request.network_id
    if error.type == "InvalidIpForNetwork":
        reason = f"Fixed IP {address} is not a valid ip address for network {network_id}."
        return exception.InvalidInput(reason=reason)
    if error.type in ("IpAddressInUse", "IpAddressAlreadyAllocated"):
        LOG.warning("Neutron error: Fixed IP %s is already in use.", address, instance=instance)
        return exception.FixedIpAlreadyInUse(f"Fixed IP {address} is already in use.")
    if error.type == "OverQuota":
        LOG.warning(
            "Neutron error: Port quota exceeded in tenant: %s",
            instance.project_id,
            instance=instance,
        )
        return exception.PortLimitExceeded()
    if error.type == "IpAddressGenerationFailure":
        LOG.warning(
            "Neutron error: No more fixed IPs in network: %s", network_id, instance=instance
        )
        return exception.NoMoreFixedIps(net=network_id)
    return error

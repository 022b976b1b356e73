"""What Nova keeps of a port: a VIF as a dict (`nova/network/model.py`, `_build_vif_model` of `neutron.py`)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, overload

Row = Mapping[str, Any]
VIF = dict[str, Any]
"""A virtual interface as it stands in `instance_info_caches.network_info`."""
NetworkInfo = Sequence[VIF]
"""The interfaces of a server."""

NIC_NAME_LEN = 14


class FailedNetworkInfo(Sequence[VIF]):
    """VIFs that could not be allocated: whoever reads them gets the error (`NetworkInfoAsyncWrapper`)."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    @overload
    def __getitem__(self, index: int) -> VIF: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[VIF]: ...
    def __getitem__(self, index: int | slice) -> VIF | Sequence[VIF]:
        raise self.error

    def __len__(self) -> int:
        raise self.error


def ip(address: str, kind: str, **more: Any) -> dict[str, Any]:
    """An address: of a server (`fixed`), a `gateway`, a name server (`dns`)."""
    version = ipaddress.ip_address(address).version
    return {"address": address, "type": kind, "version": version, "meta": {}, **more}


def fixed_ip(address: str) -> dict[str, Any]:
    """An address of a server's, without floating addresses."""
    return ip(address, "fixed", floating_ips=[])


def subnet(shown: Row, addresses: Sequence[str], dhcp_server: str | None) -> dict[str, Any]:
    """A subnet with those of the port's addresses that are in it."""
    network = ipaddress.ip_network(shown["cidr"])
    own = [text for text in addresses if ipaddress.ip_address(text) in network]
    meta: dict[str, Any] = {"enable_dhcp": bool(shown.get("enable_dhcp"))}
    if dhcp_server is not None:
        meta["dhcp_server"] = dhcp_server
    gateway = shown.get("gateway_ip")
    return {
        "cidr": shown["cidr"],
        "gateway": ip(gateway, "gateway") if gateway else None,
        "dns": [ip(address, "dns") for address in shown.get("dns_nameservers", [])],
        "ips": [fixed_ip(text) for text in own],
        "routes": [_route(route) for route in shown.get("host_routes", [])],
        "version": network.version,
        "meta": meta,
    }


def _route(shown: Row) -> dict[str, Any]:
    gateway = ip(shown["nexthop"], "gateway")
    return {"cidr": shown["destination"], "gateway": gateway, "interface": None, "meta": {}}


def network(
    port: Row, shown: Row | None, provider: Row, subnets: list[dict[str, Any]]
) -> dict[str, Any]:
    """The network of a port as the user sees it (None: not at all) and as it is carried."""
    details = port.get("binding:vif_details") or {}
    bound = port.get("binding:vif_type") == "ovs"
    return {
        "id": port["network_id"],
        "bridge": details.get("bridge_name", "br-int")[:NIC_NAME_LEN] if bound else None,
        "label": shown["name"] if shown else None,
        "subnets": subnets,
        "meta": {
            "injected": False,
            "tenant_id": (shown or port)["tenant_id"],
            "mtu": shown.get("mtu") if shown else None,
            "physical_network": provider.get("provider:physical_network"),
            "tunneled": provider.get("provider:network_type") in ("vxlan", "gre"),
        },
    }


def vif(port: Row, of_network: dict[str, Any], preexisting: Iterable[str]) -> VIF:
    """A port as Nova keeps it; one that Nova did not make is not deleted with the server."""
    return {
        "id": port["id"],
        "address": port["mac_address"],
        "network": of_network,
        "type": port.get("binding:vif_type"),
        "details": port.get("binding:vif_details") or {},
        "devname": f"tap{port['id']}"[:NIC_NAME_LEN],
        "ovs_interfaceid": port["id"] if port.get("binding:vif_type") == "ovs" else None,
        "qbh_params": None,
        "qbg_params": None,
        "active": port["admin_state_up"] is False or port["status"] == "ACTIVE",
        "vnic_type": port.get("binding:vnic_type", "normal"),
        "profile": port.get("binding:profile") or {},
        "preserve_on_delete": port["id"] in set(preexisting),
        "delegate_create": True,
        "meta": {},
    }

"""What a guest is told of its network (`nova/virt/netutils.py`)."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from simnova.nova.virt.guest import NetworkInfo

Row = Mapping[str, Any]

LEGACY_EXPOSED_VIF_TYPES = frozenset(
    ("bridge", "dvs", "hw_veb", "hyperv", "ovs", "tap", "vhostuser", "vif")
)
"""The types that a guest sees by their names; every other is "phy" to it (`nova/network/model.py`)."""


def get_network_metadata(network_info: NetworkInfo) -> dict[str, Any] | None:
    """Links, networks and name servers, as `network_data.json` has them; None without a network.

    Of each card the first IPv4 and the first IPv6 subnet, as in Nova.
    """
    links: list[dict[str, Any]] = []
    networks: list[dict[str, Any]] = []
    services: list[dict[str, Any]] = []
    for vif in network_info:
        subnets = [found for found in map(_first(vif), (4, 6)) if found]
        if not subnets:
            continue
        link = _link(vif, len(links))
        links.append(link)
        for subnet in subnets:
            if subnet["ips"]:
                networks.append(_network(vif, subnet, len(networks), link["id"]))
                services += [dns for dns in _dns(subnet) if dns not in services]
    if not network_info:
        return None
    return {"links": links, "networks": networks, "services": services}


def get_ec2_ip_info(network_info: NetworkInfo) -> dict[str, list[str]]:
    """The server's addresses, fixed ones by version, and floating ones."""
    found = [
        ip for vif in network_info for subnet in vif["network"]["subnets"] for ip in subnet["ips"]
    ]
    return {
        "fixed_ips": [ip["address"] for ip in found if ip["version"] == 4],
        "fixed_ip6s": [ip["address"] for ip in found if ip["version"] == 6],
        "floating_ips": [one["address"] for ip in found for one in ip.get("floating_ips", ())],
    }


def _first(vif: Row) -> Any:
    """Asked for a version, the card's first subnet of it."""
    subnets = (vif.get("network") or {}).get("subnets") or ()
    return lambda version: next((one for one in subnets if one["version"] == version), None)


def _link(vif: Row, number: int) -> dict[str, Any]:
    known = vif.get("type") in LEGACY_EXPOSED_VIF_TYPES
    return {
        "id": vif.get("devname") or f"interface{number}",
        "vif_id": vif["id"],
        "type": vif.get("type") if known else "phy",
        "mtu": _mtu(vif["network"]),
        "ethernet_mac_address": vif.get("address"),
    }


def _mtu(network: Row) -> Any:
    """None where a DHCP server says it."""
    if any(subnet["meta"].get("dhcp_server") for subnet in network["subnets"]):
        return None
    return network["meta"].get("mtu")


def _network(vif: Row, subnet: Row, number: int, link: str) -> dict[str, Any]:
    version, meta = subnet["version"], subnet["meta"]
    common = {"id": f"network{number}", "link": link, "network_id": vif["network"]["id"]}
    mode = meta.get("ipv6_address_mode")
    if mode is None and (meta.get("dhcp_server") is not None or meta.get("enable_dhcp")):
        return {**common, "type": f"ipv{version}_dhcp"}
    return {
        **common,
        "type": f"ipv{version}_{mode}" if mode is not None else f"ipv{version}",
        "ip_address": subnet["ips"][0]["address"],
        "netmask": str(ipaddress.ip_network(subnet["cidr"]).netmask),
        "routes": [*_default_route(subnet), *map(_route, subnet["routes"])],
        "services": _dns(subnet),
    }


def _default_route(subnet: Row) -> Sequence[dict[str, Any]]:
    if not subnet.get("gateway"):
        return []
    anywhere = "0.0.0.0" if subnet["version"] == 4 else "::"
    return [{"network": anywhere, "netmask": anywhere, "gateway": subnet["gateway"]["address"]}]


def _route(route: Row) -> dict[str, Any]:
    network = ipaddress.ip_network(route["cidr"])
    return {
        "network": str(network.network_address),
        "netmask": str(network.netmask),
        "gateway": route["gateway"]["address"],
    }


def _dns(subnet: Row) -> list[dict[str, Any]]:
    return [{"type": "dns", "address": ip.get("address")} for ip in subnet.get("dns") or ()]

"""A port's rows: the port itself, its addresses, its binding, its security groups (`neutron/db/`)."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from simnova.db.transaction import Transaction
from simnova.kernel.clock import Clock
from simnova.messaging.identity import Identity
from simnova.neutron import security_groups
from simnova.neutron.errors import error
from simnova.neutron.ipam import Addresses, parse_cidr

Row = dict[str, Any]
BASE_MAC = 0xFA163E000000
"""`fa:16:3e:00:00:00`: the first three bytes of every address that Neutron makes up (`base_mac`)."""

VIF_DETAILS = {
    "port_filter": True,
    "connectivity": "l2",
    "bridge_name": "br-int",
    "datapath_type": "system",
    "ovs_hybrid_plug": False,
}


def show(tx: Transaction, row: Row) -> dict[str, Any]:
    """A port as the API shows it to an administrator."""
    port = {"port_id": row["id"]}
    binding = tx.get("ml2_port_bindings", **port) or {}
    groups = tx.select("securitygroupportbindings", port, order_by="security_group_id")
    return {
        **row,
        "tenant_id": row["project_id"],
        "fixed_ips": fixed_ips(tx, row["id"]),
        "security_groups": [group["security_group_id"] for group in groups],
        "binding:host_id": binding.get("host", ""),
        "binding:vif_type": binding.get("vif_type", "unbound"),
        "binding:vif_details": binding.get("vif_details") or {},
        "binding:vnic_type": binding.get("vnic_type", "normal"),
        "binding:profile": binding.get("profile") or {},
        "port_security_enabled": True,
        "allowed_address_pairs": [],
        "extra_dhcp_opts": [],
    }


def fixed_ips(tx: Transaction, port_id: str) -> list[dict[str, str]]:
    """A port's addresses, with their subnets."""
    rows = tx.select("ipallocations", {"port_id": port_id})
    found = [{"subnet_id": row["subnet_id"], "ip_address": row["ip_address"]} for row in rows]
    return sorted(found, key=lambda fixed: _order(fixed["ip_address"]))


def _order(text: str) -> tuple[int, int]:
    address = ipaddress.ip_address(text)
    return address.version, int(address)


def free_mac(tx: Transaction, clock: Clock, network_id: str) -> str:
    """A hardware address that no port of the network has."""
    while True:
        number = BASE_MAC + clock.rng("neutron", "mac").getrandbits(24)
        text = ":".join(f"{number:012x}"[at : at + 2] for at in range(0, 12, 2))
        if tx.get("ports", network_id=network_id, mac_address=text) is None:
            return text


def allocate(
    tx: Transaction,
    addresses: Addresses,
    port_id: str,
    network: Row,
    wanted: Sequence[Mapping[str, str]] | None,
) -> None:
    """Give a port its addresses: those that are asked for, or one of each IP version that the network has."""
    subnets = tx.select("subnets", {"network_id": network["id"]}, order_by=["created_at", "id"])
    if wanted is not None:
        for fixed in wanted:
            _take(tx, port_id, network, *_asked(tx, addresses, network, subnets, fixed))
        return
    for version in (4, 6):
        candidates = [subnet for subnet in subnets if subnet["ip_version"] == version]
        if candidates:
            _take(tx, port_id, network, *_any(tx, addresses, network, candidates))


def _asked(
    tx: Transaction,
    addresses: Addresses,
    network: Row,
    subnets: list[Row],
    fixed: Mapping[str, str],
) -> tuple[str, str]:
    """The subnet and address for one entry of `fixed_ips`."""
    named = fixed.get("subnet_id")
    candidates = [subnet for subnet in subnets if named in (None, subnet["id"])]
    if not candidates:
        raise error("SubnetNotFound", subnet_id=named) if named else _not_of(fixed["ip_address"])
    text = fixed.get("ip_address")
    if text is None:
        return _any(tx, addresses, network, candidates)
    subnet = next((one for one in candidates if _inside(text, one)), None)
    if subnet is None:
        raise error("InvalidIpForSubnet", ip_address=text) if named else _not_of(text)
    if tx.get("ipallocations", subnet_id=subnet["id"], ip_address=text):
        raise error("IpAddressAlreadyAllocated", ip=text, subnet_id=subnet["id"])
    return subnet["id"], text


def _not_of(text: str) -> Exception:
    return error("InvalidIpForNetwork", ip_address=text)


def _inside(text: str, subnet: Row) -> bool:
    try:
        return ipaddress.ip_address(text) in parse_cidr(subnet["cidr"])
    except ValueError:
        raise _not_of(text) from None


def _any(
    tx: Transaction, addresses: Addresses, network: Row, candidates: list[Row]
) -> tuple[str, str]:
    for subnet in candidates:
        text = addresses.lowest_free(tx, subnet)
        if text is not None:
            return subnet["id"], text
    raise error("IpAddressGenerationFailure", net_id=network["id"])


def _take(tx: Transaction, port_id: str, network: Row, subnet_id: str, text: str) -> None:
    tx.insert(
        "ipallocations",
        ip_address=text,
        subnet_id=subnet_id,
        network_id=network["id"],
        port_id=port_id,
    )


def release(tx: Transaction, addresses: Addresses, port_id: str) -> None:
    """Take a port's addresses back."""
    for row in tx.select("ipallocations", {"port_id": port_id}):
        addresses.released(row["subnet_id"], row["ip_address"])
    tx.delete("ipallocations", {"port_id": port_id})


def bind(tx: Transaction, port_id: str, given: Mapping[str, Any]) -> str:
    """Bind a port to a host, or to none; returns the port's status. The host's agent wires it at once."""
    present = tx.get("ml2_port_bindings", port_id=port_id)
    row = present or tx.insert("ml2_port_bindings", port_id=port_id, profile={}, vif_details={})
    names = {
        "host": "binding:host_id",
        "vnic_type": "binding:vnic_type",
        "profile": "binding:profile",
    }
    changes = {column: given[name] for column, name in names.items() if name in given}
    changes = {name: value or _EMPTY[name] for name, value in changes.items()}
    bound = bool(changes.get("host", row["host"]))
    changes |= {
        "vif_type": "ovs" if bound else "unbound",
        "vif_details": VIF_DETAILS if bound else {},
    }
    tx.update("ml2_port_bindings", {"port_id": port_id}, changes)
    return "ACTIVE" if bound else "DOWN"


_EMPTY: dict[str, Any] = {"host": "", "vnic_type": "normal", "profile": {}}


def set_groups(tx: Transaction, port_id: str, groups: Sequence[str], who: Identity) -> None:
    """Put a port into exactly these security groups."""
    for group in groups:
        security_groups.find(tx, group, who)
    tx.delete("securitygroupportbindings", {"port_id": port_id})
    for group in dict.fromkeys(groups):
        tx.insert("securitygroupportbindings", port_id=port_id, security_group_id=group)


def remove(tx: Transaction, addresses: Addresses, port_id: str) -> None:
    """Delete a port with all that belongs to it."""
    release(tx, addresses, port_id)
    for table in ("securitygroupportbindings", "ml2_port_bindings"):
        tx.delete(table, {"port_id": port_id})
    tx.delete("ports", {"id": port_id})

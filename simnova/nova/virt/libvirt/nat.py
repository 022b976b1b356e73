"""Networks of libvirt's own for guests' cards: a bridge, NAT to the world, and DHCP that knows Neutron's ports alone.

They need a daemon of root's, with dnsmasq and a firewall (iptables or nft). Each carries this cloud's mark, and goes
with the last port on it.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from simnova.nova.virt.libvirt import guest
from simnova.nova.virt.libvirt.elements import node
from simnova.nova.virt.libvirt.gateway import Card
from simnova.nova.virt.libvirt.identity import MARK_NS

if TYPE_CHECKING:
    from simnova.nova.virt.libvirt.host import Domain

__door__ = True

DNSMASQ_NS = "http://libvirt.org/schemas/network/dnsmasq/1.0"
PROBE = ("198.51.100.1", "255.255.255.0")
"""Addresses that nobody has (RFC 5737)."""

_PORT = {"mac": "fa:16:3e:00:00:00", "ip": "198.51.100.2"}

_one_at_a_time = threading.Lock()


def refusal(connection: Any, about: Domain, said: guest.Said) -> str:
    """Why there can be none here, in libvirt's words; empty where there can: one is made, and removed."""
    import libvirt

    name = _name(about.mark, f"{about.directory}/probe")
    probe = _network(name, about.mark, PROBE, [node("host", **_PORT)])
    with _one_at_a_time:
        try:
            connection.networkCreateXML(ET.tostring(probe, encoding="unicode")).destroy()
        except libvirt.libvirtError as error:
            return _reason(error, name)
    return ""


def _reason(error: Any, name: str) -> str:
    """What libvirt says, without the name, which is another one each time."""
    return str(error.get_error_message()).replace(name, "nova")


def join(connection: Any, about: Domain, said: guest.Said) -> list[list[str]]:
    """Have DHCP know the ports of `cards`: for each its MAC, the network that it is on, or why it is on none."""
    with _one_at_a_time:
        return [_join(connection, about.mark, card) for card in said["cards"]]


def _join(connection: Any, mark: str, card: Card) -> list[str]:
    import libvirt

    mac = card.mac.hex(":")
    if not card.gateway or not card.dhcp:
        return [mac, "", f"its subnet has no {'DHCP' if card.gateway else 'gateway'}"]
    name = _name(mark, f"{card.network_id}/{card.network}")
    port = node("host", mac=mac, ip=card.address)
    try:
        for network, known in ours(connection, mark):
            if known.findtext("name") == name:
                _replace(network, known, port)
                return [mac, name, ""]
        made = _network(name, mark, (card.gateway, str(card.network.netmask)), [port], card)
        connection.networkCreateXML(ET.tostring(made, encoding="unicode"))
    except libvirt.libvirtError as error:
        return [mac, "", _reason(error, name)]
    return [mac, name, ""]


def _replace(network: Any, known: ET.Element, port: ET.Element) -> None:
    import libvirt

    for host in known.findall("ip/dhcp/host"):
        if host.get("mac") == port.get("mac"):
            _update(network, libvirt.VIR_NETWORK_UPDATE_COMMAND_DELETE, host)
    _update(network, libvirt.VIR_NETWORK_UPDATE_COMMAND_ADD_LAST, port)


def leave(connection: Any, mark: str, macs: Collection[str]) -> None:
    """These ports are gone; a network of which no port is left goes too."""
    import libvirt

    with _one_at_a_time:
        for network, known in ours(connection, mark) if macs else ():
            hosts = known.findall("ip/dhcp/host")
            gone = [host for host in hosts if host.get("mac") in macs]
            if gone and len(gone) == len(hosts):
                network.destroy()
                continue
            for host in gone:
                _update(network, libvirt.VIR_NETWORK_UPDATE_COMMAND_DELETE, host)


def left(connection: Any, about: Domain, said: guest.Said) -> None:
    """`leave`, as work for `Host.call`."""
    leave(connection, about.mark, said["macs"])


def ours(connection: Any, mark: str) -> Iterator[tuple[Any, ET.Element]]:
    """This cloud's networks, with their definitions, by name."""
    for network in sorted(connection.listAllNetworks(), key=lambda found: str(found.name())):
        known = ET.fromstring(network.XMLDesc())
        cloud = known.find(f"metadata/{{{MARK_NS}}}cloud")
        if cloud is not None and cloud.get("run") == mark:
            yield network, known


def remove_all(connection: Any, mark: str) -> None:
    """Remove every network of this cloud."""
    for network, _ in list(ours(connection, mark)):
        network.destroy()


def _name(mark: str, what: str) -> str:
    """Of the network, and of its bridge: not longer than the name of a card may be."""
    return f"nova{zlib.crc32(f'{mark}/{what}'.encode()):08x}"


def _network(
    name: str,
    mark: str,
    address: tuple[str, str],
    ports: list[ET.Element],
    card: Card | None = None,
) -> ET.Element:
    ET.register_namespace("simnova", MARK_NS)
    ET.register_namespace("dnsmasq", DNSMASQ_NS)
    made = node(
        "network",
        node("name", name),
        node("metadata", node(f"{{{MARK_NS}}}cloud", run=mark)),
        node("forward", mode="nat"),
        node("bridge", name=name, stp="off", delay=0),
        node("ip", node("dhcp", *ports), address=address[0], netmask=address[1]),
    )
    if card is not None:
        made.append(node("mtu", size=card.mtu))
        made.extend(_name_servers(card.own_dns))
    return made


def _name_servers(servers: tuple[str, ...]) -> Iterator[ET.Element]:
    """Those of the subnet; a guest of one without asks dnsmasq itself."""
    if servers:
        option = f"dhcp-option=option:dns-server,{','.join(servers)}"
        told = node(f"{{{DNSMASQ_NS}}}option", value=option)
        yield node(f"{{{DNSMASQ_NS}}}options", told)


def _update(network: Any, how: int, port: ET.Element) -> None:
    import libvirt

    section, flags = (
        libvirt.VIR_NETWORK_SECTION_IP_DHCP_HOST,
        libvirt.VIR_NETWORK_UPDATE_AFFECT_LIVE,
    )
    network.update(how, section, -1, ET.tostring(port, encoding="unicode"), flags)

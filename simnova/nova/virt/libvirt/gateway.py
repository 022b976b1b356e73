"""What answers a guest's card in the place of Neutron: DHCP with its port's address, ARP for the gateway, and
169.254.169.254, behind which is the cloud's own metadata service.

QEMU's user-mode networking carries the rest outside; it would give every guest 10.0.2.15, and takes 169.254.169.254 for
an address of the world, where on some machines there is another cloud's.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from simnova.nova.virt.libvirt import frames
from simnova.nova.virt.libvirt.frames import ACK, FIN, PSH, RST, SYN, Datagram, Segment

__door__ = True

METADATA = "169.254.169.254"
LINK_LOCAL = ipaddress.ip_network("169.254.0.0/16")
MAC = bytes.fromhex("52550a000202")
"""That of QEMU's own gateway."""

DNS = "10.0.2.3"
"""QEMU's name server, for guests whose subnet has none."""

LEASE = 86400
"""Seconds, as `dhcp_lease_duration` of Neutron."""

FIRST = 1000
"""The number of the first byte of every connection."""

Ask = Callable[[bytes], None]
"""Called with a whole HTTP request; who is called answers with `Connection.answer`, on any thread."""


class Card(NamedTuple):
    """A port of Neutron's, as its guest is to have it; a subnet without DHCP is left to the guest."""

    mac: bytes
    address: str
    network: ipaddress.IPv4Network
    gateway: str | None
    dns: tuple[str, ...]
    mtu: int
    dhcp: bool = True
    network_id: str = ""
    lan: str = ""
    """The network of libvirt's that carries its frames and gives it its address; none: QEMU, and we."""

    @property
    def own_dns(self) -> tuple[str, ...]:
        """The name servers of its subnet, IPv4."""
        servers = (one for one in self.dns if one != DNS)
        return tuple(one for one in servers if ipaddress.ip_address(one).version == 4)

    @classmethod
    def of(cls, vif: Mapping[str, Any]) -> Card | None:
        """That of a VIF; None for one without an IPv4 address."""
        for subnet in (vif.get("network") or {}).get("subnets", ()):
            if subnet["version"] == 4 and subnet["ips"]:
                gateway = subnet["gateway"] and subnet["gateway"]["address"]
                return cls(
                    bytes.fromhex(vif["address"].replace(":", "")),
                    subnet["ips"][0]["address"],
                    ipaddress.IPv4Network(subnet["cidr"]),
                    gateway or None,
                    tuple(one["address"] for one in subnet["dns"]) or (DNS,),
                    int(vif["network"]["meta"].get("mtu") or 1500),
                    bool(subnet["meta"].get("enable_dhcp")),
                    str(vif["network"]["id"]),
                )
        return None


@dataclass
class Connection:
    """One TCP connection to the metadata service; the link loses nothing and keeps the order."""

    port: int
    got: int
    sent: int = FIRST + 1
    data: bytes = b""
    asked: bool = False
    replies: list[Segment] = field(default_factory=list)

    def say(self, flags: int, data: bytes = b"") -> Segment:
        """The next segment to the guest."""
        made = Segment(80, self.port, self.sent, self.got, flags, data)
        self.sent += len(data) + bool(flags & FIN)
        return made


class Gateway:
    """Answers one card. `receive` says which frames go back to the guest, and whether its own is for the world."""

    def __init__(self, card: Card, ask: Callable[[int, bytes], None]) -> None:
        self.card = card
        self.ask = ask
        self.connections: dict[int, Connection] = {}

    def receive(self, frame: bytes) -> tuple[list[bytes], bool]:
        """What a guest has sent."""
        kind, payload = int.from_bytes(frame[12:14]), frame[14:]
        if kind == frames.ARP:
            return self._arp(payload)
        if kind != frames.IPV4:
            return [], bool(self.card.lan)
        found = frames.datagram(payload)
        if self.card.lan and found.target != METADATA:
            return [], True
        if found.protocol == frames.UDP and frames.udp_ports(found.payload)[1] == 67:
            return list(self._dhcp(found.payload[8:])), False
        if found.target == METADATA and found.protocol == frames.TCP:
            return [*map(self._framed, self._tcp(frames.segment(found.payload)))], False
        return [], ipaddress.ip_address(found.target) not in LINK_LOCAL

    # --- who is where ---

    def _arp(self, payload: bytes) -> tuple[list[bytes], bool]:
        asked = frames.asked_for(payload)
        if asked is None or (self.card.lan and asked[1] != METADATA):
            return [], True
        if asked[1] not in (self.card.gateway, METADATA):
            return [], False
        return [frames.arp_reply(MAC, asked[1], self.card.mac, asked[0])], False

    # --- DHCP ---

    def _dhcp(self, message: bytes) -> Iterator[bytes]:
        asked = frames.options(message)
        kind = asked.get(53, b"\0")[0]
        if not self.card.dhcp or kind not in (frames.DISCOVER, frames.REQUEST):
            return
        server = ipaddress.ip_address(self.card.gateway or METADATA).packed
        own = ipaddress.ip_address(self.card.address).packed
        if kind == frames.REQUEST and asked.get(50, own) != own:
            reply = frames.dhcp_reply(message, "0.0.0.0", {53: bytes([frames.NAK]), 54: server})
        else:
            told = frames.OFFER if kind == frames.DISCOVER else frames.DHCPACK
            given = {53: bytes([told]), 54: server, **self._lease()}
            reply = frames.dhcp_reply(message, self.card.address, given)
        source = self.card.gateway or METADATA
        yield self._framed_ip(
            Datagram(source, frames.BROADCAST, frames.UDP, frames.udp(67, 68, reply))
        )

    def _lease(self) -> dict[int, bytes]:
        card = self.card
        router = ipaddress.ip_address(card.gateway).packed if card.gateway else b""
        servers = [one for one in card.dns if ipaddress.ip_address(one).version == 4]
        direct = b"\x20" + ipaddress.ip_address(METADATA).packed + (router or b"\0" * 4)
        return {
            51: LEASE.to_bytes(4),
            1: card.network.netmask.packed,
            3: router,
            6: b"".join(ipaddress.ip_address(one).packed for one in servers),
            26: card.mtu.to_bytes(2),
            121: direct + (b"\0" + router if router else b""),
        }

    # --- the metadata service ---

    def _tcp(self, got: Segment) -> list[Segment]:
        if got.flags & SYN and got.target == 80:
            made = self.connections[got.source] = Connection(got.source, got.seq + 1)
            return [Segment(80, got.source, FIRST, made.got, SYN | ACK, b"")]
        connection = self.connections.get(got.source) if got.target == 80 else None
        if connection is None or got.flags & RST:
            self.connections.pop(got.source, None)
            refused = Segment(got.target, got.source, got.ack, 0, RST, b"")
            return [] if got.flags & RST else [refused]
        return self._go_on(connection, got)

    def _go_on(self, connection: Connection, got: Segment) -> list[Segment]:
        if got.seq != connection.got & 0xFFFFFFFF:
            return [connection.say(ACK)] if got.data else []
        connection.got += len(got.data) + bool(got.flags & FIN)
        connection.data += got.data
        if not connection.asked and _is_whole(connection.data):
            connection.asked = True
            self.ask(connection.port, connection.data)
        if got.flags & FIN:
            del self.connections[connection.port]
        return [connection.say(ACK)] if got.data or got.flags & FIN else []

    def answer(self, port: int, response: bytes) -> list[bytes]:
        """The frames of an answer, and of the connection's end."""
        connection = self.connections.get(port)
        if connection is None:
            return []
        most = self.card.mtu - 40
        parts = [response[at : at + most] for at in range(0, len(response), most)]
        said = [connection.say(PSH | ACK, part) for part in parts]
        return [*map(self._framed, [*said, connection.say(FIN | ACK)])]

    def _framed(self, one: Segment) -> bytes:
        mss = self.card.mtu - 40 if one.flags & SYN else None
        made = frames.tcp(one, METADATA, self.card.address, mss)
        return self._framed_ip(Datagram(METADATA, self.card.address, frames.TCP, made))

    def _framed_ip(self, found: Datagram) -> bytes:
        return frames.ethernet(self.card.mac, MAC, frames.IPV4, frames.ipv4(found))


def _is_whole(request: bytes) -> bool:
    """Whether an HTTP request has all its head, and its body."""
    head, end, body = request.partition(b"\r\n\r\n")
    return bool(end) and len(body) >= content_length(head)


def content_length(head: bytes) -> int:
    """Bytes of the body, as the head says."""
    for line in head.lower().split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip() == b"content-length" and value.strip().isdigit():
            return int(value)
    return 0

"""Ethernet frames and what is in them: ARP, IPv4, UDP, TCP, DHCP, as far as a gateway needs it."""

from __future__ import annotations

import ipaddress
import struct
from typing import NamedTuple

ARP, IPV4 = 0x0806, 0x0800
TCP, UDP = 6, 17
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
BROADCAST = "255.255.255.255"
WINDOW = 65535

DISCOVER, OFFER, REQUEST, DHCPACK, NAK = 1, 2, 3, 5, 6
MAGIC = b"\x63\x82\x53\x63"


class Datagram(NamedTuple):
    """What an IPv4 packet carries."""

    source: str
    target: str
    protocol: int
    payload: bytes


class Segment(NamedTuple):
    """A part of a TCP connection."""

    source: int
    target: int
    seq: int
    ack: int
    flags: int
    data: bytes


def _packed(address: str) -> bytes:
    return ipaddress.IPv4Address(address).packed


def _shown(packed: bytes) -> str:
    return str(ipaddress.IPv4Address(packed))


def checksum(data: bytes) -> int:
    """The Internet checksum."""
    data += b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ethernet(target: bytes, source: bytes, kind: int, payload: bytes) -> bytes:
    """A frame, as long as the shortest may be."""
    return (target + source + struct.pack("!H", kind) + payload).ljust(60, b"\0")


# --- ARP ---


def asked_for(payload: bytes) -> tuple[str, str] | None:
    """Who asks for whose MAC: two addresses; None for what is no request."""
    if struct.unpack("!H", payload[6:8])[0] != 1:
        return None
    return _shown(payload[14:18]), _shown(payload[24:28])


def arp_reply(mac: bytes, address: str, target: bytes, target_address: str) -> bytes:
    """It is at that MAC."""
    head = struct.pack("!HHBBH", 1, IPV4, 6, 4, 2)
    payload = head + mac + _packed(address) + target + _packed(target_address)
    return ethernet(target, mac, ARP, payload)


# --- IPv4 ---


def datagram(payload: bytes) -> Datagram:
    """An IPv4 packet taken apart."""
    head = (payload[0] & 15) * 4
    size = struct.unpack("!H", payload[2:4])[0]
    source, target = _shown(payload[12:16]), _shown(payload[16:20])
    return Datagram(source, target, payload[9], payload[head:size])


def ipv4(found: Datagram) -> bytes:
    """The packet."""
    size = 20 + len(found.payload)
    ends = _packed(found.source) + _packed(found.target)
    head = struct.pack("!BBHHHBBH", 0x45, 0, size, 0, 0, 64, found.protocol, 0) + ends
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + found.payload


def udp_ports(payload: bytes) -> tuple[int, int]:
    """From which port to which."""
    source, target = struct.unpack("!HH", payload[:4])
    return source, target


def udp(source: int, target: int, data: bytes) -> bytes:
    """A datagram without a checksum, as IPv4 allows."""
    return struct.pack("!HHHH", source, target, 8 + len(data), 0) + data


# --- TCP ---


def segment(payload: bytes) -> Segment:
    """A TCP segment taken apart."""
    source, target, seq, ack, offset, flags = struct.unpack("!HHIIBB", payload[:14])
    return Segment(source, target, seq, ack, flags, payload[(offset >> 4) * 4 :])


def tcp(found: Segment, source: str, target: str, mss: int | None = None) -> bytes:
    """The segment between two addresses; the first one says how large others may be."""
    options = struct.pack("!BBH", 2, 4, mss) if mss else b""
    head = struct.pack(
        "!HHIIBBHHH",
        found.source,
        found.target,
        found.seq & 0xFFFFFFFF,
        found.ack & 0xFFFFFFFF,
        (20 + len(options)) // 4 << 4,
        found.flags,
        WINDOW,
        0,
        0,
    )
    whole = head + options + found.data
    pseudo = _packed(source) + _packed(target) + struct.pack("!BBH", 0, TCP, len(whole))
    return whole[:16] + struct.pack("!H", checksum(pseudo + whole)) + whole[18:]


# --- DHCP ---


def options(message: bytes) -> dict[int, bytes]:
    """The options of a DHCP message."""
    found: dict[int, bytes] = {}
    at = 240
    while at < len(message) and message[at] != 255:
        if message[at] == 0:
            at += 1
            continue
        kind, size = message[at], message[at + 1]
        found[kind] = message[at + 2 : at + 2 + size]
        at += 2 + size
    return found


def dhcp_reply(message: bytes, address: str, given: dict[int, bytes]) -> bytes:
    """The answer to a DHCP message: an address and options."""
    head = b"\x02\x01\x06\x00" + message[4:8] + b"\0\0" + message[10:12] + b"\0" * 4
    body = _packed(address) + b"\0" * 8 + message[28:44] + b"\0" * 192 + MAGIC
    told = b"".join(bytes((kind, len(data))) + data for kind, data in given.items() if data)
    return (head + body + told + b"\xff").ljust(300, b"\0")

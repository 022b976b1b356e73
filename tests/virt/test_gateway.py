"""The gateway of a real guest's card: DHCP with Neutron's address, ARP, and TCP to the metadata service."""

from __future__ import annotations

import ipaddress
import itertools
import socket
import struct
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simnova.messaging.rest import Response
from simnova.nova.virt.libvirt import frames, http, wires
from simnova.nova.virt.libvirt.frames import ACK, FIN, PSH, RST, SYN, Datagram, Segment
from simnova.nova.virt.libvirt.gateway import MAC, METADATA, Card, Gateway

OWN = bytes.fromhex("fa163e000001")
CARD = Card(OWN, "10.0.0.57", ipaddress.IPv4Network("10.0.0.0/16"), "10.0.0.1", ("8.8.8.8",), 1450)
REQUEST = b"GET /openstack HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n"


class Asked(list):
    def __call__(self, port, request):
        self.append((port, request))


@pytest.fixture
def gateway():
    return Gateway(CARD, Asked())


def ip(target, protocol, payload):
    made = frames.ipv4(Datagram(CARD.address, target, protocol, payload))
    return frames.ethernet(MAC, OWN, frames.IPV4, made)


def dhcp(kind, **more):
    head = b"\x01\x01\x06\x00ABCD" + b"\0" * 20 + OWN + b"\0" * 10 + b"\0" * 192 + frames.MAGIC
    asked = bytes([53, 1, kind]) + more.get("options", b"")
    return ip(frames.BROADCAST, frames.UDP, frames.udp(68, 67, head + asked + b"\xff"))


def said(frame):
    """What a frame to the guest carries."""
    assert frame[:6] == OWN
    found = frames.datagram(frame[14:])
    assert frames.checksum(frame[14:34]) == 0
    return found


def leased(frame):
    message = said(frame).payload[8:]
    assert message[4:8] == b"ABCD"
    return str(ipaddress.IPv4Address(message[16:20])), frames.options(message)


@pytest.mark.parametrize(
    ("asks", "gets"), [(frames.DISCOVER, frames.OFFER), (frames.REQUEST, frames.DHCPACK)]
)
def test_dhcp_gives_neutrons_address(gateway, asks, gets):
    (reply,), onward = gateway.receive(dhcp(asks))
    address, given = leased(reply)
    assert (address, given[53], onward) == (CARD.address, bytes([gets]), False)
    assert given[1] == bytes([255, 255, 0, 0])
    assert given[3] == given[54] == bytes([10, 0, 0, 1])
    assert given[6] == bytes([8, 8, 8, 8])
    assert given[26] == (1450).to_bytes(2)
    assert given[121] == bytes([32, 169, 254, 169, 254, 10, 0, 0, 1, 0, 10, 0, 0, 1])


def test_another_address_is_refused(gateway):
    (reply,), _ = gateway.receive(dhcp(frames.REQUEST, options=bytes([50, 4, 10, 0, 2, 15])))
    assert leased(reply)[1][53] == bytes([frames.NAK])
    (reply,), _ = gateway.receive(dhcp(frames.REQUEST, options=bytes([50, 4, 10, 0, 0, 57])))
    assert leased(reply)[1][53] == bytes([frames.DHCPACK])


def test_a_subnet_without_dhcp_gives_none():
    gateway = Gateway(CARD._replace(dhcp=False), Asked())
    assert gateway.receive(dhcp(frames.DISCOVER)) == ([], False)


def arp(target, kind=1):
    payload = struct.pack("!HHBBH", 1, frames.IPV4, 6, 4, kind) + OWN + bytes([10, 0, 0, 57])
    payload += b"\0" * 6 + ipaddress.IPv4Address(target).packed
    return frames.ethernet(b"\xff" * 6, OWN, frames.ARP, payload)


def test_arp_is_answered_for_the_gateway_and_the_metadata_service_alone(gateway):
    for address in ("10.0.0.1", METADATA):
        (reply,), onward = gateway.receive(arp(address))
        assert (reply[22:28], reply[28:32], onward) == (
            MAC,
            ipaddress.IPv4Address(address).packed,
            False,
        )
    assert gateway.receive(arp("10.0.0.99")) == ([], False)
    assert gateway.receive(arp(CARD.address)) == ([], False)
    assert gateway.receive(arp("10.0.2.2", kind=2)) == ([], True)


def test_the_world_is_qemus_but_no_other_clouds_metadata(gateway):
    assert gateway.receive(ip("93.184.216.34", frames.UDP, frames.udp(1000, 53, b"?"))) == (
        [],
        True,
    )
    assert gateway.receive(ip(METADATA, frames.UDP, frames.udp(1000, 53, b"?"))) == ([], False)
    assert gateway.receive(ip("169.254.170.2", frames.UDP, frames.udp(1000, 80, b"?")))[1] is False
    assert gateway.receive(frames.ethernet(MAC, OWN, 0x86DD, b"\x60" + b"\0" * 60)) == ([], False)


class Guest:
    """The guest's side of a TCP connection."""

    def __init__(self, gateway, port=4000, to=80):
        self.gateway, self.port, self.to = gateway, port, to
        self.seq, self.ack, self.data, self.ended = 7, 0, b"", False

    def send(self, flags, data=b""):
        made = Segment(self.port, self.to, self.seq, self.ack, flags, data)
        raw = frames.tcp(made, CARD.address, METADATA)
        self.seq += len(data) + bool(flags & (SYN | FIN))
        replies, onward = self.gateway.receive(ip(METADATA, frames.TCP, raw))
        assert not onward
        return [self.take(frame) for frame in replies]

    def take(self, frame):
        carried = said(frame)
        whole = carried.payload
        pseudo = ipaddress.IPv4Address(carried.source).packed
        pseudo += ipaddress.IPv4Address(carried.target).packed
        assert frames.checksum(pseudo + struct.pack("!BBH", 0, frames.TCP, len(whole)) + whole) == 0
        got = frames.segment(whole)
        if got.flags & SYN:
            self.ack = got.seq
        elif not got.flags & RST:
            assert (got.seq, got.ack) == (self.ack, self.seq)
        self.ack += len(got.data) + bool(got.flags & (SYN | FIN))
        self.data += got.data
        self.ended |= bool(got.flags & FIN)
        return got


@given(cuts=st.lists(st.integers(1, len(REQUEST) - 1), max_size=5), answer=st.binary(max_size=5000))
def test_a_request_in_any_parts_is_asked_once_and_answered_whole(cuts, answer):
    gateway = Gateway(CARD, Asked())
    guest = Guest(gateway)
    assert guest.send(SYN)[0].flags == SYN | ACK
    guest.send(ACK)
    ends = sorted({0, len(REQUEST), *cuts})
    for start, end in itertools.pairwise(ends):
        guest.send(PSH | ACK, REQUEST[start:end])
    assert gateway.ask == [(4000, REQUEST)]
    for frame in gateway.answer(4000, answer):
        assert len(frame) <= 14 + CARD.mtu or len(frame) == 60
        guest.take(frame)
    assert (guest.data, guest.ended) == (answer, True)
    guest.send(FIN | ACK)
    assert gateway.connections == {}


def test_connections_are_told_apart_and_other_ports_are_closed(gateway):
    first, second = Guest(gateway, 4000), Guest(gateway, 4001)
    for guest in (first, second):
        guest.send(SYN)
        guest.send(PSH | ACK, REQUEST)
    assert [port for port, _ in gateway.ask] == [4000, 4001]
    for frame in gateway.answer(4001, b"two"):
        second.take(frame)
    assert (first.data, second.data) == (b"", b"two")
    assert Guest(gateway, 4002, to=22).send(SYN)[0].flags & RST
    first.send(RST)
    assert gateway.answer(4000, b"late") == []


def test_a_body_is_waited_for(gateway):
    guest = Guest(gateway)
    guest.send(SYN)
    guest.send(ACK, b"POST /p HTTP/1.1\r\nContent-Length: 4\r\n\r\nab")
    assert gateway.ask == []
    guest.send(ACK, b"cd")
    assert len(gateway.ask) == 1


def test_http_says_what_the_service_says():
    asked = []

    def answer(*about):
        asked.append(about)
        return Response.of_text(200, "größer", {"content-type": "text/plain"})

    head, _, body = http.answered(
        b"POST /a?b=c HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi", answer
    ).partition(b"\r\n\r\n")
    assert asked == [("POST", "/a", "hi")]
    assert head.startswith(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain")
    assert b"Content-Length: 8" in head
    assert body == "größer".encode()
    assert http.answered(b"HEAD / HTTP/1.1\r\n\r\n", answer).endswith(b"\r\n\r\n")
    assert http.answered(b"nonsense\r\n\r\n", answer).startswith(b"HTTP/1.1 400 Bad Request")
    assert http.answered(REQUEST, lambda *about: None).startswith(b"HTTP/1.1 503 ")


def accepted(*laid):
    """Wait until every connection has been taken."""
    deadline = time.monotonic() + 5
    ends = [wire._ends for one in laid for of in one._wires.values() for wire in of]
    while not all(held[wires.OUT] and held[wires.IN] for held in ends):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def connected(directory, end, mac=OWN):
    made = socket.socket(socket.AF_UNIX)
    made.settimeout(5)
    made.connect(str(wires.socket_of(directory, mac.hex(), end)))
    return made


def test_while_a_guest_moves_the_qemu_in_which_it_runs_is_answered(tmp_path):
    laid = wires.Wires(tmp_path)
    laid.lay("uuid", CARD, bytes)
    ends = (wires.OUT, wires.ON, wires.IN)
    qemus = []
    for count in (1, 2):
        qemus.append({end: connected(tmp_path, end) for end in ends})
        deadline = time.monotonic() + 5
        while any(len(held) < count for held in laid._wires["uuid"][0]._ends.values()):
            assert time.monotonic() < deadline
    for now in (0, 1, 0, 1):
        frame = dhcp(frames.DISCOVER)
        qemus[now][wires.OUT].sendall(struct.pack("!I", len(frame)) + frame)
        assert leased(frame_of(qemus[now][wires.IN]))[0] == CARD.address
    for one in qemus[0].values():
        one.close()
    frame = arp("10.0.0.1")
    qemus[1][wires.OUT].sendall(struct.pack("!I", len(frame)) + frame)
    assert frame_of(qemus[1][wires.IN])[22:28] == MAC
    for one in qemus[1].values():
        one.close()
    laid.close()


def test_guests_of_one_network_reach_each_other_and_none_of_another(tmp_path):
    switch, came, out = wires.Switch(), {}, {}
    macs = [bytes.fromhex(f"fa163e00000{n}") for n in (1, 2, 3)]
    laid = [wires.Wires(tmp_path / name, switch) for name in ("compute1", "compute2")]
    for n, mac in enumerate(macs):
        card = CARD._replace(mac=mac, address=f"10.0.0.{n + 10}", network_id="a" if n < 2 else "b")
        laid[n % 2].lay(f"server{n}", card, bytes)
        directory = laid[n % 2].directory
        out[n], came[n] = connected(directory, wires.OUT, mac), connected(directory, wires.IN, mac)

    accepted(*laid)

    def send(n, frame):
        out[n].sendall(struct.pack("!I", len(frame)) + frame)

    asked = frames.ethernet(b"\xff" * 6, macs[0], frames.ARP, arp("10.0.0.11")[14:])
    plain = frames.ethernet(macs[1], macs[0], frames.IPV4, ip("10.0.0.11", 1, b"ping")[14:])
    for frame in (asked, plain):
        send(0, frame)
        assert frame_of(came[1]) == frame
    came[2].settimeout(0.2)
    with pytest.raises(TimeoutError):
        came[2].recv(1)
    for one in [*out.values(), *came.values()]:
        one.close()
    for one in laid:
        one.close()
    assert switch.wires == []


def frame_of(one):
    size = struct.unpack("!I", one.recv(4, socket.MSG_WAITALL))[0]
    return one.recv(size, socket.MSG_WAITALL)


def test_frames_go_over_three_sockets_that_go_with_the_guest(tmp_path):
    asked = threading.Event()

    def serve(request):
        asked.set()
        return b"HTTP/1.1 200 OK\r\n\r\n"

    laid = wires.Wires(tmp_path)
    laid.lay("uuid", CARD, serve)
    on, came, out = (connected(tmp_path, end) for end in (wires.ON, wires.IN, wires.OUT))
    accepted(laid)
    outside = ip("93.184.216.34", frames.UDP, frames.udp(1000, 53, b"?"))
    packed = b"".join(
        struct.pack("!I", len(one)) + one for one in (outside, dhcp(1), arp("10.0.0.1"))
    )
    out.sendall(packed[:30])
    out.sendall(packed[30:])
    assert frame_of(on) == outside
    assert leased(frame_of(came))[0] == CARD.address
    assert frame_of(came)[22:28] == MAC
    for segment in (Segment(4000, 80, 7, 0, SYN, b""), Segment(4000, 80, 8, 1001, ACK, REQUEST)):
        frame = ip(METADATA, frames.TCP, frames.tcp(segment, CARD.address, METADATA))
        out.sendall(struct.pack("!I", len(frame)) + frame)
    got = [frames.segment(said(frame_of(came)).payload) for _ in range(4)]
    assert asked.is_set()
    assert b"".join(one.data for one in got) == b"HTTP/1.1 200 OK\r\n\r\n"
    laid.take_up("uuid")
    assert came.recv(1) == b""
    laid.close()
    assert list(wires.folder(tmp_path).iterdir()) == []
    for one in (out, on, came):
        one.close()


# --- a card that a network of libvirt's carries ---


@pytest.fixture
def bridged():
    return Gateway(CARD._replace(lan="nova1"), Asked())


def test_a_bridge_has_all_but_the_metadata_service(bridged):
    asked = dhcp(frames.DISCOVER)
    assert bridged.receive(asked) == ([], True)
    assert bridged.receive(arp("10.0.0.1")) == ([], True)
    other = frames.ethernet(MAC, OWN, 0x86DD, b"x" * 40)
    assert bridged.receive(other) == ([], True)
    (reply,), onward = bridged.receive(arp(METADATA))
    assert (reply[:6], reply[6:12], onward) == (OWN, MAC, False)
    syn = ip(
        METADATA, frames.TCP, frames.tcp(Segment(4000, 80, 5, 0, SYN, b""), CARD.address, METADATA)
    )
    (reply,), onward = bridged.receive(syn)
    assert (frames.segment(said(reply).payload).flags, onward) == (SYN | ACK, False)


def test_a_taps_frames_have_a_head_and_a_bridge_joins_its_guests_itself(tmp_path):
    """Of two guests on one bridge and one elsewhere, only the last is reached by the wires."""
    laid, came, out = wires.Wires(tmp_path), {}, {}
    macs = [bytes.fromhex(f"fa163e00000{n}") for n in (1, 2, 3)]
    for mac, lan in zip(macs, ("nova1", "nova1", ""), strict=True):
        laid.lay(mac.hex(), CARD._replace(mac=mac, lan=lan, network_id="a"), bytes)
        out[mac], came[mac] = (connected(tmp_path, end, mac) for end in (wires.OUT, wires.IN))
    on = connected(tmp_path, wires.ON, macs[0])
    accepted(laid)
    head = struct.pack("!I", 10) + b"h" * 10
    for target in macs[1:]:
        frame = frames.ethernet(target, macs[0], frames.IPV4, ip("10.0.0.99", 1, b"ping")[14:])
        out[macs[0]].sendall(struct.pack("!I", 10 + len(frame)) + head + frame)
        if target == macs[1]:
            assert tapped(on) == frame
        else:
            assert frame_of(came[target]) == frame
    back = frames.ethernet(macs[0], macs[2], frames.IPV4, ip("10.0.0.99", 1, b"pong")[14:])
    out[macs[2]].sendall(struct.pack("!I", len(back)) + back)
    assert tapped(came[macs[0]]) == back
    for one in (on, *out.values(), *came.values()):
        one.close()
    laid.close()


def tapped(one):
    size, head = struct.unpack("!II", one.recv(8, socket.MSG_WAITALL))
    assert one.recv(head, socket.MSG_WAITALL) == bytes(10)
    return one.recv(size - head, socket.MSG_WAITALL)

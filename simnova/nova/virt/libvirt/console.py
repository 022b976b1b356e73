"""In front of a guest: its screen as a picture, its serial console to type into. Work for `Host.at_once`."""

from __future__ import annotations

import socket
import struct
import time
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from simnova.nova.objects.states import PowerState
from simnova.nova.virt.libvirt import domains, guest
from simnova.nova.virt.libvirt.consoles import ports_in

if TYPE_CHECKING:
    from simnova.nova.virt.libvirt.host import Domain

__door__ = True

STILL = 0.15
"""Seconds without a sign after which a guest is taken to have answered."""
SLOW = 1.0
"""The same where it has written less than was typed: an echo may stop short on a busy machine."""

PATIENCE = 2.0
"""Seconds that a serial console's port may take to be reached."""


def typed(connection: Any, about: Domain, said: guest.Said) -> str:
    """Type `text`; what the guest writes then, until it is still, or for `seconds`."""
    domain, log = guest.find(connection, about), about.file(about.uuid) / "console.log"
    before = log.stat().st_size
    data = said["text"].encode()
    echoed, hang_up = before + len(data), _send(connection, domain, data)
    deadline, last, seen = time.monotonic() + said["seconds"], time.monotonic(), before
    while time.monotonic() < deadline:
        if seen > before and time.monotonic() > last + (STILL if seen >= echoed else SLOW):
            break
        time.sleep(0.02)
        if log.stat().st_size != seen:
            last, seen = time.monotonic(), log.stat().st_size
    hang_up()
    with log.open("rb") as file:
        file.seek(before)
        return file.read().decode(errors="replace")


def _send(connection: Any, domain: Any, data: bytes) -> Callable[[], None]:
    """To the guest's serial console, be it a port or a pty; what ends the connection."""
    for address in ports_in(domain.XMLDesc()):
        made = socket.create_connection(address, timeout=PATIENCE)
        made.sendall(data)
        return made.close
    stream = connection.newStream(0)
    domain.openConsole(None, stream, 0)
    while data:
        data = data[stream.send(data) :]
    return stream.abort  # type: ignore[no-any-return]


def is_on(connection: Any, about: Domain, said: guest.Said) -> bool:
    """Whether it has a screen and a keyboard."""
    return bool(guest.find(connection, about).isActive())


def screenshot(connection: Any, about: Domain, said: guest.Said) -> bytes:
    """What is on the guest's screen, as PNG: older QEMUs give PPM."""
    stream = connection.newStream(0)
    guest.find(connection, about).screenshot(stream, 0, 0)
    parts: list[bytes] = []
    stream.recvAll(lambda _, data, kept: kept.append(data), parts)
    stream.finish()
    data = b"".join(parts)
    return data if data.startswith(b"\x89PNG") else png(data)


def png(ppm: bytes) -> bytes:
    """A picture of the form P6 as PNG."""
    _, width, height, _, *_ = ppm.split(maxsplit=4)
    wide, high = int(width), int(height)
    pixels = ppm[-3 * wide * high :]
    rows = (pixels[3 * wide * row : 3 * wide * (row + 1)] for row in range(high))
    header = struct.pack(">IIBBBBB", wide, high, 8, 2, 0, 0, 0)
    image = zlib.compress(b"".join(b"\0" + row for row in rows))
    chunks = (b"IHDR", header), (b"IDAT", image), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    checked = kind + data
    return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))


def written(connection: Any, about: Domain, said: guest.Said) -> str:
    """What is in the guest's log, as soon as `text` is in it, or after `seconds`."""
    deadline = time.monotonic() + said["seconds"]
    while True:
        told = domains.console_log(connection, about, said)
        if said["text"] in told or time.monotonic() > deadline:
            return told
        time.sleep(0.02)


def settled(connection: Any, about: Domain, said: guest.Said) -> None:
    """Wait until a guest that runs has written something, and is still; at most `seconds` of the wall clock."""
    running = guest.info(guest.find(connection, about))[0] == PowerState.RUNNING
    log, deadline = about.file(about.uuid) / "console.log", time.monotonic() + said["seconds"]
    last, seen = time.monotonic(), 0
    while running and time.monotonic() < deadline and (not seen or time.monotonic() < last + STILL):
        time.sleep(0.02)
        size = log.stat().st_size if log.exists() else 0
        if size != seen:
            last, seen = time.monotonic(), size

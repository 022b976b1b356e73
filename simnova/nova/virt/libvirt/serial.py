"""Which TCP ports serial consoles have (`nova/console/serial.py`)."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from simnova.nova import exception
from simnova.nova.virt.libvirt import guest

if TYPE_CHECKING:
    from simnova.nova.virt.libvirt.host import Domain

__door__ = True

DEFAULT_PORT_RANGE = "10000:20000"

ALLOCATED_PORTS: dict[tuple[str, int], str] = {}
"""Whose each port is: hosts that are on one machine share them."""

_lock = threading.Lock()


def acquire(connection: Any, about: Domain, said: guest.Said) -> list[int]:
    """So many free ports of a range, for the guest: those that it has already, where it has some.

    Raises SocketPortRangeExhaustedException. Work for `Host.call`.
    """
    host, count, owner = said["host"], said["count"], f"{about.directory}/{about.uuid}"
    with _lock:
        found = sorted(port for (_, port), whose in ALLOCATED_PORTS.items() if whose == owner)
        if len(found) != count:
            _release(owner)
            found = [_acquire(host, said["range"], owner) for _ in range(count)]
    return found


def release(owner: str) -> None:
    """A guest (its directory says whose it is) is gone, or with a host's directory all that it had."""
    with _lock:
        _release(owner)


def _release(owner: str) -> None:
    for key, whose in list(ALLOCATED_PORTS.items()):
        if whose == owner or whose.startswith(f"{owner}/"):
            del ALLOCATED_PORTS[key]


def _acquire(host: str, port_range: str, owner: str) -> int:
    for port in range(*_bounds(port_range)):
        if (host, port) not in ALLOCATED_PORTS and _is_free(host, port):
            ALLOCATED_PORTS[host, port] = owner
            return port
    raise exception.SocketPortRangeExhaustedException(host=host)


def _bounds(port_range: str) -> tuple[int, int]:
    """A range that is none is the default one."""
    with suppress(ValueError):
        first, last = map(int, port_range.split(":"))
        if first < last:
            return first, last
    first, last = map(int, DEFAULT_PORT_RANGE.split(":"))
    return first, last


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True

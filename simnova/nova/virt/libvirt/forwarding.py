"""A way in to a guest, whose card lets only out: a port of this machine for one of its. Work for `Host.at_once`."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from simnova.exceptions import UsageError
from simnova.nova import exception
from simnova.nova.virt.libvirt import guest
from simnova.nova.virt.libvirt.config import NOVA_NS

if TYPE_CHECKING:
    from simnova.nova.virt.libvirt.host import Domain

__door__ = True

HERE = "127.0.0.1"


def forward(connection: Any, about: Domain, said: guest.Said) -> int:
    """Have QEMU listen for the guest; the port. Raises InternalError with what QEMU says.

    UsageError for a guest that needs no such way, as it is on a NAT network.
    """
    import libvirt_qemu

    domain = guest.find(connection, about)
    told = ET.fromstring(domain.XMLDesc())
    card, address = (
        told.find("devices/interface[@type='user']/alias"),
        told.find(f".//{{{NOVA_NS}}}ip"),
    )
    if card is None and address is not None and told.find("devices/interface") is not None:
        raise UsageError(
            "the guest is on a network of this machine's, where it can be reached without: "
            f"at {address.get('address')}, port {said['port']}"
        )
    if card is None or address is None:
        raise exception.InternalError("the guest has no card that can be reached")
    port = _free()
    to = f"{address.get('address')}:{said['port']}"
    command = f"hostfwd_add host{card.get('name')} tcp:{HERE}:{port}-{to}"
    flags = libvirt_qemu.VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP
    answer = str(libvirt_qemu.qemuMonitorCommand(domain, command, flags)).strip()
    if answer:
        raise exception.InternalError(f"QEMU: {answer}")
    return port


def _free() -> int:
    with socket.socket() as probe:
        probe.bind((HERE, 0))
        return int(probe.getsockname()[1])

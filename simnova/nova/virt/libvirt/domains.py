"""What is done to one domain of QEMU, beyond what every hypervisor of libvirt's can (`guest`): work for `Host.call`."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from simnova.nova import exception
from simnova.nova.virt.libvirt import filters, guest, identity, nat
from simnova.nova.virt.libvirt.consoles import ports_in
from simnova.nova.virt.libvirt.placing import as_kept, one_card, placed, rewired, unwired

if TYPE_CHECKING:
    from simnova.nova.virt.libvirt.host import Domain

__door__ = True

MAX_CONSOLE_BYTES = 100 * 1024
"""Of a console's log (`nova/virt/libvirt/driver.py`)."""


def define(connection: Any, about: Domain, said: guest.Said) -> guest.Info:
    """Make the domain known, as this machine can run it."""
    guest.refuse_existing(connection, about, said)
    said["lay"](about.uuid)
    called = identity.free(connection, about)
    return guest.info(connection.defineXML(_placed(connection, about, said, called)))


def redefine(connection: Any, about: Domain, said: guest.Said) -> guest.Info:
    """Give a domain of ours another definition."""
    called = identity.of(guest.find(connection, about))
    said["lay"](about.uuid)
    return guest.info(connection.defineXML(_placed(connection, about, said, called)))


def _placed(connection: Any, about: Domain, said: guest.Said, called: identity.Called) -> str:
    return placed(said["xml"], about, called, connection.getVersion(), said["lans"])


def boot(connection: Any, about: Domain, said: guest.Said) -> guest.Info:
    """Start the domain from its disk, even where its memory was saved."""
    import libvirt

    domain = guest.find(connection, about)
    domain.createWithFlags(libvirt.VIR_DOMAIN_START_FORCE_BOOT)
    return guest.info(domain)


def save(connection: Any, about: Domain, said: guest.Said) -> guest.Info:
    """A managed save; the next start goes on from there, with the cards that the guest has now."""
    import libvirt

    found = guest.save_memory_state(connection, about, said)
    domain = guest.find(connection, about)
    kept = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    domain.managedSaveDefineXML(as_kept(domain.managedSaveGetXMLDesc(0), kept), 0)
    return found


def nothing(connection: Any, about: Domain, said: guest.Said) -> None:
    """A step that is done already."""


# --- network cards ---


def plug(connection: Any, about: Domain, said: guest.Said) -> None:
    """Plug a card in, now and for the next start; the guest's end of the cable is loose until its wire is there."""
    import libvirt

    domain, mac, lan = guest.find(connection, about), said["mac"], said["lan"]
    said["lay"](about.uuid)
    if domain.isActive():
        domain.attachDeviceFlags(one_card(mac, lan, "down"), libvirt.VIR_DOMAIN_AFFECT_LIVE)
        filters.put(domain, mac, about.directory, bool(lan))
        domain.updateDeviceFlags(one_card(mac, lan, "up"), libvirt.VIR_DOMAIN_AFFECT_LIVE)
    domain.attachDeviceFlags(one_card(mac, lan), libvirt.VIR_DOMAIN_AFFECT_CONFIG)
    told = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    version = connection.getVersion()
    connection.defineXML(rewired(told, mac, about.directory, version, bool(lan)))


def unplug(connection: Any, about: Domain, said: guest.Said) -> None:
    """Pull a card out. A guest that runs has to agree, is asked `attempts` times, and has `patience` seconds each time.

    Raises DeviceDetachFailed (`_detach_from_live_with_retry`).
    """
    import libvirt

    domain, mac = guest.find(connection, about), said["mac"]
    card = one_card(mac)
    with suppress(libvirt.libvirtError):  # taken out at an attempt before
        domain.detachDeviceFlags(card, libvirt.VIR_DOMAIN_AFFECT_CONFIG)
    connection.defineXML(unwired(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE), mac))
    for _ in range(said["attempts"]):
        if not _plugged(domain, mac):
            break
        with suppress(libvirt.libvirtError):  # it is still thinking about the last time
            domain.detachDeviceFlags(card, libvirt.VIR_DOMAIN_AFFECT_LIVE)
        deadline = time.monotonic() + said["patience"]
        while _plugged(domain, mac) and time.monotonic() < deadline:
            time.sleep(0.05)
    if _plugged(domain, mac):
        reason = "the guest has not let go of it, however often it was asked"
        raise exception.DeviceDetachFailed(device=mac, reason=reason)
    if domain.isActive():
        filters.forget(domain, mac)
    nat.leave(connection, about.mark, said["take_up"](about.uuid))


def _plugged(domain: Any, mac: str) -> bool:
    """Whether the running guest has that card."""
    if not domain.isActive():
        return False
    cards = ET.fromstring(domain.XMLDesc()).findall("devices/interface/mac")
    return mac in [card.get("address") for card in cards]


# --- consoles ---


def console_log(connection: Any, about: Domain, said: guest.Said) -> str:
    """The end of what the guest has written."""
    log = about.file(about.uuid) / "console.log"
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - MAX_CONSOLE_BYTES))
        return file.read().decode(errors="replace")


def screen(connection: Any, about: Domain, said: guest.Said) -> tuple[str, int]:
    """Where its screen can be had, by `kind` (vnc, spice). Raises ConsoleTypeUnavailable."""
    told = ET.fromstring(guest.find(connection, about).XMLDesc())
    for graphics in told.findall(f"devices/graphics[@type='{said['kind']}']"):
        return graphics.get("listen", "127.0.0.1"), int(graphics.get("port", "-1"))
    raise exception.ConsoleTypeUnavailable(console_type=said["kind"])


def serial(connection: Any, about: Domain, said: guest.Said) -> tuple[str, int]:
    """Where its first serial console listens. Raises ConsoleTypeUnavailable."""
    for found in ports_in(guest.find(connection, about).XMLDesc()):
        return found
    raise exception.ConsoleTypeUnavailable(console_type="serial")


def has_spice(connection: Any, about: Domain, said: guest.Said) -> bool:
    """Whether this QEMU can show a guest's screen by SPICE."""
    told = ET.fromstring(connection.getDomainCapabilities(None, None, None, None, 0))
    return "spice" in [one.text for one in told.findall("devices/graphics/enum/value")]

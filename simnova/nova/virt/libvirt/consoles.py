"""What a guest is looked at and typed into by, as Nova writes it (`_create_consoles` of its libvirt driver)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from xml.etree import ElementTree as ET

from simnova.config import Config
from simnova.nova import exception
from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.virt.libvirt.elements import node

__door__ = True

ALLOWED_QEMU_SERIAL_PORTS = 4

COMPRESSIONS = {
    "image": ("image", "compression"),
    "jpeg": ("jpeg", "compression"),
    "zlib": ("zlib", "compression"),
    "playback": ("playback", "compression"),
    "streaming": ("streaming", "mode"),
}
"""Element and attribute of each of SPICE's options."""

CHANNELS = ["main", "display", "inputs", "cursor", "playback", "record", "smartcard", "usbredir"]


class Spice(NamedTuple):
    """`[spice]` of nova.conf, as far as a guest's definition has it."""

    listen: str
    agent: bool
    options: tuple[tuple[str, str], ...] = ()
    secure: bool = False

    @classmethod
    def of(cls, conf: Config) -> Spice:
        """What the options say."""
        options = conf.spice
        playback = options.playback_compression
        given = {
            "image": options.image_compression,
            "jpeg": options.jpeg_compression,
            "zlib": options.zlib_compression,
            "playback": None if playback is None else "on" if playback else "off",
            "streaming": options.streaming_mode,
        }
        said = tuple((name, str(value)) for name, value in given.items() if value is not None)
        return cls(options.server_listen, options.agent_enabled, said, options.require_secure)


class Consoles(NamedTuple):
    """TCP ports of serial consoles at an address (none: a pty), a VNC server's address, and SPICE."""

    serial: tuple[int, ...] = ()
    serial_host: str = "127.0.0.1"
    vnc: str | None = "127.0.0.1"
    spice: Spice | None = None


PLAIN = Consoles()
"""A pty and VNC, as without any option."""


def chars(consoles: Consoles, log: str) -> Iterator[ET.Element]:
    """The serial consoles, of which the first one's log is kept, and the channel of SPICE's agent."""
    kept = node("log", file=log, append="off")
    if not consoles.serial:
        yield node("serial", kept, type="pty")
    for number, port in enumerate(consoles.serial):
        source = node("source", mode="bind", host=consoles.serial_host, service=port)
        yield node("serial", source, *([kept] if number == 0 else []), type="tcp")
    if consoles.spice and consoles.spice.agent:
        target = node("target", type="virtio", name="com.redhat.spice.0")
        yield node("channel", target, type="spicevmc")


def graphics(consoles: Consoles) -> Iterator[ET.Element]:
    """The servers of the guest's screen, and its video card; none for a guest that nobody can look at."""
    if consoles.vnc:
        yield node("graphics", type="vnc", autoport="yes", listen=consoles.vnc)
    if consoles.spice:
        yield node("graphics", *_told(consoles.spice), **_at(consoles.spice.listen))
    if consoles.vnc or consoles.spice:
        yield node("video", node("model", type="virtio"))


def _at(listen: str) -> dict[str, str]:
    return {"type": "spice", "autoport": "yes", "listen": listen}


def _told(spice: Spice) -> Iterator[ET.Element]:
    for name, value in spice.options:
        tag, attribute = COMPRESSIONS[name]
        yield node(tag, **{attribute: value})
    if spice.secure:
        for channel in CHANNELS:
            yield node("channel", name=channel, mode="secure")


def serial_ports(flavor: Flavor, image: ImageMeta) -> int:
    """How many a guest has (`get_number_of_serial_ports` of `nova/virt/hardware.py`).

    Raises ImageSerialPortNumberInvalid, ImageSerialPortNumberExceedFlavorValue, SerialPortNumberLimitExceeded.
    """
    of_flavor = _number(flavor.extra_specs.get("hw:serial_port_count"))
    of_image = _number(image.properties.get("hw_serial_port_count"))
    if of_flavor and of_image > of_flavor:
        raise exception.ImageSerialPortNumberExceedFlavorValue()
    found = of_image or of_flavor or 1
    if found > ALLOWED_QEMU_SERIAL_PORTS:
        raise exception.SerialPortNumberLimitExceeded(
            allowed=ALLOWED_QEMU_SERIAL_PORTS, virt_type="qemu"
        )
    return found


def _number(given: object) -> int:
    try:
        return int(str(given or 0))
    except ValueError:
        raise exception.ImageSerialPortNumberInvalid(num_ports=given) from None


def ports_in(xml: str) -> list[tuple[str, int]]:
    """Where the serial consoles of a definition listen (`_get_serial_ports_from_guest`)."""
    found = ET.fromstring(xml).findall("devices/serial[@type='tcp']/source[@mode='bind']")
    return [(one.get("host", ""), int(one.get("service", "0"))) for one in found]


def renumbered(domain: ET.Element, ports: Sequence[int]) -> None:
    """Give the serial consoles of a guest that moves the ports it has there (`_update_serial_xml`)."""
    for kind in ("serial", "console"):
        sources = domain.findall(f"devices/{kind}[@type='tcp']/source")
        for source, port in zip(sources, ports, strict=False):
            source.set("service", str(port))

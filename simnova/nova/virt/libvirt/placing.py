"""A domain as this machine can run it: what Nova's XML takes for granted, and is not here.

The journal has Nova's XML; what is defined has, beside the cloud's mark, the host's own directory in the place of
`instances_path`, user-mode networking (which needs no rights) or a network of libvirt's in that of a bridge, and the
cache mode that the file system can (`disk_cachemode` of `nova/virt/libvirt/driver.py`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from simnova.nova.virt.libvirt import filters
from simnova.nova.virt.libvirt.config import INSTANCES_PATH
from simnova.nova.virt.libvirt.elements import node
from simnova.nova.virt.libvirt.identity import QEMU_NS, Called, mark, parsed

if TYPE_CHECKING:
    from simnova.nova.virt.libvirt.host import Domain

__door__ = True


def placed(xml: str, about: Domain, called: Called, version: int, lans: Mapping[str, str]) -> str:
    """The definition that libvirt gets; `version` is QEMU's, as libvirt tells it (9002000 for 9.2.0).

    `lans` are the networks of libvirt's that cards are on, by MAC.
    """
    domain = parsed(xml)
    mark(domain, about, called)
    _place_files(domain, about.directory)
    for card in domain.iter("interface"):
        carry(card, lans.get(_mac(card), ""))
    wired(domain, about.directory, version)
    return ET.tostring(domain, encoding="unicode")


def _place_files(domain: ET.Element, directory: Path) -> None:
    for element in domain.iter():
        file = element.get("file", "")
        if file.startswith(INSTANCES_PATH):
            element.set("file", f"{directory}{file.removeprefix(INSTANCES_PATH)}")
    if not direct_io(directory):
        for driver in domain.iter("driver"):
            driver.set("cache", "writeback")


def carry(card: ET.Element, lan: str) -> None:
    """Have a network of libvirt's carry a card's frames, or QEMU itself.

    Our wires must see whole frames: the host's kernel and the guest leave nothing of them to be done by the other.
    """
    gone = ("source", "target", "mtu", "virtualport")
    for element in [one for one in card if one.tag in gone]:
        card.remove(element)
    card.set("type", "network" if lan else "user")
    if lan:
        card.append(node("source", network=lan))
        off = dict.fromkeys(("csum", "tso4", "tso6", "ecn", "ufo"), "off")
        card.append(
            node("driver", node("host", gso="off", **off), node("guest", **off), name="qemu")
        )


def _mac(card: ET.Element) -> str:
    found = card.find("mac")
    return "" if found is None else found.get("address", "")


def wired(domain: ET.Element, directory: Path, version: int) -> None:
    """Every frame that a card sends goes through a wire of this cloud's (`wires`); QEMU's filters do that."""
    for card in domain.iterfind("devices/interface"):
        mac = _mac(card)
        if card.find("alias") is None:
            ET.SubElement(card, "alias", name=filters.alias(mac))
        _tell(domain, filters.arguments(mac, directory, version, card.get("type") == "network"))


def _tell(domain: ET.Element, arguments: Iterable[str]) -> None:
    tag = f"{{{QEMU_NS}}}commandline"
    line = domain.find(tag)
    if line is None:
        line = ET.SubElement(domain, tag)
    for one in arguments:
        ET.SubElement(line, f"{{{QEMU_NS}}}arg", value=one)


def one_card(mac: str, lan: str = "", link: str | None = None) -> str:
    """A card to plug in or pull out; `link` is "down" where it is to stay silent for now."""
    card = ET.Element("interface")
    carry(card, lan)
    ET.SubElement(card, "mac", address=mac)
    ET.SubElement(card, "model", type="virtio")
    ET.SubElement(card, "alias", name=filters.alias(mac))
    if link:
        ET.SubElement(card, "link", state=link)
    return ET.tostring(card, encoding="unicode")


def rewired(xml: str, mac: str, directory: Path, version: int, tap: bool) -> str:
    """The definition with the filters of one card more."""
    domain = parsed(xml)
    _tell(domain, filters.arguments(mac, directory, version, tap))
    return ET.tostring(domain, encoding="unicode")


def unwired(xml: str, mac: str) -> str:
    """The definition without the filters of a card that is not there any more."""
    domain, name = parsed(xml), mac.replace(":", "")
    for line in domain.findall(f"{{{QEMU_NS}}}commandline"):
        told = list(line)
        for what, how in zip(told[::2], told[1::2], strict=True):
            if f"-{name}," in how.get("value", ""):
                line.remove(what)
                line.remove(how)
    return ET.tostring(domain, encoding="unicode")


def as_kept(xml: str, kept: str) -> str:
    """The definition of a guest that runs, with its kept one's filters: cards have come and gone since its start."""
    domain, tag = parsed(xml), f"{{{QEMU_NS}}}commandline"
    for line in domain.findall(tag):
        domain.remove(line)
    domain.extend(parsed(kept).findall(tag))
    return ET.tostring(domain, encoding="unicode")


def direct_io(directory: Path) -> bool:
    """Whether files there can be opened past the page cache (`nova/privsep/utils.py`, `supports_direct_io`)."""
    probe = directory / ".directio"
    try:
        os.close(os.open(probe, os.O_CREAT | os.O_WRONLY | os.O_DIRECT))
    except OSError:
        return False
    finally:
        with suppress(OSError):
            probe.unlink()
    return True

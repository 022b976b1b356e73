"""A domain as this machine can run it: what Nova's XML takes for granted, and is not here.

The journal has Nova's XML; what is defined has, beside the cloud's mark, the host's own directory in the place of
`instances_path`, user-mode networking in that of a bridge (which needs no rights), and the cache mode that the file
system can (`disk_cachemode` of `nova/virt/libvirt/driver.py`).
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from simnova.nova.virt.libvirt.config import INSTANCES_PATH, NOVA_NS
from simnova.nova.virt.libvirt.guest import MARK_NS

if TYPE_CHECKING:
    from simnova.nova.virt.libvirt.host import Domain

__door__ = True

PREFIXES = {"nova": NOVA_NS, "simnova": MARK_NS}


def placed(xml: str, about: Domain) -> str:
    """The definition that libvirt gets."""
    for prefix, namespace in PREFIXES.items():
        ET.register_namespace(prefix, namespace)
    domain = ET.fromstring(xml)
    metadata = domain.find("metadata")
    if metadata is not None:
        ET.SubElement(metadata, f"{{{MARK_NS}}}cloud", run=about.mark)
    _place_files(domain, about.directory)
    for card in domain.iter("interface"):
        as_user(card)
    return ET.tostring(domain, encoding="unicode")


def _place_files(domain: ET.Element, directory: Path) -> None:
    for element in domain.iter():
        file = element.get("file", "")
        if file.startswith(INSTANCES_PATH):
            element.set("file", f"{directory}{file.removeprefix(INSTANCES_PATH)}")
    if not direct_io(directory):
        for driver in domain.iter("driver"):
            driver.set("cache", "writeback")


def as_user(card: ET.Element) -> None:
    """A network card whose packets QEMU carries itself."""
    card.set("type", "user")
    for tag in ("source", "target", "mtu", "virtualport"):
        for element in card.findall(tag):
            card.remove(element)


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

"""Whose a domain is, and what it is called where another cloud has taken its name.

Clouds of one seed have servers of one UUID. On one daemon, the first gets Nova's name and UUID for its domain, as a
learner expects; of another cloud's the name has that cloud's mark at the end, and the UUID is made of both.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree import ElementTree as ET

from simnova.nova.virt.libvirt.config import NOVA_NS

if TYPE_CHECKING:
    from simnova.nova.virt.libvirt.host import Domain

__door__ = True

MARK_NS = "urn:simnova"
QEMU_NS = "http://libvirt.org/schemas/domain/qemu/1.0"
PREFIXES = {"nova": NOVA_NS, "simnova": MARK_NS, "qemu": QEMU_NS}
SHOWN = 8
"""Characters of a mark that are in a name."""


class Called(NamedTuple):
    """What libvirt calls a domain."""

    name: str
    uuid: str


# --- whose it is ---


def _mark(domain: Any) -> ET.Element | None:
    import libvirt

    try:
        text = domain.metadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, MARK_NS)
    except libvirt.libvirtError:
        return None
    return ET.fromstring(text)


def cloud_of(domain: Any) -> str | None:
    """The mark of the cloud that has made a domain; None for one that no cloud has."""
    mark = _mark(domain)
    return None if mark is None else mark.get("run")


def server_of(domain: Any, mark: str) -> str | None:
    """The server's UUID for a domain of this cloud's; None for any other."""
    found = _mark(domain)
    if found is None or found.get("run") != mark:
        return None
    return found.get("server") or str(domain.UUIDString())


def nova_name(domain: Any, mark: str) -> str:
    """What Nova calls the domain."""
    return str(domain.name()).removesuffix(f"-{mark[:SHOWN]}")


# --- what it is called ---


def parsed(xml: str) -> ET.Element:
    """A definition, whose namespaces keep their prefixes when it is written again."""
    for prefix, namespace in PREFIXES.items():
        ET.register_namespace(prefix, namespace)
    return ET.fromstring(xml)


def marked(xml: str, about: Domain, called: Called) -> str:
    """The definition with the cloud's mark."""
    domain = parsed(xml)
    mark(domain, about, called)
    return ET.tostring(domain, encoding="unicode")


def mark(domain: ET.Element, about: Domain, called: Called) -> None:
    """Put the cloud's mark on a definition, and the name and UUID under which libvirt has it."""
    metadata = domain.find("metadata")
    if metadata is not None:
        ET.SubElement(metadata, f"{{{MARK_NS}}}cloud", run=about.mark, server=about.uuid)
    texts = {
        "name": called.name,
        "uuid": called.uuid,
        "sysinfo/system/entry[@name='uuid']": called.uuid,
    }
    for path, text in texts.items():
        for element in domain.findall(path):
            element.text = text


def of(domain: Any) -> Called:
    """What a domain that is there is called: it stays so."""
    return Called(domain.name(), domain.UUIDString())


def free(connection: Any, about: Domain) -> Called:
    """What a new domain is called: as Nova says, unless that is taken here."""
    there = list(map(of, connection.listAllDomains()))
    if all(one.name != about.name and one.uuid != about.uuid for one in there):
        return Called(about.name, about.uuid)
    return Called(f"{about.name}-{about.mark[:SHOWN]}", own_uuid(about))


def own_uuid(about: Domain) -> str:
    """The UUID that a domain has where Nova's is taken."""
    return str(uuid.uuid5(uuid.UUID(about.uuid), about.mark))

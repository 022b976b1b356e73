"""Base images and overlays, as volumes of a storage pool (`nova/virt/libvirt/imagebackend.py`).

Where Nova writes files and calls `qemu-img`, this asks libvirt for volumes at the same paths: the
test hypervisor knows their sizes, formats and backing files, and keeps no data.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from simnova.nova import exception
from simnova.nova.virt.configdrive import CONFIGDRIVESIZE_BYTES
from simnova.nova.virt.driver import GIB
from simnova.nova.virt.libvirt import guest
from simnova.nova.virt.libvirt.config import INSTANCES_PATH

if TYPE_CHECKING:
    from simnova.nova.virt.libvirt.host import Domain

__door__ = True

POOL = "instances"
POOL_XML = (
    f"<pool type='dir'><name>{POOL}</name><target><path>{INSTANCES_PATH}</path></target></pool>"
)
VOLUME_XML = """<volume>
  <name>{name}</name>
  <capacity unit='bytes'>{capacity}</capacity>
  <allocation unit='bytes'>{allocation}</allocation>
  <target><format type='{format}'/></target>{backing}
</volume>"""
BACKING_XML = "<backingStore><path>{path}</path><format type='raw'/></backingStore>"


def pool(connection: Any) -> Any:
    """The pool that holds `instances_path`, made where the host has none."""
    pools = {found.name(): found for found in connection.listAllStoragePools()}
    if POOL not in pools:
        pools[POOL] = connection.storagePoolDefineXML(POOL_XML)
    if not pools[POOL].isActive():
        pools[POOL].create()
    return pools[POOL]


def download(connection: Any, about: Domain, said: guest.Said) -> None:
    """The image as it comes from Glance."""
    pool(connection).createXML(_base(said["file"], said["bytes"], said["format"]))


def convert(connection: Any, about: Domain, said: guest.Said) -> None:
    """The image as raw, and the download gone."""
    images = pool(connection)
    part = images.storageVolLookupByName(f"{said['file']}.part")
    images.createXMLFrom(_base(said["file"], said["bytes"], "raw"), part)
    part.delete()


def overlay(connection: Any, about: Domain, said: guest.Said) -> None:
    """The guest's own disk: it takes no room until it is written to."""
    base = pool(connection).storageVolLookupByName(said["backing"])
    backing = BACKING_XML.format(path=base.path())
    size = said["gb"] * GIB or base.info()[1]
    xml = VOLUME_XML.format(
        name=said["file"], capacity=size, allocation=0, format="qcow2", backing=backing
    )
    pool(connection).createXML(xml)


def config_drive(connection: Any, about: Domain, said: guest.Said) -> None:
    """A file of a config drive's size: the test hypervisor has no bytes."""
    pool(connection).createXML(_base(said["file"], CONFIGDRIVESIZE_BYTES, "raw"))


def extract(connection: Any, about: Domain, said: guest.Said) -> None:
    """A copy of the guest's disk on its own, without a backing file."""
    disk = pool(connection).storageVolLookupByName(said["source"])
    pool(connection).createXMLFrom(_base(said["file"], said["bytes"], said["format"]), disk)


def read(connection: Any, about: Domain, said: guest.Said) -> None:
    """Look at the file that is uploaded; Nova reads it, and here it has no data."""
    pool(connection).storageVolLookupByName(said["file"]).info()


def delete(connection: Any, about: Domain, said: guest.Said) -> None:
    """Remove one file, if it is there."""
    for volume in pool(connection).listAllVolumes():
        if volume.name() == said["file"]:
            volume.delete()


def undefine(connection: Any, about: Domain, said: guest.Said) -> None:
    """Remove the guest's domain, if there is one of ours, and its disks."""
    with suppress(exception.InstanceNotFound):
        guest.remove(guest.find(connection, about))
    for volume in pool(connection).listAllVolumes():
        if volume.name().startswith(f"{about.uuid}/"):
            volume.delete()


def _base(name: str, size: int, image_format: str) -> str:
    return VOLUME_XML.format(
        name=name, capacity=size, allocation=size, format=image_format, backing=""
    )

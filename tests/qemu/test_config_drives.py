"""Config drives of real guests: a file that QEMU has as a CD, and that goes wherever its guest goes."""

from __future__ import annotations

import shutil

import pytest

from simnova import Cloud
from simnova.nova.virt import configdrive

from .conftest import guests, up

for _name in ("genisoimage", "mcopy", "mkfs.vfat"):
    if shutil.which(_name, path=configdrive.PLACES) is None:
        pytest.skip(f"there is no {_name}: {configdrive.HOW_TO_GET}", allow_module_level=True)


def drive(cloud, server):
    directory = cloud.assembly.drivers[server.host].driver.hypervisor.directory
    return directory / server.id / "disk.config"


@pytest.mark.parametrize("kind", ["iso9660", "vfat"])
def test_a_guest_takes_its_drive_along(machines, kind):
    with Cloud(machines.hosts, config={"config_drive_format": kind}) as cloud:
        server = cloud.boot("web", flavor="m1.tiny", config_drive=True).wait()
        up(server)
        first, host = drive(cloud, server), server.host
        made = first.read_bytes()
        assert (b"CD001" if kind == "iso9660" else b"FAT") in made[:40000]
        domain = cloud.assembly.drivers[host].driver.connection.lookupByUUIDString(server.id)
        assert str(first) in domain.XMLDesc()
        server.live_migrate()
        cloud.run()
        assert (server.status, server.host != host) == ("ACTIVE", True)
        assert drive(cloud, server).read_bytes() == made
        assert not first.exists()
        server.migrate()
        cloud.run()
        assert server.status == "VERIFY_RESIZE"
        assert first.exists()
        server.confirm_resize()
        cloud.run()
        server.delete()
        cloud.run()
        assert not first.exists()
        assert guests(cloud) == {"compute1": [], "compute2": []}

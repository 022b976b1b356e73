"""Config drives (nova/virt/configdrive.py): who gets one, what is on it, and that the domain has it."""

from __future__ import annotations

import json
import shutil
import subprocess
from xml.etree import ElementTree as ET

import pytest

from simnova import Cloud, Host
from simnova.nova import exception
from simnova.nova.virt import configdrive

FILES = {
    "openstack/latest/meta_data.json": json.dumps({"uuid": "u", "name": "größer"}).encode(),
    "openstack/latest/user_data": b"#!/bin/sh\n",
    "openstack/content/0000": bytes(range(256)),
}


def steps(cloud):
    return [event.data["step"] for event in cloud.journal if event.kind == "virt.step"]


def drives(cloud):
    """What the driver says it has put on config drives."""
    made = (event.data for event in cloud.journal if event.data.get("step") == "config_drive")
    return [(data["file"].split("/")[1], data["format"], data["files"]) for data in made]


def xml(cloud):
    said = [event.data["xml"] for event in cloud.journal if "xml" in event.data]
    return ET.fromstring(said[-1])


def test_a_server_that_asks_for_one_gets_one_before_it_starts():
    with Cloud(hosts=1) as cloud:
        server = cloud.boot("web", config_drive=True, user_data="#!/bin/sh\n").wait()
        assert steps(cloud)[-3:] == ["define", "config_drive", "start"]
        ((name, kind, files),) = drives(cloud)
        assert (name, kind) == ("disk.config", "iso9660")
        assert {
            "ec2/2009-04-04/meta-data.json",
            "ec2/latest/user-data",
            "openstack/2012-08-10/user_data",
            "openstack/latest/meta_data.json",
            "openstack/latest/network_data.json",
            "openstack/latest/vendor_data.json",
            "openstack/latest/vendor_data2.json",
        } <= set(files)
        assert "openstack/2012-08-10/network_data.json" not in files
        assert "ec2/2008-09-01/meta-data.json" not in files
        assert server.show()["config_drive"] == "True"
        assert "Creating config drive at /var/lib/nova/instances/" in str(cloud.log())


@pytest.mark.parametrize(
    ("kind", "device", "target"),
    [
        ("iso9660", "cdrom", {"bus": "ide", "dev": "hda"}),
        ("vfat", "disk", {"bus": "virtio", "dev": "vdb"}),
    ],
)
def test_it_is_a_cd_or_a_disk(kind, device, target):
    with Cloud(hosts=1, config={"config_drive_format": kind}) as cloud:
        cloud.boot("web", config_drive=True).wait()
        disk = xml(cloud).findall("devices/disk")[-1]
        assert disk.get("device") == device
        assert disk.find("target").attrib == target
        assert disk.find("driver").attrib["type"] == "raw"
        assert disk.find("source").attrib["file"].endswith("/disk.config")


def test_nobody_gets_one_unasked():
    with Cloud(hosts=1) as cloud:
        server = cloud.boot("web").wait()
        assert drives(cloud) == []
        assert server.show()["config_drive"] == ""
        assert len(xml(cloud).findall("devices/disk")) == 1


def test_the_cloud_can_force_it_on_those_that_are_new():
    with Cloud(hosts=1) as cloud:
        old = cloud.boot("old").wait()
        cloud.set("force_config_drive", True)
        new = cloud.boot("new").wait()
        old.rebuild()
        cloud.run()
        assert [one.show()["config_drive"] for one in (old, new)] == ["", "True"]
        assert len(drives(cloud)) == 1
        new.rebuild()
        cloud.run()
        assert len(drives(cloud)) == 2


def test_an_image_can_demand_it():
    with Cloud(hosts=1) as cloud:
        cloud.images.create("picky", size=20_000_000, img_config_drive="mandatory")
        server = cloud.boot("web", image="picky", flavor="m1.tiny").wait()
        assert len(drives(cloud)) == 1
        assert server.show()["config_drive"] == "True"


def test_a_resized_server_gets_another_and_a_rescued_one_one_more():
    with Cloud(hosts=2) as cloud:
        server = cloud.boot("web", config_drive=True).wait()
        server.rescue()
        cloud.run()
        assert [name for name, _, _ in drives(cloud)] == ["disk.config", "disk.config.rescue"]
        assert xml(cloud).findall("devices/disk/source")[-1].get("file").endswith("config.rescue")
        server.unrescue()
        cloud.run()
        removed = [event.data.get("file") for event in cloud.journal if event.kind == "virt.step"]
        assert removed[-1] == f"{server.id}/disk.config.rescue"
        before = server.host
        server.migrate()
        cloud.run()
        assert (server.status, server.host != before) == ("VERIFY_RESIZE", True)
        assert [name for name, _, _ in drives(cloud)][2:] == ["disk.config"]
        server.confirm_resize()
        cloud.run()
        server.reboot("HARD")
        cloud.run()
        assert (server.status, len(drives(cloud))) == ("ACTIVE", 3)


def test_one_that_cannot_be_made_fails_the_build():
    with Cloud(hosts=1) as cloud:
        cloud.fail("compute1", "config_drive", "No space left on device")
        server = cloud.boot("web", config_drive=True)
        cloud.run()
        assert server.status == "ERROR"
        assert "config_drive" not in steps(cloud)
        assert cloud.assembly.simulated("compute1").guests == {}


def test_it_is_replayed():
    with Cloud(hosts=1) as cloud:
        cloud.boot("web", config_drive=True).wait()
        with cloud.fork() as twin:
            twin.servers["web"].rebuild()
            twin.run()
            assert len(drives(twin)) == 2


@pytest.mark.libvirt
def test_libvirts_test_hypervisor_has_a_file_for_it():
    pytest.importorskip("libvirt")
    with Cloud([Host("compute1", driver="test:///")]) as cloud:
        server = cloud.boot("web", config_drive=True).wait()
        pool = cloud.assembly.drivers["compute1"].driver.connection.listAllStoragePools()[0]
        names = {volume.name() for volume in pool.listAllVolumes()}
        assert {f"{server.id}/disk", f"{server.id}/disk.config"} <= names
        server.delete()
        cloud.run()
        left = {volume.name() for volume in pool.listAllVolumes()}
        assert {name for name in left if name.startswith(server.id)} == set()


# --- the file itself ---


def program(name):
    found = shutil.which(name, path=configdrive.PLACES)
    return found or pytest.skip(f"there is no {name}: {configdrive.HOW_TO_GET}")


def test_an_iso9660_drive_holds_what_was_put_on_it(tmp_path):
    isoinfo, _ = program("isoinfo"), program("genisoimage")
    drive = tmp_path / "made" / "disk.config"
    configdrive.make_drive(drive, FILES, "iso9660", "genisoimage")
    told = subprocess.run([isoinfo, "-d", "-i", drive], capture_output=True, text=True).stdout
    assert "Volume id: config-2" in told
    assert "Publisher id: OpenStack Nova" in told
    for name, data in FILES.items():
        read = subprocess.run([isoinfo, "-R", "-i", drive, "-x", f"/{name}"], capture_output=True)
        assert read.stdout == data


def test_a_vfat_drive_holds_what_was_put_on_it(tmp_path):
    mtype, mlabel, _ = program("mtype"), program("mlabel"), program("mkfs.vfat")
    drive = tmp_path / "disk.config"
    configdrive.make_drive(drive, FILES, "vfat", "")
    assert drive.stat().st_size == configdrive.CONFIGDRIVESIZE_BYTES
    told = subprocess.run([mlabel, "-s", "-i", drive, "::"], capture_output=True, text=True).stdout
    assert "config-2" in told
    for name, data in FILES.items():
        read = subprocess.run([mtype, "-i", drive, f"::/{name}"], capture_output=True)
        assert read.stdout == data


def test_a_program_that_is_missing_or_fails_is_one_sentence(tmp_path):
    drive = tmp_path / "disk.config"
    with pytest.raises(exception.InternalError, match=r"there is no no-such .* apt-get install"):
        configdrive.make_drive(drive, FILES, "iso9660", "no-such")
    with pytest.raises(exception.InternalError, match="false: exit status 1"):
        configdrive.make_drive(drive, FILES, "iso9660", "false")
    assert not drive.exists()

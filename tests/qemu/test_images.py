"""Images as files: from the learner's disk through Glance to a base image and an overlay; bad ones are refused."""

from __future__ import annotations

import os
import subprocess

import pytest

from simnova import Cloud, UsageError
from simnova.nova.virt import tiny_guest
from simnova.nova.virt.imagecache import get_cache_fname

from .conftest import up


def qemu_img(*arguments):
    subprocess.run(["qemu-img", *map(str, arguments)], check=True, capture_output=True)


@pytest.fixture
def disk(tmp_path):
    """A qcow2 image that boots the tiny guest."""
    raw, made = tmp_path / "tiny.raw", tmp_path / "mine.qcow2"
    tiny_guest.write_disk(raw)
    qemu_img("convert", "-f", "raw", "-O", "qcow2", raw, made)
    return made


def steps(cloud):
    return [event.data["step"] for event in cloud.journal if event.kind == "virt.step"]


def directory(cloud, host):
    return cloud.assembly.drivers[host].driver.hypervisor.directory


def boot(cloud, image, **more):
    made = cloud.submit("web", flavor="m1.tiny", image=image, host="compute1", **more)
    cloud.run()
    return made.server


def test_an_image_of_ones_own_boots_and_is_fetched_once(cloud, disk):
    cloud.images.add(disk)
    shown = cloud.images["mine"]
    assert (shown.size, shown.disk_format) == (disk.stat().st_size, "qcow2")
    up(boot(cloud, "mine"))
    up(boot(cloud, "mine"))
    assert steps(cloud) == ["download", "convert", *["overlay", "define", "start"] * 2]
    base = directory(cloud, "compute1") / "_base" / get_cache_fname(shown.id)
    assert base.read_bytes()[:512] == tiny_guest.sector()
    assert [one.name for one in base.parent.iterdir()] == [base.name]  # no .part


def test_a_raw_image_is_used_as_it_is(cloud, tmp_path):
    raw = tmp_path / "own.img"
    tiny_guest.write_disk(raw)
    cloud.images.add(raw, "own")
    up(boot(cloud, "own"))
    assert steps(cloud) == ["download", "overlay", "define", "start"]


def test_the_overlay_is_as_large_as_the_flavor_and_stands_on_its_base(cloud, disk):
    cloud.images.add(disk)
    server = boot(cloud, "mine")
    domain = cloud.assembly.drivers["compute1"].driver.connection.lookupByUUIDString(server.id)
    assert domain.blockInfo("vda")[0] == 1024**3
    overlay = directory(cloud, "compute1") / server.id / "disk"
    told = subprocess.run(
        ["qemu-img", "info", "-U", str(overlay)], capture_output=True, text=True, check=True
    ).stdout
    assert f"backing file: {directory(cloud, 'compute1')}/_base/" in told
    assert "backing file format: raw" in told


def test_an_image_larger_than_the_flavors_disk_is_refused(cloud, tmp_path):
    large = tmp_path / "large.qcow2"
    qemu_img("create", "-f", "qcow2", large, "2G")
    cloud.images.add(large)
    server = boot(cloud, "large")
    assert server.status == "ERROR"
    assert "image is 2147483648 bytes" in str(cloud.log())


def refused(cloud, image):
    """How a server ends whose image is unacceptable, and that nothing is left of it."""
    server = boot(cloud, image)
    assert server.status == "ERROR"
    assert not list(directory(cloud, "compute1").glob("_base/*"))
    assert cloud.assembly.drivers["compute1"].driver.connection.listAllDomains() == []
    return server.fault


def test_an_image_that_leads_to_a_file_of_the_host_is_refused(cloud, tmp_path):
    attack = tmp_path / "attack.qcow2"
    qemu_img("create", "-f", "qcow2", "-u", "-b", "/etc/passwd", "-F", "raw", attack, "1G")
    cloud.images.add(attack)
    assert "Image does not pass safety check: it has a backing file" in refused(cloud, "attack")


def test_an_image_with_a_data_file_is_refused(cloud, tmp_path):
    attack, data = tmp_path / "attack.qcow2", tmp_path / "data"
    qemu_img("create", "-f", "qcow2", "-o", f"data_file={data},data_file_raw=on", attack, "1M")
    cloud.images.add(attack)
    assert "its data is in another file" in refused(cloud, "attack")


def test_an_image_of_another_format_than_it_is_said_to_be_is_refused(cloud, disk):
    cloud.images.add(disk, "liar", disk_format="raw")
    assert "Image content does not match disk_format: it is qcow2, not raw" in refused(
        cloud, "liar"
    )


@pytest.mark.parametrize("part", [2, 6])
def test_a_truncated_image_is_refused(cloud, disk, part):
    data = disk.read_bytes()
    disk.write_bytes(data[: len(data) * (part - 1) // part])
    cloud.images.add(disk)
    assert "truncated" in refused(cloud, "mine")


def test_an_image_that_changed_after_glance_had_it_is_refused(cloud, disk):
    cloud.images.add(disk)
    disk.write_bytes(disk.read_bytes() + b"more")
    assert "not those that Glance was given" in refused(cloud, "mine")


def test_an_image_that_is_gone_costs_the_host_and_says_so(cloud, disk):
    cloud.images.add(disk)
    disk.unlink()
    assert boot(cloud, "mine").status == "ERROR"
    assert f"No such file or directory: '{disk}'" in str(cloud.log())


@pytest.mark.parametrize("how", ["migrate", "live_migrate"])
def test_a_server_moves_with_its_image_when_glance_has_it_no_more(cloud, disk, how):
    cloud.images.add(disk)
    server = boot(cloud, "mine")
    up(server)
    cloud.images.delete("mine")
    disk.unlink()
    getattr(server, how)()
    cloud.run()
    assert (server.status, server.host) in [("VERIFY_RESIZE", "compute2"), ("ACTIVE", "compute2")]
    bases = [sorted((directory(cloud, host) / "_base").iterdir()) for host in hosts(cloud)]
    assert [base.name for base in bases[0]] == [base.name for base in bases[1]]
    assert bases[1][0].read_bytes() == bases[0][0].read_bytes()
    up(server) if how == "migrate" else server.type("still here")


def hosts(cloud):
    return sorted(cloud.assembly.drivers)


def test_what_is_no_file_is_refused_at_once(cloud, tmp_path):
    with pytest.raises(UsageError, match="no image can be made of /no/such: "):
        cloud.images.add("/no/such")


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("empty.qcow2", b"", "it is empty"),
        ("text.qcow2", b"a text", r"it is called \.qcow2, but does not begin as such a disk does"),
        ("cut.qcow2", b"QFI", r"it is called \.qcow2"),
    ],
)
def test_what_is_no_disk_is_refused_at_once(tmp_path, name, data, reason):
    (tmp_path / name).write_bytes(data)
    cloud = Cloud(1)
    with pytest.raises(UsageError, match=f"no image can be made of .*{name}: {reason}"):
        cloud.images.add(tmp_path / name)
    assert "text" not in [image.name for image in cloud.images]


def test_a_pipe_is_no_disk_and_nobody_waits_for_it(tmp_path):
    os.mkfifo(tmp_path / "pipe.raw")
    with pytest.raises(UsageError, match="it is no file"):
        Cloud(1).images.add(tmp_path / "pipe.raw")


def test_raw_data_may_be_called_anything_when_that_is_said(tmp_path):
    (tmp_path / "text.qcow2").write_bytes(b"a text")
    cloud = Cloud(1)
    cloud.images.add(tmp_path / "text.qcow2", disk_format="raw")
    assert cloud.images["text"].disk_format == "raw"


def test_an_unused_base_is_aged_out(cloud, disk):
    cloud.images.add(disk)
    boot(cloud, "mine").delete()
    cloud.run()
    bases = directory(cloud, "compute1") / "_base"
    assert len(list(bases.iterdir())) == 1
    for option in ("manager_interval", "remove_unused_original_minimum_age_seconds"):
        cloud.set(f"image_cache.{option}", 60)
    cloud.run(cloud.now + 4000)
    assert list(bases.iterdir()) == []


def test_a_fork_needs_no_file(cloud, disk):
    cloud.images.add(disk)
    boot(cloud, "mine")
    disk.unlink()
    twin = cloud.fork()
    assert twin.servers["web"].status == "ACTIVE"
    twin.close()

"""Base images and overlays as files, made by `qemu-img`: work for `Host.call`.

In Nova: `nova/virt/libvirt/imagebackend.py`, `nova/virt/libvirt/utils.py`.

All of them lie below the directory that this cloud has for the host; names are relative to it.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simnova.messaging.files import Stored
from simnova.nova import exception
from simnova.nova.virt import configdrive, tiny_guest
from simnova.nova.virt.driver import GIB
from simnova.nova.virt.imagecache import SUBDIRECTORY
from simnova.nova.virt.libvirt import guest, nat, qemu_img, serial

if TYPE_CHECKING:
    from simnova.nova.virt.libvirt.host import Domain

__door__ = True

PART, CONVERTED, RESIZE = ".part", ".converted", "_resize"


@contextmanager
def removed_on_error(path: Path) -> Iterator[None]:
    """Whatever fails leaves no half file."""
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise


# --- base images ---


def download(connection: Any, about: Domain, said: guest.Said) -> None:
    """The image as it comes from Glance, checked before anybody opens it. Raises ImageUnacceptable."""
    path = about.file(said["file"])
    part = path if path.suffix == PART else path.with_name(f"{path.name}{PART}")
    part.parent.mkdir(parents=True, exist_ok=True)
    with removed_on_error(part):
        _bring(part, said)
        qemu_img.inspect(part, said["image"], said["format"])
        if part != path:
            part.rename(path)


def _bring(part: Path, said: guest.Said) -> None:
    """Where nobody holds an image's data, the tiny guest is on it."""
    data = said["data"]
    if data is None:
        _write_tiny(part, said["format"])
        return
    if isinstance(data, Stored):
        shutil.copyfile(data.path, part)
        expected = data.md5
    else:
        part.write_bytes(data)
        expected = hashlib.md5(data, usedforsecurity=False).hexdigest()
    if Stored.of(part).md5 != expected:
        reason = "the data that came are not those that Glance was given"
        raise exception.ImageUnacceptable(image_id=said["image"], reason=reason)


def _write_tiny(part: Path, image_format: str) -> None:
    if image_format == "raw":
        tiny_guest.write_disk(part)
        return
    raw = part.with_name(f"{part.name}.raw")
    tiny_guest.write_disk(raw)
    qemu_img.run("convert", "-f", "raw", "-O", image_format, raw, part)
    raw.unlink()


def convert(connection: Any, about: Domain, said: guest.Said) -> None:
    """The image as raw, and the download gone."""
    path = about.file(said["file"])
    part, staged = (path.with_name(f"{path.name}{end}") for end in (PART, CONVERTED))
    with removed_on_error(part), removed_on_error(staged):
        kind = qemu_img.info(part)["format"]
        qemu_img.run("convert", "-f", kind, "-O", "raw", part, staged)
        staged.rename(path)
    part.unlink()


def copy_base(connection: Any, about: Domain, said: guest.Said) -> None:
    """The base image of the host that a guest comes from: Glance has it no more."""
    path = about.file(said["file"])
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_name(f"{path.name}{CONVERTED}")
    with removed_on_error(staged):
        shutil.copyfile(Path(said["origin"]) / said["file"], staged)
        staged.rename(path)


def size(connection: Any, about: Domain, said: guest.Said) -> int:
    """Bytes that a base image shows to its guest."""
    return about.file(said["file"]).stat().st_size


# --- a guest's own disk ---


def overlay(connection: Any, about: Domain, said: guest.Said) -> None:
    """The guest's own disk over the base; one that has come from another host is put over the base that is here."""
    disk, base, wanted = about.file(said["file"]), about.file(said["backing"]), said["gb"] * GIB
    over = ("-b", base, "-F", "raw")
    if disk.exists():
        qemu_img.run("rebase", "-u", "-f", "qcow2", *over, disk)
    else:
        disk.parent.mkdir(parents=True, exist_ok=True)
        qemu_img.run("create", "-f", "qcow2", *over, disk)
    if qemu_img.info(disk, "qcow2")["virtual-size"] < wanted:
        qemu_img.run("resize", "-f", "qcow2", disk, str(wanted))


def config_drive(connection: Any, about: Domain, said: guest.Said) -> None:
    """A drive with the guest's metadata; one that is there already stays as it is."""
    path = about.file(said["file"])
    if not path.exists():
        configdrive.make_drive(path, said["data"], said["format"], said["mkisofs_cmd"])


def delete(connection: Any, about: Domain, said: guest.Said) -> None:
    """Remove one file, if it is there."""
    path = about.file(said["file"])
    path.unlink(missing_ok=True)
    if path.parent.name != SUBDIRECTORY:
        with suppress(OSError):  # others are in it
            path.parent.rmdir()


def undefine(connection: Any, about: Domain, said: guest.Said) -> None:
    """Remove the guest's domain, if there is one of ours, its directory, and what it held of this machine."""
    with suppress(exception.InstanceNotFound):
        guest.remove(guest.find(connection, about))
    shutil.rmtree(about.file(about.uuid), ignore_errors=True)
    serial.release(str(about.file(about.uuid)))
    nat.leave(connection, about.mark, said.get("take_up", nothing)(about.uuid))


def nothing(uuid: str) -> list[str]:
    """Who has laid no wires takes up none."""
    return []


# --- copies of it ---


def extract(connection: Any, about: Domain, said: guest.Said) -> None:
    """The guest's disk as an image of its own, without a backing file; it may run meanwhile."""
    source, target = about.file(said["source"]), about.file(said["file"])
    target.parent.mkdir(parents=True, exist_ok=True)
    domain = guest.find(connection, about)
    if not domain.isActive():
        qemu_img.run("convert", "-f", "qcow2", "-O", said["format"], source, target)
        return
    delta = target.with_name(f"{target.name}.delta")
    try:
        _mirror(domain, source, delta)
        qemu_img.run("convert", "-f", "qcow2", "-O", said["format"], delta, target)
    finally:
        delta.unlink(missing_ok=True)


def _mirror(domain: Any, source: Path, delta: Path) -> None:
    """Copy what the guest has written, until the copy is the disk; then the two part (`_live_snapshot`)."""
    import libvirt

    disk = qemu_img.info(source, "qcow2")
    over, large = ("-b", disk["backing-filename"], "-F", "raw"), str(disk["virtual-size"])
    qemu_img.run("create", "-f", "qcow2", *over, delta, large)
    to = f"<disk type='file'><driver type='qcow2'/><source file='{delta}'/></disk>"
    flags = (
        libvirt.VIR_DOMAIN_BLOCK_COPY_SHALLOW
        | libvirt.VIR_DOMAIN_BLOCK_COPY_REUSE_EXT
        | libvirt.VIR_DOMAIN_BLOCK_COPY_TRANSIENT_JOB
    )
    domain.blockCopy(str(source), to, {}, flags)
    while not _mirrored(domain.blockJobInfo(str(source))):
        time.sleep(0.02)
    domain.blockJobAbort(str(source))


def _mirrored(job: dict[str, Any]) -> bool:
    return not job or (job["cur"] == job["end"] and job["end"] > 0)


def store(connection: Any, about: Domain, said: guest.Said) -> tuple[Any, ...]:
    """Give the file that was extracted to Glance, whose files lie beside the hosts' directories."""
    held = about.directory.parent / "glance" / said["image"]
    held.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(about.file(said["file"]), held)
    return tuple(Stored.of(held))


# --- a disk that moves ---


def send(connection: Any, about: Domain, said: guest.Said) -> None:
    """Put the guest's directory aside, and its disk into the other host's (`migrate_disk_and_power_off`)."""
    home, kept = about.file(about.uuid), about.file(f"{about.uuid}{RESIZE}")
    home.rename(kept)
    there = Path(said["to"]) / about.uuid
    try:
        there.mkdir(parents=True)
        shutil.copyfile(kept / "disk", there / "disk")
    except OSError:
        shutil.rmtree(there, ignore_errors=True)
        kept.rename(home)
        raise


def take_back(connection: Any, about: Domain, said: guest.Said) -> None:
    """The directory that was put aside is the guest's again."""
    home, kept = about.file(about.uuid), about.file(f"{about.uuid}{RESIZE}")
    if kept.exists():
        shutil.rmtree(home, ignore_errors=True)
        kept.rename(home)


def forget(connection: Any, about: Domain, said: guest.Said) -> None:
    """What was put aside is not needed any more."""
    shutil.rmtree(about.file(f"{about.uuid}{RESIZE}"), ignore_errors=True)

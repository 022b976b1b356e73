"""What a disk image is, by its own bytes, and whether it is safe to open.

In Nova: `do_image_deep_inspection` of `nova/virt/images.py`, with `oslo_utils.imageutils.format_inspector`. QEMU
follows what an image names as its backing file or its data file, wherever on the host that is: an image that a user has
made could so read a host's files. Hence no image is given to QEMU before its header has been looked at here.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

HEAD = 64 * 1024
"""Bytes from the beginning in which all that tells a format lies."""

QCOW2_BACKING, QCOW2_CRYPT, QCOW2_L1_SIZE, QCOW2_L1, QCOW2_FEATURES = 8, 32, 36, 40, 72
"""Offsets in qcow2's header; numbers are big-endian."""

DATA_FILE, KNOWN_FEATURES = 1 << 2, 0b11111
VMDK_TYPES = ("streamOptimized", "monolithicSparse")
"""`[compute] vmdk_allowed_types`: those whose data are all in the file itself."""


class Image(NamedTuple):
    """The beginning and the end of a file, and its size in bytes."""

    head: bytes
    tail: bytes
    size: int

    def u32(self, at: int) -> int:
        """A number of four bytes; 0 beyond the end."""
        return int.from_bytes(self.head[at : at + 4], "big")

    def u64(self, at: int) -> int:
        """A number of eight bytes."""
        return int.from_bytes(self.head[at : at + 8], "big")


class ImageFormatError(Exception):
    """The file is of no format, or of several at once."""


class SafetyCheckFailed(Exception):
    """The file is of its format, and must not be opened."""


SIGNATURES: dict[str, Callable[[Image], bool]] = {
    "qcow2": lambda image: image.head[:4] == b"QFI\xfb" and image.u32(4) in (2, 3),
    "qcow": lambda image: image.head[:4] == b"QFI\xfb" and image.u32(4) == 1,
    "qed": lambda image: image.head[:4] == b"QED\0",
    "vmdk": lambda image: image.head[:4] in (b"KDMV", b"COWD") or _descriptor(image),
    "vhdx": lambda image: image.head[:8] == b"vhdxfile",
    "vhd": lambda image: b"conectix" in (image.head[:8], image.tail[-512:-504]),
    "vdi": lambda image: image.head[64:68] == struct.pack("<I", 0xBEDA107F),
    "iso": lambda image: image.head[32769:32774] == b"CD001",
    "luks": lambda image: image.head[:6] == b"LUKS\xba\xbe",
}


def _descriptor(image: Image) -> bool:
    return image.head[:21].lower() == b"# disk descriptorfile"


def read(path: Path) -> Image:
    """What has to be known of a file."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(HEAD)
        file.seek(max(0, size - 512))
        return Image(head, file.read(), size)


def regular(path: Path) -> Image:
    """The same of a file that a learner names. Raises OSError, and ImageFormatError for what holds no disk."""
    if path.exists() and not path.is_file():
        raise ImageFormatError("it is no file")
    image = read(path)
    if not image.size:
        raise ImageFormatError("it is empty")
    return image


def check_name(path: Path, found: str) -> None:
    """Raise ImageFormatError for a file that is called by a format and is raw data: it is damaged, or another's."""
    called = path.suffix.removeprefix(".")
    if found == "raw" and called in SIGNATURES:
        raise ImageFormatError(
            f"it is called .{called}, but does not begin as such a disk does; "
            "where it is raw data all the same, say disk_format='raw'"
        )


def detect(image: Image) -> str:
    """The format; what is none of those that have a signature is raw. Raises ImageFormatError for several at once."""
    found = [name for name, matches in SIGNATURES.items() if matches(image)]
    if len(found) > 1:
        raise ImageFormatError(f"several formats at once: {', '.join(found)}")
    return found[0] if found else "raw"


def check(image: Image, image_format: str) -> None:
    """Raise SafetyCheckFailed for an image that leads QEMU to other files, or that it could not read."""
    reason = {"qcow2": _qcow2, "vmdk": _vmdk}.get(image_format, lambda _: None)(image)
    if reason:
        raise SafetyCheckFailed(reason)


def _qcow2(image: Image) -> str | None:
    features = image.u64(QCOW2_FEATURES) if image.u32(4) == 3 else 0
    if image.u64(QCOW2_BACKING):
        return "it has a backing file"
    if features & DATA_FILE:
        return "its data is in another file"
    if features & ~KNOWN_FEATURES:
        return "it has features that are not known"
    if image.u32(QCOW2_CRYPT):
        return "it is encrypted"
    if image.u64(QCOW2_L1) + 8 * image.u32(QCOW2_L1_SIZE) > image.size:
        return "it is truncated"
    return None


def _vmdk(image: Image) -> str | None:
    text = re.search(rb'createType="([^"]*)"', image.head)
    kind = text[1].decode(errors="replace") if text else "none"
    return None if kind in VMDK_TYPES else f"its VMDK create-type is {kind}"

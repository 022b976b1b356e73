"""Images are looked at before QEMU opens them: what they are, and where they would lead it."""

from __future__ import annotations

import struct

import pytest

from simnova.nova.virt import tiny_guest
from simnova.nova.virt.format_inspector import (
    HEAD,
    ImageFormatError,
    SafetyCheckFailed,
    check,
    detect,
    read,
)


def header(version=3, backing=0, crypt=0, l1_size=1, l1=512, features=0):
    """A qcow2 header, and nothing behind it."""
    head = struct.pack(
        ">4sIQIIQIIQQIIQQ",
        b"QFI\xfb",
        version,
        backing,
        0,
        16,
        2**30,
        crypt,
        l1_size,
        l1,
        0,
        0,
        0,
        0,
        features,
    )
    return head.ljust(1024, b"\0")


def at(offset, text):
    return text.rjust(offset + len(text), b"\0").ljust(HEAD, b"\0")


@pytest.fixture
def image(tmp_path):
    def made(data):
        path = tmp_path / "image"
        path.write_bytes(data)
        return read(path)

    return made


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (header(), "qcow2"),
        (header(version=2), "qcow2"),
        (b"KDMV" + b"\0" * 600, "vmdk"),
        (b"# Disk DescriptorFile\n", "vmdk"),
        (b"vhdxfile", "vhdx"),
        (b"\0" * 1024 + b"conectix".ljust(512, b"\0"), "vhd"),
        (at(64, struct.pack("<I", 0xBEDA107F)), "vdi"),
        (at(32769, b"CD001"), "iso"),
        (b"LUKS\xba\xbe", "luks"),
        (tiny_guest.sector(), "raw"),
        (b"", "raw"),
    ],
)
def test_a_format_is_known_by_its_signature(image, data, found):
    assert detect(image(data)) == found


def test_two_formats_at_once_are_none(image):
    both = bytearray(at(32769, b"CD001"))
    both[:1024] = header()
    with pytest.raises(ImageFormatError, match="several formats at once: qcow2, iso"):
        detect(image(bytes(both)))


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"backing": 1024}, "backing file"),
        ({"features": 1 << 2}, "in another file"),
        ({"features": 1 << 9}, "not known"),
        ({"crypt": 2}, "encrypted"),
        ({"l1": 2**20}, "truncated"),
    ],
)
def test_a_qcow2_that_must_not_be_opened(image, given, reason):
    with pytest.raises(SafetyCheckFailed, match=reason):
        check(image(header(**given)), "qcow2")


def test_a_qcow2_of_version_2_has_no_features(image):
    check(image(header(version=2, features=1 << 2)), "qcow2")


@pytest.mark.parametrize("kind", ["streamOptimized", "monolithicSparse"])
def test_a_vmdk_whose_data_are_in_itself(image, kind):
    check(image(b"KDMV" + b'createType="%s"' % kind.encode()), "vmdk")


@pytest.mark.parametrize("text", [b'createType="monolithicFlat"', b""])
def test_a_vmdk_that_leads_elsewhere(image, text):
    with pytest.raises(SafetyCheckFailed, match="create-type"):
        check(image(b"# Disk DescriptorFile\n" + text), "vmdk")

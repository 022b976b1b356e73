"""The program that makes and converts disks (`nova/virt/images.py`, `nova/privsep/qemu.py`)."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from simnova.nova import exception
from simnova.nova.virt import format_inspector
from simnova.nova.virt.libvirt import daemon

__door__ = True

LIMITS = ("--as=1073741824", "--cpu=30")
"""Of one that reads what a user has made: bytes of memory, seconds of CPU (`QEMU_IMG_LIMITS`)."""

PATIENCE = 600.0
"""Seconds that the conversion of an image may take."""


def run(*arguments: str | Path, limited: bool = False, status: tuple[int, ...] = (0,)) -> str:
    """What the program prints. Raises InternalError with its last line where it fails, or is missing."""
    found = daemon.program("qemu-img")
    if found is None:
        raise exception.HypervisorUnavailable(
            f"there is no qemu-img on this machine: {daemon.HOW_TO_GET}"
        )
    limits = daemon.program("prlimit") if limited else None
    command = [*([limits, *LIMITS] if limits else []), found, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if done.returncode not in status:
        said = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise exception.InternalError(f"qemu-img {arguments[0]}: {said[-1]}")
    return done.stdout


def info(path: Path, image_format: str | None = None) -> dict[str, Any]:
    """What it says of a disk; the format is guessed only for what has been inspected."""
    known = ("-f", image_format) if image_format else ()
    told = run("info", "--force-share", "--output=json", *known, path, limited=True)
    return dict(json.loads(told))


def inspect(path: Path, image_id: str, image_format: str) -> None:
    """Refuse what is not of its format, or not safe to open: raises ImageUnacceptable.

    Nova does not look for damage: it would find it while converting, or its guest would.
    """
    reason = _reason(path, image_format)
    if reason:
        raise exception.ImageUnacceptable(image_id=image_id, reason=reason)


def _reason(path: Path, image_format: str) -> str | None:
    image = format_inspector.read(path)
    try:
        found = format_inspector.detect(image)
        format_inspector.check(image, found)
    except format_inspector.ImageFormatError as error:
        return f"Image content does not match disk_format: {error}"
    except format_inspector.SafetyCheckFailed as error:
        return f"Image does not pass safety check: {error}"
    wanted = "raw" if image_format == "iso" else image_format
    seen = {"vhd": "vpc"}.get(found, found)
    if found != image_format and found != wanted:
        return f"Image content does not match disk_format: it is {found}, not {image_format}"
    return _second_opinion(path, "raw" if seen == "iso" else seen)


def _second_opinion(path: Path, expected: str) -> str | None:
    """QEMU's own: the format again, files that the image would lead to, and damage."""
    told = info(path)
    if told["format"] != expected:
        return f"Image content does not match disk_format: QEMU takes it for {told['format']}"
    if "backing-filename" in told:
        return f"fmt={expected} backed by: {told['backing-filename']}"
    if expected != "qcow2":
        return None
    checked = json.loads(
        run("check", "--output=json", "-f", "qcow2", path, limited=True, status=(0, 2, 3))
    )
    return "it is damaged or truncated" if checked.get("corruptions") else None

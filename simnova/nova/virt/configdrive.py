"""A disk with what the metadata service would say, for guests without a network (`nova/virt/configdrive.py`)."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from simnova.config import Config
from simnova.nova import exception

CONFIGDRIVESIZE_BYTES = 64 * 1024**2
"""Of a vfat one, which cannot be made as large as what is on it."""

LABEL = "config-2"
PUBLISHER = "OpenStack Nova 34.0.0"
PATIENCE = 60.0
"""Seconds that a program may take."""

HOW_TO_GET = "apt-get install genisoimage dosfstools mtools"
PLACES = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

Files = Mapping[str, bytes]
"""What is on a drive, by path."""


class Configured(Protocol):
    """The part of a server that says whether it has a config drive."""

    config_drive: str
    launched_at: str | None
    system_metadata: dict[str, str]


def required_by(conf: Config, instance: Configured) -> bool:
    """Whether its owner, its image (`img_config_drive`) or, for a new one, `force_config_drive` wants it."""
    forced = bool(conf.force_config_drive) and not instance.launched_at
    by_image = instance.system_metadata.get("image_img_config_drive") == "mandatory"
    return bool(instance.config_drive) or forced or by_image


def update_instance(conf: Config, instance: Any) -> None:
    """Write down that a server has one, whoever wanted it."""
    if not instance.config_drive and required_by(conf, instance):
        instance.config_drive = "True"


def make_drive(path: Path, files: Files, drive_format: str, mkisofs_cmd: str) -> None:
    """Make the drive; a half one is removed. Raises InternalError where a program fails or is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="cd_gen_") as folder:
        for name, data in files.items():
            file = Path(folder, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        try:
            make = _make_iso9660 if drive_format == "iso9660" else _make_vfat
            make(path, Path(folder), mkisofs_cmd)
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def _make_iso9660(path: Path, folder: Path, mkisofs_cmd: str) -> None:
    names = ("-ldots", "-allow-lowercase", "-allow-multidot", "-l", "-J", "-r")
    about = ("-publisher", PUBLISHER, "-V", LABEL, "-quiet")
    _run(mkisofs_cmd, "-o", path, *names, *about, folder)


def _make_vfat(path: Path, folder: Path, mkisofs_cmd: str) -> None:
    """Nova mounts it and copies, which needs root; mtools do not."""
    with path.open("wb") as file:
        file.truncate(CONFIGDRIVESIZE_BYTES)
    _run("mkfs.vfat", "-n", LABEL, path)
    _run("mcopy", "-s", "-i", path, *sorted(folder.iterdir()), "::/")


def _run(program: str, *arguments: str | Path) -> None:
    found = shutil.which(program) or shutil.which(program, path=PLACES)
    if found is None:
        raise exception.InternalError(
            f"there is no {program} on this machine, to make a config drive: {HOW_TO_GET}"
        )
    command = [found, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise exception.InternalError(f"{program}: {said[-1]}")

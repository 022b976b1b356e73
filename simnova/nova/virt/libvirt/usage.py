"""What guests really take of the machine: memory, CPU time, bytes of their disks. Work for `Host.at_once`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from simnova.nova.virt.libvirt import guest

if TYPE_CHECKING:
    from simnova.nova.virt.libvirt.host import Domain

__door__ = True

BLOCK = 512
"""Bytes of a block in `stat`."""


def of_guest(connection: Any, about: Domain, said: guest.Said) -> dict[str, int | float | None]:
    """MB that its QEMU has in memory and its CPU seconds (None for a guest that is off), MB of its files on disk."""
    domain = guest.find(connection, about)
    running = bool(domain.isActive())
    resident = domain.memoryStats().get("rss") if running else None
    return {
        "memory": None if resident is None else resident // 1024,
        "cpu": round(domain.info()[4] / 10**9, 2) if running else None,
        "disk": allocated(about.file(about.uuid)),
    }


def of_bases(connection: Any, about: Domain, said: guest.Said) -> float:
    """MB that the base images of this cloud have on the host's disk."""
    return allocated(about.file("_base"))


def allocated(folder: Path) -> float:
    """MB that the files in a folder take: a file with holes less than its size."""
    files = folder.iterdir() if folder.is_dir() else ()
    return round(sum(file.stat().st_blocks * BLOCK for file in files) / 2**20, 3)

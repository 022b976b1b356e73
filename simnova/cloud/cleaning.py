"""What clouds whose Python died have left on this machine: found by what they wrote down, and removed.

That is `simnova clean`. Of domains only those go that bear the mark of such a cloud, of files only its own directory; a
cloud that lives, and the machines that stay (`simnova hosts`), are left alone.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from simnova.exceptions import UsageError
from simnova.nova.virt.libvirt import daemon, guest, leftovers, nat
from simnova.nova.virt.libvirt.bounded import within
from simnova.nova.virt.libvirt.daemon import Daemon
from simnova.nova.virt.libvirt.host import library

__door__ = True

PATIENCE = 10.0
"""Seconds that a hypervisor has to tell its guests."""


class Leftover(NamedTuple):
    """Something that nobody owns any more: what it is, and how it goes."""

    told: str
    remove: Callable[[], None]


def leftovers_here() -> list[Leftover]:
    """All that is left: guests first, then the daemons that kept them, then files."""
    dead = [run for run in leftovers.runs() if not run.alive]
    guests = [one for run in dead for one in _guests(run)]
    return [*guests, *_machines(), *map(_files, dead)]


def _guests(run: leftovers.Run) -> Iterator[Leftover]:
    """The domains of a cloud, and then its networks, on every hypervisor that still answers."""
    for uri in sorted(set(run.uris.values())):
        with suppress(TimeoutError):
            yield from within(PATIENCE, partial(_ours, uri, run.mark))


def _ours(uri: str, mark: str) -> list[Leftover]:
    try:
        libvirt = library()
    except UsageError:
        return []
    try:
        connection = libvirt.open(uri)
        domains = list(guest.ours(connection, mark))
    except libvirt.libvirtError:
        return []
    guests = [
        Leftover(f"guest {one.name()} ({one.UUIDString()}) on {uri}", partial(guest.remove, one))
        for one in domains
    ]
    networks = _networks(connection, mark)
    return guests + [Leftover(f"network {one.name()} on {uri}", one.destroy) for one in networks]


def _networks(connection: Any, mark: str) -> list[Any]:
    """A daemon that knows no networks has none."""
    try:
        return [network for network, _ in nat.ours(connection, mark)]
    except library().libvirtError:
        return []


def _machines() -> Iterator[Leftover]:
    """Daemons of `Machines`, or only their files, whose keeper has died."""
    for folder in sorted(Path("/tmp").glob("simnova-*")):
        if folder.is_dir() and not folder.is_symlink() and folder.stat().st_uid == os.getuid():
            for one in daemon.found(folder):
                if not one.kept:
                    yield Leftover(f"machine {one.name} in {one.directory}", partial(_sweep, one))


def _sweep(one: Daemon) -> None:
    """End every process that names the machine's directory, and remove that."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):
            command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
            if f"{one.directory}/" in command:
                os.kill(int(pid), signal.SIGKILL)
    shutil.rmtree(one.directory, ignore_errors=True)
    with suppress(OSError):
        one.directory.parent.rmdir()


def _files(run: leftovers.Run) -> Leftover:
    place = leftovers.directory(run.mark)
    return Leftover(
        f"files of a cloud in {place}", lambda: shutil.rmtree(place, ignore_errors=True)
    )

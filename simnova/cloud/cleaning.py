"""What clouds whose Python died have left on this machine: found by what they wrote down, and removed.

That is `simnova clean`. Of domains only those go that bear the mark of such a cloud, of files only its own directory; a
cloud that lives, and the machines that stay (`simnova hosts`), are left alone.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from simnova.nova.virt.libvirt import daemon, leftovers, remains
from simnova.nova.virt.libvirt.daemon import Daemon
from simnova.nova.virt.libvirt.remains import Leftover

__door__ = True


def leftovers_here() -> list[Leftover]:
    """All that is left: guests first, then the daemons that kept them, then files."""
    found = [remains.of(run) for run in leftovers.runs() if not run.alive]
    guests = [one for guests, _ in found for one in guests]
    return [*guests, *_machines(), *(files for _, files in found)]


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

"""Compute hosts on this machine: each a libvirt daemon of its own, so that guests are real and can move.

    with Machines(2) as machines, Cloud(machines.hosts) as cloud: …

Theirs is the time of the Python that has made them; `simnova hosts up` makes some that stay until `simnova hosts down`.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self

from simnova.cloud.hosts import Host, as_hosts
from simnova.exceptions import UsageError, unknown
from simnova.nova.virt.libvirt import daemon
from simnova.nova.virt.libvirt.daemon import Daemon

__door__ = True


class Machines:
    """So many libvirt daemons, or one for each name; a mapping from a name to its `Daemon`.

    Raises UsageError where this machine lacks libvirt or QEMU, saying how to get them.
    """

    def __init__(self, hosts: int | list[str] = 2) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="simnova-", dir="/tmp"))
        self._daemons = {host.name: Daemon(host.name, self._folder) for host in as_hosts(hosts)}
        try:
            for one in self:
                one.start(owned=True)
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator[Daemon]:
        return iter(self._daemons.values())

    def __getitem__(self, name: str) -> Daemon:
        if name not in self._daemons:
            raise unknown("machine", name, self._daemons)
        return self._daemons[name]

    def __len__(self) -> int:
        return len(self._daemons)

    def __repr__(self) -> str:
        return "\n".join(map(repr, self)) or "no machines"

    @property
    def hosts(self) -> list[Host]:
        """What `Cloud(hosts=…)` takes."""
        return [host(one) for one in self]

    def close(self) -> None:
        """End the daemons with all their guests, and remove their files."""
        for one in self:
            one.stop()
        _remove(self._folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def host(one: Daemon) -> Host:
    """The compute host that a daemon drives."""
    return Host(one.name, driver=one.uri)


# --- those that stay ---


LASTING = Path(f"/tmp/simnova-{os.getuid()}")
"""The folder of the machines that stay: no two users have the same."""


def up(hosts: int | list[str]) -> list[Daemon]:
    """Bring machines up that stay; those that are up already are left as they are. Raises UsageError.

    One whose daemon alone has died gets it back, and has its guests still.
    """
    LASTING.mkdir(mode=0o700, exist_ok=True)
    if LASTING.is_symlink() or LASTING.stat().st_uid != os.getuid():
        raise UsageError(f"{LASTING} belongs to somebody else: have it removed")
    wanted = [Daemon(host.name, LASTING) for host in as_hosts(hosts)]
    for one in wanted:
        if one.kept and not one.alive:
            one.revive()
        if not one.alive:
            one.stop()  # what a crash of the machine has left
            one.start()
    return wanted


def running() -> list[Daemon]:
    """The machines that stay, by name."""
    return list(daemon.found(LASTING))


def down() -> list[Daemon]:
    """End all of them, with their guests and files; those that there were."""
    ended = running()
    for one in ended:
        one.stop()
    _remove(LASTING)
    return ended


def _remove(folder: Path) -> None:
    """An empty folder; whoever kept the last daemon may have done so already."""
    with suppress(FileNotFoundError):
        folder.rmdir()

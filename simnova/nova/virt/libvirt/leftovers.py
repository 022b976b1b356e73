"""What clouds have on this machine: a directory for each run, which says whose it is and where its guests may be.

So whatever a Python that died has left can be found, and removed, later.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from simnova.exceptions import UsageError
from simnova.nova.virt.libvirt import daemon

__door__ = True

LONGEST = 24
"""Characters of a host's name that its directory is called by."""
SOCKET, DEEPEST = 107, 24
"""Bytes that the path of a unix socket may have, and how many of them a socket needs below its host's directory."""

_writing = threading.Lock()


def state() -> Path:
    """Where the runs of this user lie."""
    if not os.geteuid():
        return Path("/var/lib/simnova")
    home = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return Path(home) / "simnova"


def directory(run: str) -> Path:
    """That of one run."""
    return state() / run


def place(run: str, host: str) -> Path:
    """That of a host in a run; a long name is cut."""
    if len(host) > LONGEST:
        host = f"{host[: LONGEST - 9]}-{zlib.crc32(host.encode()):08x}"
    return directory(run) / host


def check_room(place: Path) -> None:
    """Raise UsageError where a host's directory leaves no room for the names of sockets."""
    room = SOCKET - DEEPEST - len(os.fsencode(place))
    if room < 0:
        raise UsageError(
            f"{state()} is {-room} characters too long for the sockets of guests: "
            "set XDG_STATE_HOME to a shorter folder"
        )


class Run(NamedTuple):
    """A cloud that has, or had, guests here: who made it, and the URIs of its hosts by name."""

    mark: str
    pid: int
    began: int | None
    uris: dict[str, str]

    @property
    def alive(self) -> bool:
        """Whether the process that made it still is."""
        return self.began is not None and daemon.started(self.pid) == self.began


def note(run: str, host: str, uri: str) -> None:
    """Write down, before anything is made there, that the run has a host."""
    with _writing:
        known = _read(directory(run))
        uris = {**(known.uris if known else {}), host: uri}
        pid = os.getpid()
        directory(run).mkdir(parents=True, exist_ok=True)
        text = json.dumps([pid, daemon.started(pid), uris])
        (directory(run) / "run.json").write_text(text)


def runs() -> Iterator[Run]:
    """Those that have something here."""
    for place in sorted(state().glob("*/run.json")):
        known = _read(place.parent)
        if known is not None:
            yield known


def _read(place: Path) -> Run | None:
    with suppress(OSError, ValueError):
        pid, began, uris = json.loads((place / "run.json").read_text())
        return Run(place.name, pid, began, uris)
    return None


def remove(host: Path) -> None:
    """The directory of a host; with the last one that of its run goes."""
    if state() not in host.parents:
        raise ValueError(f"{host} is no directory of a run's")
    shutil.rmtree(host, ignore_errors=True)
    others = [one for one in host.parent.glob("*") if one.is_dir() and one.name != "glance"]
    if not others:
        shutil.rmtree(host.parent, ignore_errors=True)
    with suppress(OSError):
        state().rmdir()

"""What a run still has on this machine, found by what it wrote down: its guests, its networks, and then its files.

`simnova clean` removes what a Python that died has left; one that ends removes what it has not closed.
"""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from simnova.exceptions import UsageError
from simnova.nova.virt.libvirt import daemon, guest, leftovers, nat, uris
from simnova.nova.virt.libvirt.bounded import within
from simnova.nova.virt.libvirt.host import library

__door__ = True

PATIENCE = 10.0
"""Seconds that a hypervisor has to tell its guests."""
AT_THE_END = 20.0
"""Seconds for which the end of Python waits until all of its clouds' is gone."""


class Leftover(NamedTuple):
    """Something that nobody owns any more: what it is, how it goes, and why it has to stay for now."""

    told: str
    remove: Callable[[], None]
    kept: str = ""


def of(run: leftovers.Run) -> tuple[list[Leftover], Leftover]:
    """The guests and networks of a run on every hypervisor that answers, and its files."""
    guests: list[Leftover] = []
    silent = ""
    for uri in sorted(set(run.uris.values())):
        if daemon.gone(uri):
            continue
        try:
            guests += within(PATIENCE, partial(_ours, uri, run.mark))
        except (TimeoutError, UsageError) as error:
            silent = str(error) if isinstance(error, UsageError) else f"{uri}: {error}"
    return guests, _files(run, silent)


def _ours(uri: str, mark: str) -> list[Leftover]:
    """Raises UsageError where nobody can tell."""
    libvirt = library()
    try:
        connection = libvirt.open(uri)
        domains = list(guest.ours(connection, mark))
    except libvirt.libvirtError as error:
        said = " ".join(error.get_error_message().split())
        raise UsageError(f"{uri}: {said}{uris.remedy(said)}") from None
    guests = [
        _leftover(f"guest {one.name()} ({one.UUIDString()}) on {uri}", partial(guest.remove, one))
        for one in domains
    ]
    networks = _networks(connection, mark)
    return guests + [_leftover(f"network {one.name()} on {uri}", one.destroy) for one in networks]


def _networks(connection: Any, mark: str) -> list[Any]:
    """A daemon that knows no networks has none."""
    try:
        return [network for network, _ in nat.ours(connection, mark)]
    except library().libvirtError:
        return []


def _leftover(told: str, remove: Callable[[], object]) -> Leftover:
    def removed() -> None:
        try:
            remove()
        except library().libvirtError as error:
            raise UsageError(f"{told} cannot be removed: {error}") from None

    return Leftover(told, removed)


def _files(run: leftovers.Run, silent: str) -> Leftover:
    """Where a hypervisor is silent they stay: they say where its guests are to be looked for."""
    place = leftovers.directory(run.mark)
    return Leftover(f"files of a cloud in {place}", partial(_remove, place), silent)


def _remove(place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    with suppress(OSError):
        place.parent.rmdir()


# --- when Python ends ---

_ending = threading.Event()


@functools.cache
def watch() -> None:
    """Have all that this Python's clouds still have removed when it ends.

    By a thread that is there already: a Python that ends makes no new ones.
    """
    thread = threading.Thread(target=_wait, daemon=True, name="what clouds have left")
    thread.start()
    atexit.register(_end, thread)


def _end(thread: threading.Thread) -> None:
    _ending.set()
    thread.join(AT_THE_END)


def _wait() -> None:
    _ending.wait()
    for run in leftovers.runs():
        if run.alive and run.pid == os.getpid():
            _forget(run)


def _forget(run: leftovers.Run) -> None:
    """What cannot be removed now, `simnova clean` finds later."""
    try:
        for uri in set(run.uris.values()):
            if not daemon.gone(uri):
                for one in _ours(uri, run.mark):
                    one.remove()
    except UsageError:
        return
    _remove(leftovers.directory(run.mark))

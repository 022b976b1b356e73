"""A process that keeps one libvirt daemon and everything below it; run by its path, with the standard library alone.

    python -I keeper.py DIRECTORY PIPE COMMAND…

QEMU leaves the daemon that starts it, and falls to the init process. Where that never looks after its children (as in
many containers) a guest that has ended stays a zombie, and libvirt waits for it in vain. So the keeper takes that part,
and knows all that was started: when it ends, none of it is left, nor the directory with the daemon's files (nor the one
above, where that is empty then).

It ends on SIGTERM, and when the other side of the PIPE (a file descriptor; -1: none) is closed: when whoever asked for
the daemon has died. SIGUSR1 starts the daemon again. It ignores what a terminal sends.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence

PR_SET_CHILD_SUBREAPER = 36
PATIENCE = 5.0
"""Seconds that a process has to end by itself."""


def keep(pipe: int, command: Sequence[str]) -> bool:
    """Run the command until it is time to end, and end all; False where the command itself has failed."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    told, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell)
    for number in (signal.SIGTERM, signal.SIGCHLD, signal.SIGUSR1):
        signal.signal(number, lambda *_: None)
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    run = subprocess.Popen(command).pid
    while True:
        ready, _, _ = select.select([told, pipe] if pipe >= 0 else [told], [], [])
        signals = os.read(told, 64) if told in ready else b""
        failed = run in _failed()
        if failed or pipe in ready or signal.SIGTERM in signals:
            break
        if signal.SIGUSR1 in signals:
            run = subprocess.Popen(command).pid
    _end()
    return not failed


def _failed() -> set[int]:
    """Take note of every process that has ended; those that say that they have failed."""
    failed = set()
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            if os.waitstatus_to_exitcode(status) > 0:
                failed.add(pid)
    return failed


def _children() -> Iterator[int]:
    me = os.getpid()
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat") as stat:
                parent = stat.read().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if int(parent) == me:
            yield int(name)


def _end() -> None:
    """End all that is left, kindly at first; what loses its parent meanwhile comes to the keeper."""
    deadline = time.monotonic() + PATIENCE
    while children := list(_children()):
        how = signal.SIGTERM if time.monotonic() < deadline else signal.SIGKILL
        for child in children:
            os.kill(child, how)
        time.sleep(0.05)
        _failed()


if __name__ == "__main__" and keep(int(sys.argv[2]), sys.argv[3:]):
    shutil.rmtree(sys.argv[1], ignore_errors=True)
    with contextlib.suppress(OSError):
        os.rmdir(os.path.dirname(sys.argv[1]))

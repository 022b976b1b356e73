"""A compute host's libvirt daemon on this machine, with a socket, a configuration and a state of its own.

It runs in session mode, so it needs no rights. libvirt lets root have only system mode, of which a machine has one; so
root's daemons run in a user namespace in which root has another number.
"""

from __future__ import annotations

import functools
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from simnova.exceptions import UsageError
from simnova.nova.virt.libvirt import keeper
from simnova.nova.virt.libvirt.virsh import Printed, virsh

__door__ = True

HOW_TO_GET = "apt-get install libvirt-daemon libvirt-daemon-driver-qemu qemu-system-x86 qemu-utils"
PROGRAMS = {"libvirtd": "libvirtd", "virtqemud": "virtqemud"}
"""The daemons that drive QEMU; of a modular libvirt the second."""

QEMU_CONF = """stdio_handler = "file"
seccomp_sandbox = 0
remote_display_port_min = {0}
remote_display_port_max = {1}
migration_port_min = {2}
migration_port_max = {3}
"""
PORTS, FIRST_PORT, BLOCKS = 128, 10000, 170
"""Each daemon has so many ports for itself: two that look for a free one at the same time would find the same."""

LONGEST = 40
"""Characters of a directory, below which the names of QEMU's own sockets are not too long (108 for all)."""


def missing() -> str | None:
    """What this machine lacks to run guests of QEMU, in one sentence; None where it has it all."""
    for what, names in (
        ("libvirt daemon", tuple(PROGRAMS)),
        ("QEMU", ("qemu-system-x86_64", "qemu-kvm")),
        ("qemu-img", ("qemu-img",)),
    ):
        if not any(map(program, names)):
            return f"there is no {what} on this machine: {HOW_TO_GET}"
    if not os.geteuid() and not namespaces():
        return "root's libvirt daemons need user namespaces, which this machine forbids: be an ordinary user"
    return None


@functools.cache
def namespaces() -> bool:
    """Whether a process may be given another number than root's in a namespace of its own."""
    asked = subprocess.run([*_as_another(), "true"], capture_output=True, check=False)
    return asked.returncode == 0


def _as_another() -> list[str]:
    """What runs a command of root's as that of an ordinary user, whose files are root's all the same."""
    other = next(user for user in pwd.getpwall() if user.pw_uid)
    mapped = [f"--map-user={other.pw_uid}", f"--map-group={other.pw_gid}"]
    return [program("unshare") or "false", "--user", *mapped]


def program(name: str) -> str | None:
    """Where a program is, also where ordinary users do not look for it."""
    places = ("/usr/local/sbin", "/usr/sbin", "/usr/libexec")
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *places]))


def cache() -> Path:
    """Where what libvirt has found out about QEMU is kept: to find it out takes seconds."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(home) / "simnova" / "capabilities"


class Daemon:
    """The daemon of the host `name`, with all that it writes in the directory of that name below `folder`."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.directory = folder / name
        self._pipe: int | None = None

    def __repr__(self) -> str:
        return f"<{self.name} {self.uri}, {'up' if self.alive else 'down'}>"

    @property
    def socket(self) -> Path:
        """The daemon's socket."""
        known = self.directory / "run" / "libvirt" / "virtqemud-sock"
        return known if known.exists() else known.with_name("libvirt-sock")

    @property
    def uri(self) -> str:
        """How it is reached."""
        return f"qemu+unix:///session?socket={self.socket}"

    @property
    def alive(self) -> bool:
        """Whether somebody answers at its socket."""
        with socket.socket(socket.AF_UNIX) as probe, suppress(OSError):
            probe.connect(str(self.socket))
            return True
        return False

    @property
    def kept(self) -> bool:
        """Whether the process that keeps it still is."""
        return self._keeper() is not None

    def virsh(self, command: str) -> Printed:
        """What `virsh COMMAND` prints here: `list --all`, `dumpxml instance-00000001`. Raises UsageError."""
        return virsh(self.uri, command)

    # --- its life ---

    def start(self, owned: bool = False) -> None:
        """Bring it up; one that is `owned` ends when this process does. Raises UsageError where it cannot be had."""
        self._prepare()
        ours, theirs = os.pipe() if owned else (-1, -1)
        keep = [sys.executable, "-I", keeper.__file__, str(self.directory), str(ours)]
        with open(self.directory / "keeper.log", "ab") as log:
            kept = subprocess.Popen(
                [*keep, *self._command()],
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[ours] if owned else [],
                start_new_session=True,
            )
        if owned:
            os.close(ours)
            self._pipe = theirs
        kept.returncode = 0  # nobody waits for it: its end is seen in its files
        self._note(kept.pid)
        if not _soon(lambda: self.alive or not self._keeper()) or not self.alive:
            reason = self._reason()
            self.stop()
            raise UsageError(f"the libvirt daemon of {self.name} did not come up: {reason}")

    def stop(self) -> None:
        """End it and every guest below it, and remove its files."""
        self._keep_capabilities()
        pid = self._keeper()
        if pid is not None:
            since = started(pid)
            os.kill(pid, signal.SIGTERM)
            _soon(lambda: started(pid) != since, keeper.PATIENCE * 2)
            with suppress(ChildProcessError):  # another Python's child
                os.waitpid(pid, os.WNOHANG)
        if self._pipe is not None:
            os.close(self._pipe)
            self._pipe = None
        shutil.rmtree(self.directory, ignore_errors=True)

    def kill(self) -> None:
        """Have the daemon die at once, as in a crash; its guests live on."""
        os.kill(int((self.directory / "daemon.pid").read_text()), signal.SIGKILL)
        _soon(lambda: not self.alive)

    def revive(self) -> None:
        """Start a daemon that has died again: it finds its guests."""
        pid = self._keeper()
        if pid is None:
            raise UsageError(f"{self.name} is not up: nothing keeps its daemon any more")
        os.kill(pid, signal.SIGUSR1)
        _soon(lambda: self.alive)

    # --- what it needs ---

    def _prepare(self) -> None:
        lacking = missing()
        if lacking:
            raise UsageError(lacking)
        if self.directory.exists():
            raise UsageError(f"{self.name} is there already: {self.directory}")
        if len(str(self.directory)) > LONGEST:
            most = LONGEST - len(str(self.directory.parent)) - 1
            raise UsageError(
                f"a machine cannot be called '{self.name}': at most {most} characters leave QEMU room "
                f"for its sockets in {self.directory.parent}"
            )
        settings = self.directory / "etc" / "libvirt"
        settings.mkdir(parents=True, mode=0o700)
        log = f"3:file:{self.directory}/daemon.log"
        for name in PROGRAMS:
            conf = f'host_uuid = "{uuid.uuid4()}"\nlog_outputs = "{log}"\n'  # noqa: TID251
            (settings / f"{name}.conf").write_text(conf)
        block = zlib.crc32(str(self.directory).encode()) % BLOCKS
        first, last = FIRST_PORT + PORTS * block, FIRST_PORT + PORTS * (block + 1) - 1
        (settings / "qemu.conf").write_text(QEMU_CONF.format(first, last - 32, last - 31, last))
        (self.directory / "run").mkdir(mode=0o700)
        if cache().is_dir():
            shutil.copytree(cache(), self._capabilities)

    @property
    def _capabilities(self) -> Path:
        return self.directory / "cache" / "libvirt" / "qemu" / "cache" / "capabilities"

    def _keep_capabilities(self) -> None:
        """The next daemon need not find it out again; where that cannot be written, it will."""
        with suppress(OSError):
            for found in self._capabilities.glob("*.xml"):
                cache().mkdir(parents=True, exist_ok=True)
                shutil.copy(found, cache())

    def _environment(self) -> dict[str, str]:
        at = self.directory
        homes = {"CONFIG": at / "etc", "CACHE": at / "cache", "DATA": at / "data"}
        named = {f"XDG_{name}_HOME": str(path) for name, path in homes.items()}
        return {**os.environ, **named, "XDG_RUNTIME_DIR": str(at / "run"), "HOME": str(at)}

    def _command(self) -> list[str]:
        found = next(filter(None, map(program, PROGRAMS)))
        settings = self.directory / "etc" / "libvirt" / f"{Path(found).name}.conf"
        run = [found, "--config", str(settings), "--pid-file", str(self.directory / "daemon.pid")]
        return run if os.geteuid() else [*_as_another(), *run]

    def _reason(self) -> str:
        """The last thing that the daemon, or what starts it, has said."""
        for name in ("keeper.log", "daemon.log"):
            with suppress(OSError, IndexError):
                return (self.directory / name).read_text().strip().splitlines()[-1]
        return "it does not say why"

    # --- who keeps it ---

    def _note(self, pid: int) -> None:
        (self.directory / "keeper.json").write_text(json.dumps([pid, started(pid)]))

    def _keeper(self) -> int | None:
        """The process that keeps it, if it is still that process."""
        try:
            pid, since = json.loads((self.directory / "keeper.json").read_text())
        except (OSError, ValueError):
            return None
        return int(pid) if since is not None and started(pid) == since else None


def started(pid: int) -> int | None:
    """When a process began, in ticks since the machine did; None for one that has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])


def found(folder: Path) -> Iterator[Daemon]:
    """The daemons whose files are in a folder, by name."""
    if folder.is_dir():
        for directory in sorted(folder.iterdir()):
            if (directory / "etc").is_dir():
                yield Daemon(directory.name, folder)


def gone(uri: str) -> bool:
    """Whether a URI leads to such a daemon's socket, and whoever kept that with its guests has ended."""
    at = Path(parse_qs(urlsplit(uri).query).get("socket", ["/"])[0])
    if at.parts[-3:-1] != ("run", "libvirt"):
        return False
    directory = at.parents[2]
    if not directory.exists():
        return True
    made = (directory / "keeper.json").exists()
    return made and not Daemon(directory.name, directory.parent).kept


def _soon(is_so: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether something becomes true before so many seconds have passed."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True

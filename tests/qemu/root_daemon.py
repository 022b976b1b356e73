"""A libvirt daemon of root's, in a world of its own: bridges, firewall and processes there go with it."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from simnova.nova.virt.libvirt import daemon

PLACES = {
    "run": "/run/libvirt",
    "lib": "/var/lib/libvirt",
    "cache": "/var/cache/libvirt",
    "etc": "/etc/libvirt",
    "log": "/var/log/libvirt",
}

UNSHARE = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]

SCRIPT = """
set -e
mount --make-rprivate /
cd "$1"
for pair in {places}; do mount --bind "$1/${{pair%%:*}}" "${{pair#*:}}"; done
if [ -f passwd ]; then mount --bind passwd /etc/passwd; mount --bind group /etc/group; fi
ip link set lo up
set +e
libvirtd --config /etc/libvirt/libvirtd.conf --pid-file "$1/pid" &
while :; do wait; sleep 0.2; done
"""

CONF = 'host_uuid = "5f8b9c1e-1c52-4f0c-8f6e-0a6c2a6b7d11"\nauth_unix_rw = "none"\nunix_sock_dir = "{0}/run"\n'
QEMU_CONF = """user = "root"
group = "root"
security_driver = "none"
remember_owner = 0
namespaces = []
cgroup_controllers = []
stdio_handler = "file"
"""


def missing() -> str | None:
    """Why there cannot be one here."""
    if os.geteuid():
        return "a NAT network needs root"
    lacking = [
        name for name in ("libvirtd", "dnsmasq", "iptables", "ip") if not daemon.program(name)
    ]
    if lacking:
        return f"a NAT network needs {', '.join(lacking)}"
    tried = subprocess.run([*UNSHARE, "true"], check=False)
    return "a NAT network needs network namespaces" if tried.returncode else None


class RootDaemon:
    """It, from `with` to its end."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="root", dir="/tmp"))
        self.uri = f"qemu+unix:///system?socket={self.directory}/run/libvirt-sock"

    def __enter__(self) -> RootDaemon:
        for name, place in PLACES.items():
            (self.directory / name).mkdir()
            Path(place).mkdir(parents=True, exist_ok=True)
        for name in ("lib/qemu", "lib/dnsmasq", "etc/qemu/networks"):
            (self.directory / name).mkdir(parents=True)
        if daemon.cache().is_dir():
            shutil.copytree(daemon.cache(), self.directory / "cache" / "qemu" / "capabilities")
        (self.directory / "etc" / "libvirtd.conf").write_text(CONF.format(self.directory))
        (self.directory / "etc" / "qemu.conf").write_text(QEMU_CONF)
        self._name_users()
        script = SCRIPT.format(places=" ".join(f"{name}:{at}" for name, at in PLACES.items()))
        with (self.directory / "said").open("wb") as said:
            self.process = subprocess.Popen(
                [*UNSHARE, "sh", "-c", script, "sh", str(self.directory)],
                stdout=said,
                stderr=said,
                env={**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"},
                start_new_session=True,
            )
        deadline = time.monotonic() + 20
        while not (self.directory / "run" / "libvirt-sock").exists():
            assert time.monotonic() < deadline, (self.directory / "said").read_text()
            time.sleep(0.02)
        return self

    def __exit__(self, *failed: object) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _name_users(self) -> None:
        """libvirt-daemon-system makes them; libvirt looks for the first even where root's guests are root's."""
        for name, number in (("libvirt-qemu", 64055), ("dnsmasq", 64056)):
            try:
                pwd.getpwnam(name)
            except KeyError:
                for file, line in (
                    ("passwd", f"{name}:x:{number}:{number}::/:/usr/sbin/nologin\n"),
                    ("group", f"{name}:x:{number}:\n"),
                ):
                    kept = self.directory / file
                    text = kept.read_text() if kept.exists() else Path("/etc", file).read_text()
                    kept.write_text(text + line)

    def ran(self, *command: str) -> str:
        """What a command prints in the daemon's world."""
        [child] = (
            Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        )
        inside = ["nsenter", "-t", child, "--net", "--mount", "--pid", *command]
        return subprocess.run(inside, capture_output=True, text=True, check=False).stdout

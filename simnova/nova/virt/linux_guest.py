"""A small Linux for real guests, made of what this machine has: its kernel and busybox, and dropbear where that is.

It gets its address by DHCP and its metadata from the service or a config drive, takes its name and key from them, runs
user data that begin with `#!`, listens for ssh, and asks for a login, all in about five seconds under QEMU alone.
Nothing is downloaded. `linux_guest_init.sh` is its first process.
"""

from __future__ import annotations

import gzip
import hashlib
import lzma
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from simnova.exceptions import UsageError

__door__ = True

INIT = Path(__file__).with_name("linux_guest_init.sh")
PLACES = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
HOW_TO_GET = "apt-get install linux-image-cloud-amd64 busybox-static syslinux mtools dosfstools"

NEEDED = ("busybox", "mkfs.vfat", "mcopy", "syslinux", "qemu-img")
MODULES = (
    *("virtio_pci", "virtio_net", "virtio_blk", "virtio_balloon", "button", "evdev"),
    *("ata_piix", "sr_mod", "isofs", "vfat", "nls_ascii", "nls_cp437"),
)
"""What the guest's hardware wants; of a kernel that has it built in nothing is taken."""

SPARE = 4 * 2**20
"""Bytes of the disk beside the kernel and the first file system."""

BOOT = """SERIAL 0 115200
DEFAULT linux
PROMPT 0
TIMEOUT 0
LABEL linux
 KERNEL vmlinuz
 INITRD initrd.gz
 APPEND console=ttyS0 quiet panic=1 net.ifnames=0
"""

DHCP = """#!/bin/busybox sh
[ "$1" = bound ] || [ "$1" = renew ] || exit 0
ip addr flush dev $interface
ip addr add $ip/${mask:-24} dev $interface
[ -n "$router" ] && ip route add default via ${router%% *} dev $interface
set -- $staticroutes
while [ $# -ge 2 ]; do ip route add $1 via $2 dev $interface; shift 2; done
[ -n "$dns" ] && echo "nameserver ${dns%% *}" > /etc/resolv.conf
"""

ETC = {
    "passwd": "root::0:0:root:/root:/bin/sh\n",
    "group": "root:x:0:\n",
    "shells": "/bin/sh\n",
    "hosts": "127.0.0.1 localhost\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    "services": "http 80/tcp\nbootps 67/udp\nbootpc 68/udp\n",
    "protocols": "tcp 6 TCP\nudp 17 UDP\n",
}


def build(target: Path, image_format: str = "qcow2") -> None:
    """Write the guest's disk to a file; raises UsageError for what the machine lacks, in one sentence."""
    lacking = missing()
    if lacking:
        raise UsageError(lacking)
    with tempfile.TemporaryDirectory(prefix="simnova-linux-") as folder:
        work = Path(folder)
        shutil.copyfile(str(_kernel()), work / "vmlinuz")
        _file_system(work / "root")
        _pack(work / "root", work / "initrd.gz")
        (work / "syslinux.cfg").write_text(BOOT)
        _disk(work, [work / name for name in ("vmlinuz", "initrd.gz", "syslinux.cfg")])
        _run("qemu-img", "convert", "-c", "-f", "raw", "-O", image_format, work / "disk", target)


def built() -> Path:
    """The disk, made where it is not there yet for this kernel; kept where caches are. Raises UsageError."""
    lacking = missing()
    if lacking:
        raise UsageError(lacking)
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    parts = [str(_kernel()), str(_found("dropbear")), BOOT, DHCP, INIT.read_text()]
    name = hashlib.sha1("".join(parts).encode(), usedforsecurity=False).hexdigest()[:12]
    file = Path(home) / "simnova" / f"linux-{name}.qcow2"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(f".{os.getpid()}")
        build(part)
        part.rename(file)
    return file


def missing() -> str | None:
    """What the machine lacks to build it, in one sentence; None where it has it all."""
    for name in NEEDED:
        if _found(name) is None:
            return f"there is no {name} on this machine, to build a small Linux: {HOW_TO_GET}"
    if _kernel() is None:
        return f"there is no kernel with modules that can be read in /boot: {HOW_TO_GET}"
    return None


def has_ssh() -> bool:
    """Whether it can be logged into from outside."""
    return _found("dropbear") is not None


def _found(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path=PLACES)


def _kernel() -> Path | None:
    """The newest kernel that can be read, whose modules are there; one made for clouds before others."""
    known = sorted(
        Path("/boot").glob("vmlinuz-*"), key=lambda path: ("cloud" in path.name, path.name)
    )
    fit = [path for path in known if os.access(path, os.R_OK) and _modules(path).is_dir()]
    return fit[-1] if fit else None


def _modules(kernel: Path) -> Path:
    return Path("/lib/modules") / kernel.name.removeprefix("vmlinuz-")


# --- the first file system ---


def _file_system(root: Path) -> None:
    for name in ("bin", "etc", "lib/modules", "usr/sbin", "usr/share/udhcpc"):
        (root / name).mkdir(parents=True)
    _place(Path(str(_found("busybox"))), root / "bin" / "busybox")
    _place(INIT, root / "init")
    script = root / "usr/share/udhcpc/default.script"
    script.write_text(DHCP)
    script.chmod(0o755)
    for name, text in ETC.items():
        (root / "etc" / name).write_text(text)
    _place_modules(root / "lib" / "modules")
    for program in filter(None, [_found("dropbear")]):
        _place(Path(program), root / "usr" / "sbin" / "dropbear")
    for program in ("bin/busybox", "usr/sbin/dropbear"):
        for library in _libraries(root / program):
            _place(library, root / library.relative_to("/"))


def _place(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(0o755)


def _libraries(program: Path) -> Iterator[Path]:
    """What a program is linked with; nothing for a static one, or none."""
    if not program.exists():
        return
    told = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    for word in told.split():
        if word.startswith("/") and Path(word).is_file():
            yield Path(word)


def _place_modules(folder: Path) -> None:
    """The modules, and in which order they are loaded."""
    names = []
    for module in _in_order(_modules(Path(str(_kernel())))):
        name = f"{module.name.partition('.')[0]}.ko"
        (folder / name).write_bytes(_unpacked(module))
        names.append(name)
    (folder / "order").write_text("".join(f"{name}\n" for name in names))


def _in_order(modules: Path) -> Iterable[Path]:
    """Those that are wanted, after all that each of them needs (`modules.dep`)."""
    lines = (line.partition(":") for line in (modules / "modules.dep").read_text().splitlines())
    needs = {path: rest.split() for path, _, rest in lines}
    by_name = {Path(path).name.partition(".")[0]: path for path in needs}
    ordered: dict[str, None] = {}
    for name in MODULES:
        if name in by_name:
            path = by_name[name]
            ordered.update(dict.fromkeys([*reversed(needs[path]), path]))
    return [modules / path for path in ordered]


def _unpacked(module: Path) -> bytes:
    data = module.read_bytes()
    if module.suffix == ".xz":
        return lzma.decompress(data)
    if module.suffix == ".gz":
        return gzip.decompress(data)
    return _run("zstd", "-dc", module) if module.suffix == ".zst" else data


def _pack(root: Path, target: Path) -> None:
    names = sorted(str(path.relative_to(root)) for path in root.rglob("*"))
    listed = "".join(f"{name}\n" for name in names).encode()
    busybox = str(_found("busybox"))
    command = [busybox, "cpio", "-o", "-H", "newc"]
    packed = subprocess.run(command, cwd=root, input=listed, capture_output=True, check=True).stdout
    target.write_bytes(gzip.compress(packed, 6, mtime=0))


# --- the disk ---


def _disk(work: Path, files: list[Path]) -> None:
    """A file system without partitions, from which a BIOS boots."""
    disk = work / "disk"
    size = sum(file.stat().st_size for file in files) + SPARE
    with disk.open("wb") as made:
        made.truncate(-(-size // 2**20) * 2**20)
    _run("mkfs.vfat", "-n", "SIMNOVA", disk)
    _run("syslinux", "--install", disk)
    _run("mcopy", "-i", disk, *files, "::/")


def _run(program: str, *arguments: str | Path) -> bytes:
    found = _found(program)
    if found is None:
        raise UsageError(f"there is no {program} on this machine, to build a small Linux")
    done = subprocess.run([found, *map(str, arguments)], capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise UsageError(f"{program}: {said[-1] if said else done.returncode}")
    return done.stdout

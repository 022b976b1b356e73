"""Whether guests run under KVM, or QEMU must play their CPUs (`[libvirt] virt_type`): found out by a guest.

That `/dev/kvm` can be opened, and that libvirt offers KVM, does not say so: on some machines a guest then "runs" and
never comes to its first instruction.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

from simnova.nova.virt import tiny_guest
from simnova.nova.virt.libvirt import daemon, guest, identity

if TYPE_CHECKING:
    from simnova.nova.virt.libvirt.host import Domain

__door__ = True

PATIENCE = 3.0
"""Seconds in which the tiny guest must have come to its login line; it takes a tenth of them."""

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

XML = """<domain type='kvm'>
  <name>simnova-probe-{mark}</name>
  <metadata><simnova:cloud xmlns:simnova='{namespace}' run='{mark}'/></metadata>
  <memory unit='MiB'>16</memory>
  <os><type>hvm</type></os>
  <features><acpi/></features>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw'/><source file={disk}/><target dev='vda' bus='virtio'/>
    </disk>
    <serial type='file'><source path={log}/></serial>
  </devices>
</domain>"""


def virt_type(connection: Any, about: Domain, said: guest.Said) -> str:
    """`kvm`, or `qemu`; what has been found out is kept until the machine boots again."""
    if "<domain type='kvm'" not in connection.getCapabilities():
        return "qemu"
    known = _known()
    if known is None:
        known = "kvm" if _passes(connection, about) else "qemu"
        _keep(known)
    return known


def _passes(connection: Any, about: Domain) -> bool:
    """Whether a guest under KVM comes up."""
    import libvirt

    disk, log = about.file("probe.raw"), about.file("probe.log")
    disk.parent.mkdir(parents=True, exist_ok=True)
    tiny_guest.write_disk(disk)
    paths = {"disk": quoteattr(str(disk)), "log": quoteattr(str(log))}
    xml = XML.format(mark=about.mark, namespace=identity.MARK_NS, **paths)
    try:
        domain = connection.createXML(xml, libvirt.VIR_DOMAIN_START_AUTODESTROY)
    except libvirt.libvirtError:
        return False
    try:
        return _comes_up(log)
    finally:
        domain.destroy()
        for file in (disk, log):
            file.unlink(missing_ok=True)


def _comes_up(log: Path) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if log.exists() and tiny_guest.LOGIN in log.read_text(errors="replace"):
            return True
        time.sleep(0.02)
    return False


def _record() -> Path:
    return daemon.cache().with_name("virt_type.json")


def _known() -> str | None:
    """What was found out since the machine was booted, by the same user."""
    with suppress(OSError, ValueError):
        boot, found = json.loads(_record().read_text())
        if boot == [BOOT_ID.read_text(), os.access("/dev/kvm", os.R_OK | os.W_OK)]:
            return str(found)
    return None


def _keep(found: str) -> None:
    with suppress(OSError):
        _record().parent.mkdir(parents=True, exist_ok=True)
        about = [BOOT_ID.read_text(), os.access("/dev/kvm", os.R_OK | os.W_OK)]
        _record().write_text(json.dumps([about, found]))

"""QEMU's filters that hand a card's frames to its wire: on the command line, and for a guest that runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from simnova.nova.virt.libvirt import wires

__door__ = True

ENDS = {wires.ON: ("rx", "indev"), wires.OUT: ("rx", "outdev"), wires.IN: ("tx", "indev")}
"""Queue and direction of each filter. A frame that comes by `on` passes the filters before its own, so `on` is made
before `out`."""
MILLISECONDS = 9_002_000


def alias(mac: str) -> str:
    """What libvirt calls a card; its network is `host` and that."""
    return f"ua-{mac.replace(':', '')}"


def again(version: int) -> tuple[str, int]:
    """How QEMU looks for a wire again that has gone: from 9.2 on told in milliseconds, later only so.

    `version` is QEMU's, as libvirt tells it (9002000 for 9.2.0).
    """
    return ("reconnect", 1) if version < MILLISECONDS else ("reconnect-ms", 1000)


def arguments(mac: str, directory: Path, version: int, tap: bool = False) -> Iterator[str]:
    """For the command line of a QEMU of that version."""
    name, pause = again(version)
    for end in ENDS:
        about = f"id={_chardev(end, mac)},path={wires.socket_of(directory, mac, end)}"
        yield from ("-chardev", f"socket,{about},{name}={pause}")
    for end in ENDS:
        told = ",".join(f"{name}={_word(value)}" for name, value in _filter(end, mac, tap).items())
        yield from ("-object", told.removeprefix("qom-type="))


def put(domain: Any, mac: str, directory: Path, tap: bool = False) -> None:
    """Into a guest that runs, and has the card already."""
    name, pause = again(domain.connect().getVersion())
    for end in ENDS:
        path = str(wires.socket_of(directory, mac, end))
        at = {"addr": {"type": "unix", "data": {"path": path}}, "server": False, name: pause}
        backend = {"type": "socket", "data": at}
        _ask(domain, "chardev-add", id=_chardev(end, mac), backend=backend)
    for end in ENDS:
        _ask(domain, "object-add", **_filter(end, mac, tap))


def forget(domain: Any, mac: str) -> None:
    """What is left in a guest that runs, when the card has gone with its filters."""
    import libvirt

    for end in ENDS:
        with suppress(libvirt.libvirtError):  # one that never had them
            _ask(domain, "chardev-remove", id=_chardev(end, mac))


def _chardev(end: str, mac: str) -> str:
    return f"{end}-{mac.replace(':', '')}"


def _word(value: str | bool) -> str:
    return value if isinstance(value, str) else "on" if value else "off"


def _filter(end: str, mac: str, tap: bool) -> dict[str, str | bool]:
    """A tap's frames have a head, of which QEMU says how long it is."""
    queue, direction = ENDS[end]
    chardev = _chardev(end, mac)
    about = {"id": f"filter-{chardev}", "netdev": f"host{alias(mac)}", "queue": queue}
    head = {"vnet_hdr_support": True} if tap else {}
    return {"qom-type": "filter-redirector", **about, direction: chardev, **head}


def _ask(domain: Any, command: str, **given: Any) -> None:
    """QEMU's own monitor; raises libvirtError with what it says."""
    import libvirt
    import libvirt_qemu

    text = json.dumps({"execute": command, "arguments": given})
    answer = json.loads(libvirt_qemu.qemuMonitorCommand(domain, text, 0))
    if "error" in answer:
        raise libvirt.libvirtError(answer["error"]["desc"])

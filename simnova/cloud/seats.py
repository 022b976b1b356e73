"""In front of a server's real guest: its screen, its keyboard. Nothing of it goes through Nova, or into the journal."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from simnova.cloud.shown import Shown
from simnova.exceptions import UsageError

if TYPE_CHECKING:
    from simnova.nova.virt.libvirt.qemu import QemuDriver

__door__ = True


NEWS = 3.0
"""Seconds of the wall clock in which libvirt tells of a guest that has gone off."""


class Picture:
    """A PNG, which a notebook shows; `data` are its bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def __repr__(self) -> str:
        return f"<Picture, {len(self.data)} bytes of PNG>"

    def _repr_png_(self) -> bytes:
        return self.data


class Seats(Shown):
    """The part of `Server` for who sits at its host. Each raises `UsageError` where the guest is not a real one."""

    def screenshot(self) -> Picture:
        """What is on the guest's screen now."""
        from simnova.nova.virt.libvirt import console

        return Picture(self._running().hypervisor.at_once(console.screenshot, self.id))

    def type(self, text: str, seconds: float = 2.0) -> str:
        """Type into the guest's serial console; what it writes then, for so many seconds of the wall clock at most.

        "\\r" is Enter, "\\x04" Ctrl-D.
        """
        from simnova.nova.virt.libvirt import console

        at_once = self._running().hypervisor.at_once
        return at_once(console.typed, self.id, text=text, seconds=seconds)

    def expect(self, text: str, seconds: float = 30.0) -> str:
        """Wait until the guest has written that to its serial console; all that it has written since it was started.

        Raises UsageError after so many seconds of the wall clock.
        """
        from simnova.nova.virt.libvirt import console

        at_once = self._real().hypervisor.at_once
        written = at_once(console.written, self.id, text=text, seconds=seconds)
        if text not in written:
            told = written[-200:] or "nothing"
            raise UsageError(f"no {text!r} in {seconds:g} s; the guest has written: {told}")
        return written

    def forward(self, port: int = 22) -> int:
        """A port of 127.0.0.1 that leads to one of the guest's first card: `ssh -p PORT root@127.0.0.1`.

        It is there as long as the guest runs; whoever is on this machine can take it.
        """
        from simnova.nova.virt.libvirt import forwarding

        if not 0 < port < 65536:
            raise UsageError(f"port={port} is no port: give 1 to 65535")
        return self._real().hypervisor.at_once(forwarding.forward, self.id, port=port)

    def _goes_off(self, status: str) -> bool:
        """Whether its real guest, which runs as far as Nova knows, is heard to have gone off."""
        if (self.status, status) != ("ACTIVE", "SHUTOFF") or not self._is_real():
            return False
        deadline = time.monotonic() + NEWS
        while self.cloud.clock.quiet and time.monotonic() < deadline:
            time.sleep(0.02)
            self.cloud.listen()
        return not self.cloud.clock.quiet

    def _is_real(self) -> bool:
        with suppress(UsageError):
            return bool(self._real())
        return False

    def _running(self) -> QemuDriver:
        from simnova.nova.virt.libvirt import console

        driver = self._real()
        if not driver.hypervisor.at_once(console.is_on, self.id):
            raise UsageError(f"server '{self.name}' is {self.status}, its guest is off: start() it")
        return driver

    def _real(self) -> QemuDriver:
        from simnova.nova.virt.libvirt.qemu import QemuDriver

        if self.host is None:
            raise UsageError(
                f"server '{self.name}' is {self.status} and on no host: it has no guest"
            )
        door = self.cloud.assembly.drivers.get(self.host)
        if door is None or not isinstance(door.driver, QemuDriver):
            raise UsageError(
                f"{self.host} has no real guest to sit at: give the host driver='qemu:///session'"
            )
        return door.driver

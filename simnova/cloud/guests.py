"""What a learner can have happen to a server's guest beside Nova."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnova.cloud.shown import Shown
from simnova.exceptions import UsageError, one_of
from simnova.nova.virt.beside import VIRSH

if TYPE_CHECKING:
    pass


class Guests(Shown):
    """The part of `Server` that asks nobody: `cloud.run()` follows what Nova makes of it (of a stop 15 s later).

    Each raises `UsageError` where the guest is not as it must be for that, or is on no simulated host.
    """

    def power_off_inside(self) -> None:
        """Have its guest switch itself off, as `poweroff` inside it does."""
        self._guest("poweroff", None)

    def crash_inside(self) -> None:
        """Have its guest crash: its QEMU ends."""
        self._guest("crash", None)

    def virsh(self, command: str, host: str | None = None) -> None:
        """Do to its guest what `virsh COMMAND` does on its host, past Nova.

        `command` is destroy, shutdown, suspend, resume, start or undefine; `host` says which guest, where another host
        has one too.
        """
        one_of("virsh command", command, VIRSH)
        self._guest(command, host)

    def _guest(self, deed: str, host: str | None) -> None:
        found = host or self.host
        if found is None:
            raise UsageError(f"server '{self.name}' has no host: there is no guest of it")
        assembly = self.cloud.assembly
        one_of("host", found, assembly.hosts)
        assembly.simulated(found).check_deed(self.id, deed)
        self.cloud._input("guest", server=self.id, host=found, deed=deed)

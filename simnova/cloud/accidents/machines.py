"""Accidents of machines: hypervisors that fail."""

from __future__ import annotations

from simnova.cloud.accidents.base import Base
from simnova.kernel.faults import Faults

__door__ = True


class Machines(Base):
    """What can happen to a compute host."""

    def fail(
        self, host: str, what: str = "start", error: str = "Domain not started", times: int = 1
    ) -> Faults:
        """Have a simulated host's hypervisor fail the next `times` times it does `what` (a driver's method or step)."""
        self._input("fail", host=self._host(host), what=what, error=error, times=times)
        return self.faults

    # --- done, now or in a replay ------------------------------------------------------------------------------

    def _do_fail(self, host: str, what: str, error: str, times: int) -> None:
        self.faults.armed.append(self.assembly.simulated(host).fail(what, error, times))

    def _do_write_memory(self, server: str, host: str, rate: float) -> None:
        self.assembly.simulated(host).write_memory(server, rate)

    def _do_guest(self, server: str, host: str, deed: str) -> None:
        self.assembly.simulated(host).do(server, deed, cause=self._latest)

"""Accidents of machines: hypervisors that fail."""

from __future__ import annotations

from functools import partial

from simnova.cloud import checks
from simnova.cloud.accidents.base import Base
from simnova.exceptions import UsageError, one_of
from simnova.kernel.faults import Faults
from simnova.nova.virt.failing import FAILING

__door__ = True


class Machines(Base):
    """What can happen to a compute host."""

    def fail(
        self, host: str, what: str = "start", error: str = "Domain not started", times: int = 1
    ) -> Faults:
        """Have a simulated host's hypervisor fail the next `times` times it does `what` (a driver's method or step)."""
        self._simulated(host)
        one_of("driver method or step", what, FAILING)
        checks.check_text("error", error)
        checks.check_count("times", times)
        self._input("fail", host=host, what=what, error=error, times=times)
        return self.faults

    def power_off(self, host: str) -> None:
        """Pull the plug of a simulated host: its nova-compute dies, and its guests are off.

        Nova notices nothing before reports stay away for `service_down_time`; then servers can be evacuated.
        """
        self._simulated(host)
        self._switched_on(host)
        self._input("power_off", host=host)

    def power_on(self, host: str) -> None:
        """Switch a host on again: the hypervisor has its guests defined, none runs; nova-compute starts.

        It removes the guests that were evacuated meanwhile; whether it starts the others again is said by
        `resume_guests_state_on_host_boot`.
        """
        self._simulated(host)
        self._switched_off(host)
        self._input("power_on", host=host)

    def slow_disk(self, host: str, factor: float) -> Faults:
        """Have all that a simulated host does with disks take `factor` times as long; 1 ends it.

        That is downloads and conversions of images, overlays, snapshots, and disks that are sent to other hosts.
        """
        self._simulated(host)
        checks.check_factor("factor", factor)
        self._input("slow_disk", host=host, factor=factor)
        return self.faults

    def _switched_on(self, name: str) -> None:
        if not self._simulated(name).is_on:
            raise UsageError(f"{name} is switched off already: power_on({name!r})")

    def _switched_off(self, name: str) -> None:
        if self._simulated(name).is_on:
            raise UsageError(f"{name} is switched on: power_off({name!r}) comes first")

    # --- done, now or in a replay ------------------------------------------------------------------------------

    def _do_fail(self, host: str, what: str, error: str, times: int) -> None:
        self.faults.armed.append(self.assembly.simulated(host).fail(what, error, times))

    def _do_power_off(self, host: str) -> None:
        cause, life = self._latest, self.assembly.running.get(f"nova-compute@{host}")
        if life is not None:
            self.clock.crash(life, cause=cause)
        self.assembly.simulated(host).lose_power()

    def _do_power_on(self, host: str) -> None:
        self.assembly.simulated(host).is_on = True
        self.assembly.start(f"nova-compute@{host}", background=False)

    def _do_slow_disk(self, host: str, factor: float) -> None:
        driver = self.assembly.simulated(host)
        self.faults.mend("disk", host)
        if factor != 1:
            driver.disk_factor = factor
            text = f"the disk of {host} takes {factor:g} times as long"
            self.faults.last("disk", host, text, partial(setattr, driver, "disk_factor", 1.0))

    def _do_write_memory(self, server: str, host: str, rate: float) -> None:
        self.assembly.simulated(host).write_memory(server, rate)

    def _do_guest(self, server: str, host: str, deed: str) -> None:
        self.assembly.simulated(host).do(server, deed, cause=self._latest)

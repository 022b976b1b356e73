"""What an operator does to a running cloud, and the accidents that can be arranged for it."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from simnova.cloud import checks
from simnova.exceptions import UsageError, unknown
from simnova.kernel.faults import Crash, Faults
from simnova.messaging.faults import Loss

if TYPE_CHECKING:
    from simnova.cloud.assembly import Assembly
    from simnova.config import Config
    from simnova.kernel.clock import Clock
    from simnova.kernel.journal import Journal

__door__ = True


class Accidents:
    """The verbs of a cloud by which something in it breaks, ends, comes back or changes: each is a recorded input."""

    assembly: Assembly
    clock: Clock
    conf: Config
    faults: Faults
    journal: Journal

    def _input(self, verb: str, **args: Any) -> Any:
        raise NotImplementedError

    def crash(self, service: str) -> None:
        """Kill a service now (`nova-compute@compute1`): what it had in hand is lost with it."""
        self._input("crash", service=self._running(service))

    def stop(self, service: str) -> None:
        """Stop a service in good order."""
        self._input("stop", service=self._running(service))

    def start(self, service: str) -> None:
        """Start a service again."""
        if service in self.assembly.running and self.assembly.running[service].alive:
            raise UsageError(f"{service} is running: stop or crash it first")
        self._input("start", service=service)

    def crash_at(self, kind: str, service: str, nth: int = 1, moment: str = "after") -> Faults:
        """Have a service die at its `nth` event of a kind from now, just before it or just after.

        What comes back, as from `lose` and `fail`, tells all that lies in wait: `cloud.faults`.
        """
        checks.check_crash(kind, nth, moment)
        self._running(service)
        self._input("crash_at", kind=kind, service=service, nth=nth, moment=moment)
        return self.faults

    def lose(self, method: str, times: int = 1, *, reply: bool = False) -> Faults:
        """Lose the next messages that carry this RPC method, or the replies to it."""
        checks.check_loss(method, times)
        self._input("lose", method=method, times=times, reply=reply)
        return self.faults

    def fail(
        self, host: str, what: str = "start", error: str = "Domain not started", times: int = 1
    ) -> Faults:
        """Have a simulated host's hypervisor fail the next `times` times it does `what` (a driver's method or step)."""
        if host not in self.assembly.hosts:
            raise unknown("host", host, self.assembly.hosts)
        self._input("fail", host=host, what=what, error=error, times=times)
        return self.faults

    def set(self, option: str, value: Any) -> None:
        """Change an option of the running cloud: `cloud.set("filter_scheduler.host_subset_size", 3)`.

        Which filters and weighers there are nova-scheduler reads when it starts; a warning says so.
        """
        at_start = checks.is_read_at_start(option, value)
        self._input("set", option=option, value=value)
        if at_start:
            warnings.warn(
                f"{option} is set, but nova-scheduler reads it when it starts: "
                "cloud.stop('nova-scheduler'), then cloud.start('nova-scheduler')",
                stacklevel=2,
            )

    def _running(self, service: str) -> str:
        alive = [name for name, life in self.assembly.running.items() if life.alive]
        if service in self.assembly.names and service not in alive:
            raise UsageError(f"{service} is not running: start({service!r}) it first")
        if service not in alive:
            raise unknown("running service", service, alive)
        return service

    # --- done, now or in a replay ------------------------------------------------------------------------------

    def _do_crash(self, service: str) -> None:
        self.clock.crash(self.assembly.running[service], cause=len(self.journal) - 1)

    def _do_stop(self, service: str) -> None:
        self.clock.stop(self.assembly.running[service], cause=len(self.journal) - 1)

    def _do_start(self, service: str) -> None:
        self.assembly.start(service, background=False)

    def _do_crash_at(self, kind: str, service: str, nth: int, moment: Any) -> None:
        self.faults.crash_at(Crash(kind, service, nth, moment))

    def _do_lose(self, method: str, times: int, reply: bool) -> None:
        self.assembly.broker.interceptors.append(Loss(self.faults, method, times, reply))

    def _do_fail(self, host: str, what: str, error: str, times: int) -> None:
        self.faults.armed.append(self.assembly.simulated(host).fail(what, error, times))

    def _do_write_memory(self, server: str, host: str, rate: float) -> None:
        self.assembly.simulated(host).write_memory(server, rate)

    def _do_guest(self, server: str, host: str, deed: str) -> None:
        self.assembly.simulated(host).do(server, deed, cause=len(self.journal) - 1)

    def _do_set(self, option: str, value: Any) -> None:
        self.conf.set(option, value)

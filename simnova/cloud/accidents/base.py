"""What all accidents need: the cloud's machinery, and the one way by which something is asked of the cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simnova.exceptions import UsageError, one_of, unknown

if TYPE_CHECKING:
    from simnova.cloud.assembly import Assembly
    from simnova.config import Config
    from simnova.kernel.clock import Clock
    from simnova.kernel.faults import Faults
    from simnova.kernel.journal import Journal
    from simnova.kernel.service import Service
    from simnova.nova.virt.simulated import SimulatedDriver

__door__ = True


class Base:
    """One cloud, as far as accidents touch it."""

    assembly: Assembly
    clock: Clock
    conf: Config
    faults: Faults
    journal: Journal

    def _input(self, verb: str, /, **args: Any) -> Any:
        raise NotImplementedError

    def _check_open(self) -> None:
        """Raise UsageError for a cloud that is closed: whatever is asked, nothing runs in it any more."""
        raise NotImplementedError

    def _until_ended(self, life: Service | None) -> None:
        """Run until a service that was told to end is down; for what is to happen later there is nothing to do now."""

    @property
    def _latest(self) -> int:
        """The event that says what was asked: the cause of what comes of it."""
        return len(self.journal) - 1

    def _host(self, host: str) -> str:
        """The name of a compute host; raises UsageError for one that there is not."""
        self._check_open()
        return one_of("host", host, self.assembly.hosts)

    def _simulated(self, host: str) -> SimulatedDriver:
        """The simulated hypervisor of a host; raises UsageError for a host that is not there, or real."""
        return self.assembly.simulated(self._host(host))

    def _process(self, name: str) -> str:
        """The name of a process: a service, a neighbour, or a message broker. Raises UsageError for another."""
        self._check_open()
        known = dict.fromkeys([*self.assembly.startable, *self.assembly.brokers])
        return one_of("service", name, known)

    def _running(self, name: str) -> str:
        """The same for one that runs, now: raises UsageError where it does not."""
        self._check_open()
        alive = [*(one for one, life in self.assembly.running.items() if life.alive)]
        alive += [one for one, broker in self.assembly.brokers.items() if broker.is_up]
        if name in (*self.assembly.names, *self.assembly.brokers) and name not in alive:
            raise UsageError(f"{name} is not running: start({name!r}) it first")
        if name not in alive:
            raise unknown("running service", name, alive)
        return name

    def _ended(self, name: str) -> str:
        """The same for one that does not run: raises UsageError where it does."""
        life, broker = self.assembly.running.get(name), self.assembly.brokers.get(name)
        if (life is not None and life.alive) or (broker is not None and broker.is_up):
            raise UsageError(f"{name} is running: stop or crash it first")
        self._check_power(name)
        return name

    def _check_power(self, name: str) -> None:
        """Raise UsageError for the nova-compute of a host that is switched off."""
        host = name.partition("@")[2]
        door = self.assembly.drivers.get(host)
        if door is not None and not getattr(door.driver, "is_on", True):
            raise UsageError(
                f"{host} is switched off: power_on({host!r}) starts its nova-compute, too"
            )

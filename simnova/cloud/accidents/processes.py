"""Accidents of processes: crashed, stopped, started again."""

from __future__ import annotations

from functools import partial
from typing import Any

from simnova.cloud import checks
from simnova.cloud.accidents.base import Base
from simnova.exceptions import UsageError
from simnova.kernel.faults import Crash, Faults

__door__ = True


class Processes(Base):
    """What can happen to a process: any service of Nova, a neighbour, or a message broker, by its name."""

    def crash(self, service: str) -> None:
        """Kill a process now (`nova-compute@compute1`): what it had in hand is lost with it.

        Of a message broker (`rabbitmq`) durable queues with their persistent messages survive; Nova's are not durable
        unless `[oslo_messaging_rabbit] amqp_durable_queues` is set.
        """
        self._input("crash", service=self._running(service))

    def stop(self, service: str) -> None:
        """Stop a process in good order, and go on until it has ended: what it has in hand it finishes first.

        One of Nova's takes nothing new meanwhile; after `graceful_shutdown_timeout` seconds it ends all the same.
        """
        life = self.assembly.running.get(self._running(service))
        self._input("stop", service=service)
        self._until_ended(life)

    def start(self, service: str) -> None:
        """Start a process again. Services find their way back to a broker by themselves."""
        self._input("start", service=self._ended(self._process(service)))

    def restart(self, service: str) -> None:
        """Stop a process in good order, if it runs, and start it again when it has ended."""
        life = self.assembly.running.get(self._process(service))
        self._check_power(service)
        self._input("restart", service=service)
        self._until_ended(life)

    def crash_at(self, kind: str, service: str, nth: int = 1, moment: str = "after") -> Faults:
        """Have a service die at its `nth` event of a kind from now, just before it or just after.

        What comes back, as from `lose` and `fail`, tells all that lies in wait: `cloud.faults`.
        """
        checks.check_crash(kind, nth, moment)
        if self._running(service) in self.assembly.brokers:
            raise UsageError(f"{service} has no code that passes events: crash it at(seconds)")
        self._input("crash_at", kind=kind, service=service, nth=nth, moment=moment)
        return self.faults

    def slow(self, service: str, seconds: float) -> Faults:
        """Have all messages and HTTP requests reach a process so many seconds later; 0 ends it.

        Nothing is lost. Whoever waits for its answers less long than that gives up.
        """
        checks.check_duration("seconds", seconds)
        self._input("slow", service=self._process(service), seconds=seconds)
        return self.faults

    def cut_off(self, service: str) -> Faults:
        """Cut a process off while it lives: no message, no HTTP request, no transaction passes. A host's name means
        its nova-compute; no disk and no memory passes between it and other hosts either.

        For a minute its connections are silent; then both ends give them up for want of heartbeats, the broker keeps
        what waits in its queues, and the process tries to come back. Who asks it over HTTP gives up after 127 s. Its
        guests run on: evacuated meanwhile, a server runs twice until its old host is back and removes it.
        """
        name = self._process(self._compute_of(service))
        self._connected(name)
        self._input("cut_off", service=name)
        return self.faults

    def reconnect(self, service: str) -> Faults:
        """Connect again what was cut off: what was under way arrives, services find back to the bus by themselves."""
        name = self._process(self._compute_of(service))
        self._disconnected(name)
        self._input("reconnect", service=name)
        return self.faults

    def _compute_of(self, name: str) -> str:
        return f"nova-compute@{name}" if name in list(self.assembly.hosts) else name

    def _connected(self, name: str) -> None:
        if name in self.clock.network.cut:
            raise UsageError(f"{name} is cut off already: reconnect({name!r})")

    def _disconnected(self, name: str) -> None:
        if name not in self.clock.network.cut:
            raise UsageError(f"{name} is not cut off: cut_off({name!r}) comes first")

    # --- done, now or in a replay ------------------------------------------------------------------------------

    def _do_crash(self, service: str) -> None:
        broker = self.assembly.brokers.get(service)
        if broker is not None:
            broker.crash(self._latest)
        else:
            self.clock.crash(self.assembly.running[service], cause=self._latest)

    def _do_stop(self, service: str) -> None:
        broker = self.assembly.brokers.get(service)
        if broker is not None:
            broker.stop(self._latest)
        else:
            self.assembly.stop(service, cause=self._latest)

    def _do_start(self, service: str) -> None:
        broker, life = self.assembly.brokers.get(service), self.assembly.running.get(service)
        if broker is not None:
            broker.start(self._latest)
        elif life is not None and life.alive:  # it is still ending
            life.at_end.append(lambda: self._do_start(service))
        else:
            self.assembly.start(service, background=False)

    def _do_restart(self, service: str) -> None:
        life, broker = self.assembly.running.get(service), self.assembly.brokers.get(service)
        if (life is not None and life.alive) or (broker is not None and broker.is_up):
            self._do_stop(service)
        self._do_start(service)

    def _do_crash_at(self, kind: str, service: str, nth: int, moment: Any) -> None:
        self.faults.crash_at(Crash(kind, service, nth, moment))

    def _do_slow(self, service: str, seconds: float) -> None:
        network = self.clock.network
        self.faults.mend("slow", service)
        if seconds:
            network.slow[service] = seconds
            text = f"all that reaches {service} is {seconds:g} s late"
            self.faults.last("slow", service, text, partial(network.slow.pop, service))

    def _do_cut_off(self, service: str) -> None:
        network = self.clock.network
        network.cut_off(service)
        end = partial(network.reconnect, service)
        self.faults.last("cut", service, f"{service} is cut off", end)

    def _do_reconnect(self, service: str) -> None:
        self.faults.mend("cut", service)

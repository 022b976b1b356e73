"""Accidents of processes: crashed, stopped, started again."""

from __future__ import annotations

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
        life = self.assembly.running.get(service)
        self._input("stop", service=self._running(service))
        self._until_ended(life)

    def start(self, service: str) -> None:
        """Start a process again. Services find their way back to a broker by themselves."""
        self._input("start", service=self._ended(self._process(service)))

    def restart(self, service: str) -> None:
        """Stop a process in good order, if it runs, and start it again when it has ended."""
        life = self.assembly.running.get(service)
        self._input("restart", service=self._process(service))
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

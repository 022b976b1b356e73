"""What hosts send each other goes from machine to machine: both have power, and neither is cut off.

libvirt looks every few seconds whether the other side of a migration lives (`keepalive_interval`, `keepalive_count` of
qemu.conf); ssh, which carries the disks of a resize, leaves that to TCP.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from simnova.exceptions import NovaError
from simnova.kernel.clock import Clock, Expired

__door__ = True

KEEPALIVE = 30.0
"""Seconds of silence after which libvirt gives a migration up: `keepalive_interval` (5) for each of 5 asked and one."""

NO_ROUTE = 3.0
"""Seconds until a first connection fails with "No route to host": three requests for the other's address."""

TCP_RETRIES = 924.6
"""Seconds for which Linux sends again what nobody acknowledges (`tcp_retries2`)."""


class ProcessExecutionError(NovaError):
    """A command has failed (`oslo_concurrency.processutils`)."""

    def __init__(self, cmd: str, exit_code: int, stderr: str) -> None:
        super().__init__(
            "Unexpected error while running command.\n"
            f"Command: {cmd}\nExit code: {exit_code}\nStdout: ''\nStderr: {stderr!r}"
        )


@dataclass
class Link:
    """The way from one hypervisor to another, from the moment it is made: a machine that was off has forgotten it."""

    clock: Clock
    source: Any
    dest: Any
    losses: int = field(init=False)

    def __post_init__(self) -> None:
        self.losses = self.dest.power_losses

    @classmethod
    def to(cls, source: Any, dest: str, hypervisors: Mapping[str, Any]) -> Link:
        """The way to the host of that name; a name that no host has is the host itself."""
        there = hypervisors[dest].driver if dest in hypervisors else source
        return cls(source.clock, source, there)

    @property
    def cut(self) -> bool:
        """Whether nothing passes for now."""
        off = self.clock.network.cut
        ends = (self.source.host, self.dest.host)
        return ends[0] != ends[1] and any(f"nova-compute@{end}" in off for end in ends)

    @property
    def broken(self) -> bool:
        """Whether the other end has lost power since: it will never answer again."""
        return not self.dest.is_on or self.dest.power_losses != self.losses

    @property
    def passes(self) -> bool:
        """Whether what is sent now arrives."""
        return not (self.cut or self.broken)

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Have `changed` called whenever things begin to pass, or no longer do; what comes back ends it."""
        watchers = (self.clock.network.watchers, self.dest.power_watchers)
        passed = self.passes

        def told(_: str) -> None:
            nonlocal passed
            if passed != self.passes:
                passed = self.passes
                changed()

        for watcher in watchers:
            watcher.append(told)

        def end() -> None:
            for watcher in watchers:
                watcher.remove(told)

        return end

    async def connect(self, command: str, tries: int = 1) -> None:
        """Begin a command that goes over there. Raises `ProcessExecutionError` where there is no way to it."""
        if not self.passes:
            await self.clock.sleep(tries * NO_ROUTE)
            said = f"ssh: connect to host {self.dest.host} port 22: No route to host\r\n"
            raise ProcessExecutionError(command, 255, said)

    async def deliver(self, command: str) -> None:
        """Wait until what was sent has been acknowledged. Raises `ProcessExecutionError` where it never is."""
        while not self.passes:
            if not await self._again(TCP_RETRIES):
                raise ProcessExecutionError(command, 1, "lost connection\n")

    async def _again(self, seconds: float) -> bool:
        """Wait until things pass again, or no longer than that; whether they do."""
        signal = self.clock.signal()

        def wake() -> None:
            if not signal.triggered:
                signal.succeed()

        end = self.watch(wake)
        try:
            await self.clock.wait(signal, seconds)
        except Expired:
            return False
        finally:
            end()
        return True

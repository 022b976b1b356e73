"""Locks for services: `async with lock:`; whoever waits is served in order."""

from __future__ import annotations

from simnova.kernel.clock import Clock, Signal

__door__ = True


class Semaphore:
    """Lets `slots` tasks in at a time. One slot is a lock."""

    def __init__(self, clock: Clock, slots: int = 1) -> None:
        self.clock = clock
        self.free = slots
        self._waiting: list[Signal] = []

    async def __aenter__(self) -> None:
        if self.free:
            self.free -= 1
            return
        signal = self.clock.signal()
        self._waiting.append(signal)
        await self.clock.wait(signal)

    async def __aexit__(self, *_: object) -> None:
        if self._waiting:
            self._waiting.pop(0).succeed()
        else:
            self.free += 1

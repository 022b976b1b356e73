"""Which processes are slow to reach, and which cannot be reached: what the doors ask before something crosses."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from simnova.kernel.clock import Clock, Signal

__door__ = True


class _Held(NamedTuple):
    """Something under way that does not arrive before its two ends reach each other."""

    ends: tuple[str, str]
    background: bool
    action: Callable[..., Any]
    args: tuple[Any, ...]


class Network:
    """The network between the processes of one cloud, by their names. Nobody is slow or cut off unless it is said.

    `watchers` are called with the name of a process that has just been cut off, or connected again.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.slow: dict[str, float] = {}
        self.cut: dict[str, Signal] = {}
        self.watchers: list[Callable[[str], None]] = []
        self._held: list[_Held] = []

    def late(self, name: str) -> float:
        """Seconds by which all that reaches a process comes later."""
        return self.slow.get(name, 0.0) if self.slow else 0.0

    def passes(self, one: str, other: str) -> bool:
        """Whether two processes reach each other."""
        return not self.cut or not (one in self.cut or other in self.cut)

    def hold(
        self, one: str, other: str, background: bool, action: Callable[..., Any], *args: Any
    ) -> None:
        """Call `action(*args)` when the two reach each other again; what is held is no work in progress."""
        self._held.append(_Held((one, other), background, action, args))

    def cut_off(self, name: str) -> None:
        """From now on nothing comes to a process and nothing goes from it."""
        self.cut[name] = self.clock.signal()
        self._tell(name)

    def reconnect(self, name: str) -> None:
        """What was held for it goes on, in its order."""
        self.cut.pop(name).succeed()
        ready = [one for one in self._held if self.passes(*one.ends)]
        self._held = [one for one in self._held if not self.passes(*one.ends)]
        for one in ready:
            self.clock.after(0.0, one.action, *one.args, background=one.background)
        self._tell(name)

    async def reached(self, name: str) -> None:
        """Wait as long as a process is cut off, as one that has nothing to do."""
        while name in self.cut:
            await self.clock.idle(self.cut[name])

    def _tell(self, name: str) -> None:
        for watcher in self.watchers:
            watcher(name)

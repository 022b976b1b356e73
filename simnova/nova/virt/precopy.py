"""How a running guest is copied: its memory round after round, because it writes while it is read.

A round sends what is left; meanwhile the guest dirties pages, which the next round must send again. Once the rest can
be sent within the downtime that is allowed, the guest is stopped, the rest sent, and it goes on over there.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile

from simnova.config import Config

DOWNTIME_STEPS, DOWNTIME_DELAY = 10, 75
"""The downtime that is allowed grows in this many steps, each after so many seconds a GiB (Nova's defaults)."""

FIRST_THROTTLE, MORE_THROTTLE, MOST_THROTTLE = 0.2, 0.1, 0.99
"""How much of its CPU time auto-converge takes from the guest, at first, each time more, and at most (QEMU's)."""

NOTHING = 1e-6
"""What is less, in MB, is only the error of the reckoning."""


def downtime_steps(limit: float, gib: float) -> list[tuple[float, float]]:
    """From when on, in seconds, which downtime is allowed, in seconds (`nova/virt/libvirt/migration.py`)."""
    base = limit / DOWNTIME_STEPS
    offset = (limit - base) / DOWNTIME_STEPS
    delay = int(DOWNTIME_DELAY * gib)
    return [(float(delay * n), base + offset * n) for n in range(DOWNTIME_STEPS + 1)]


@dataclass
class PreCopy:
    """One copy under way. `memory`, `disk`, `left` and `sent` in MB, `bandwidth` and `dirty` in MB a second."""

    memory: float
    disk: float
    bandwidth: float
    dirty: float
    downtime: float
    auto_converge: bool = False
    left: float = 0.0
    sent: float = 0.0
    round: int = 1
    throttle: float = 0.0

    def __post_init__(self) -> None:
        self.left = self.memory + self.disk

    @classmethod
    def of(
        cls, conf: Config, memory: float, disk: float, bandwidth: float, dirty: float
    ) -> PreCopy:
        """A copy under the options of `[libvirt]`."""
        options = conf.libvirt
        limit = options.live_migration_bandwidth * 2**20 / 10**6
        return cls(
            memory,
            disk,
            min(bandwidth, limit) if limit else bandwidth,
            dirty,
            options.live_migration_downtime / 1000,
            options.live_migration_permit_auto_converge,
        )

    @property
    def gib(self) -> float:
        """What Nova reckons a migration's times by; memory counts for 2 GiB at least."""
        return max(2.0, self.memory / 1024) + self.disk / 1024

    @property
    def seconds(self) -> float:
        """How long what is left takes."""
        return self.left / self.bandwidth

    @property
    def disk_left(self) -> float:
        """What is left of the disk, which goes with the first round."""
        whole = self.memory + self.disk
        return self.left * self.disk / whole if self.round == 1 and whole else 0.0

    def may_stop(self, elapsed: float) -> bool:
        """Whether the rest can be sent while the guest stands still, so many seconds after the start."""
        steps = downtime_steps(self.downtime, self.gib)
        *_, (_, allowed) = takewhile(lambda step: step[0] <= elapsed, steps)
        return self.seconds <= allowed

    def advance(self, seconds: float) -> None:
        """So many seconds have passed: this was sent, and that was written meanwhile."""
        sent = min(self.left, self.bandwidth * seconds)
        self.sent += sent
        self.left -= sent
        if self.left < NOTHING:
            self.left = 0.0

    def next_round(self, seconds: float) -> None:
        """A round that took so long has ended: what was dirtied in it is what is left now."""
        dirtied = min(self.memory, self.dirty * (1 - self.throttle) * seconds)
        slow = dirtied > self.bandwidth * seconds / 2
        if self.auto_converge and slow and self.round > 1:
            more = MORE_THROTTLE if self.throttle else FIRST_THROTTLE
            self.throttle = min(MOST_THROTTLE, self.throttle + more)
        self.left = dirtied
        self.round += 1

"""How a running guest is copied: its memory round after round, because it writes while it is read.

A round sends what is left; meanwhile the guest dirties pages, which the next round must send again. Once the rest can
be sent within the downtime that is allowed, the guest is stopped, the rest sent, and it goes on over there.
"""

from __future__ import annotations

from dataclasses import dataclass

from simnova.config import Config

FIRST_THROTTLE, MORE_THROTTLE, MOST_THROTTLE = 0.2, 0.1, 0.99
"""How much of its CPU time auto-converge takes from the guest, at first, each time more, and at most (QEMU's)."""

NOTHING = 1e-6
"""What is less, in MB, is only the error of the reckoning."""

LEAST_GIB = 2.0
"""Nova reckons a migration's times by GiB, and takes memory and disk for so much at least."""


def downtime_steps(conf: Config, gib: float) -> list[tuple[int, int]]:
    """From when on, in seconds, which downtime is allowed, in milliseconds (`nova/virt/libvirt/migration.py`)."""
    options = conf.libvirt
    limit, steps = options.live_migration_downtime, options.live_migration_downtime_steps
    delay, base = int(options.live_migration_downtime_delay * gib), limit / steps
    offset = (limit - base) / steps
    return [(delay * n, int(base + offset * n)) for n in range(steps + 1)]


@dataclass
class PreCopy:
    """One copy under way: amounts in MB (2**20 bytes), `bandwidth` and `dirty` in MB a second.

    `left` is what this round still has to send, `dirtied` what the next will have to.
    """

    memory: float
    disk: float
    bandwidth: float
    dirty: float
    auto_converge: bool = False
    left: float = 0.0
    sent: float = 0.0
    dirtied: float = 0.0
    sent_before: float = 0.0
    round: int = 1
    throttle: float = 0.0
    share: float = 0.0

    def __post_init__(self) -> None:
        self._next(self.memory, self.disk)

    def _next(self, memory: float, disk: float) -> None:
        self.left = memory + disk
        self.share = disk / self.left if self.left else 0.0

    @classmethod
    def of(
        cls, conf: Config, memory: float, disk: float, bandwidth: float, dirty: float
    ) -> PreCopy:
        """A copy under the options of `[libvirt]`; with post-copy at hand there is no auto-converge, as in Nova."""
        options = conf.libvirt
        limit = options.live_migration_bandwidth
        converge = options.live_migration_permit_auto_converge
        return cls(
            memory,
            disk,
            min(bandwidth, limit) if limit else bandwidth,
            dirty,
            converge and not options.live_migration_permit_post_copy,
        )

    @property
    def gib(self) -> float:
        """What Nova reckons this migration's times by (`_live_migration_data_gb`)."""
        disk = max(LEAST_GIB, self.disk / 1024) if self.disk else 0.0
        return max(LEAST_GIB, self.memory / 1024) + disk

    @property
    def seconds(self) -> float:
        """How long what is left takes."""
        return self.left / self.bandwidth

    @property
    def disk_left(self) -> float:
        """What is left of the disk, which goes along with the memory of the first round."""
        return self.left * self.share

    @property
    def remaining(self) -> int:
        """Per cent of the memory that are left."""
        return round((self.left - self.disk_left) * 100 / self.memory) if self.memory else 0

    def advance(self, seconds: float) -> None:
        """So many seconds have passed: this was sent, and that was written meanwhile."""
        sent = min(self.left, self.bandwidth * seconds)
        self.sent += sent
        self.left -= sent
        if self.left < NOTHING:
            self.left = 0.0
        written = self.dirty * (1 - self.throttle) * seconds
        self.dirtied = min(self.memory, self.dirtied + written)

    def next_round(self) -> None:
        """What was written during this round, and what it did not come to, is left now."""
        self._slow_down()
        disk = self.disk_left
        self._next(min(self.memory, self.left - disk + self.dirtied), disk)
        self.sent_before, self.dirtied = self.sent, 0.0
        self.round += 1

    def _slow_down(self) -> None:
        """Auto-converge: a guest that writes more than half of what is sent gets less of its CPU."""
        slow = self.dirtied > (self.sent - self.sent_before) / 2
        if self.auto_converge and slow and self.round > 1:
            more = MORE_THROTTLE if self.throttle else FIRST_THROTTLE
            self.throttle = min(MOST_THROTTLE, self.throttle + more)

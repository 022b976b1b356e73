"""A guest on its way to another host, and what Nova does about it meanwhile.

It is `_live_migration_monitor` of `nova/virt/libvirt/driver.py` with `nova/virt/libvirt/migration.py`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from simnova.config import Config
from simnova.kernel.clock import Clock, Expired, Signal
from simnova.nova import exception
from simnova.nova.log import getLogger
from simnova.nova.objects.states import PowerState
from simnova.nova.virt import watched
from simnova.nova.virt.guest import Guest
from simnova.nova.virt.links import KEEPALIVE, Link
from simnova.nova.virt.precopy import PreCopy, downtime_steps

__door__ = True

LOG = getLogger("nova.virt.libvirt.driver")

MB = 2**20
TOLD_EVERY = 30.0
"""Seconds between two lines at INFO that say how far a migration is; the others are DEBUG."""

COMPLETED, CANCELLED, FAILED = "completed", "cancelled", "failed"
ABORT, FORCE = "abort", "force-complete"
LOST = "operation failed: Lost connection to destination host"
POST_COPY = "running (post-copy)"


@dataclass
class Job:
    """One live migration under way. `begin` is told of every round, `arrive` when the guest is over there.

    `tasks` are what it was told and has not yet done; `migration` is None where nobody wants to know how far it is.
    """

    clock: Clock
    conf: Config
    guest: Guest
    copy: PreCopy
    instance: Any
    migration: Any
    link: Link
    begin: Callable[[str], None]
    arrive: Callable[[], None]
    started: float = field(init=False)
    state: PowerState = field(init=False)
    saved: float | None = None
    told: float = 0.0
    downtime: int | None = None
    cancelled: bool = False
    post_copy: bool = False
    frozen: bool = False
    cut: bool = False
    tasks: deque[str] = field(default_factory=deque)
    signal: Signal | None = None

    def __post_init__(self) -> None:
        self.started, self.state = self.clock.now, self.guest.state
        self.steps = downtime_steps(self.conf, self.copy.gib)

    def tell(self, task: str) -> None:
        """Have the migration aborted, or forced to its end."""
        self.tasks.append(task)
        self._look_up()

    def _look_up(self) -> None:
        """Something has changed: whatever it waits for, it looks what that is."""
        if self.signal is not None and not self.signal.triggered:
            self.signal.succeed()

    def write_memory(self, rate: float) -> None:
        """The guest dirties so many MB a second from now on, unless it stands still."""
        if not self.frozen:
            self.copy.dirty = rate

    async def run(self) -> str:
        """Round after round, until the rest may be sent while the guest stands still; how it has ended.

        Raises `InternalError` where the other host has been silent for longer than libvirt waits.
        """
        unwatch = self.link.watch(self._look_up)
        try:
            return await self._rounds()
        finally:
            unwatch()

    async def _rounds(self) -> str:
        while not (self.post_copy or self._may_stop()):
            self.begin("precopy")
            await self._round()
            if self.cancelled:
                return CANCELLED
            if self.gone:
                LOG.debug("VM is missing, migration finished", instance=self.instance)
                return COMPLETED
        return await self._last()

    def recover(self) -> None:
        """It has not arrived: a guest that was paused to hasten it goes on here."""
        if self.frozen and not self.gone:
            self.guest.state = self.state

    @property
    def gone(self) -> bool:
        """Whether the guest was destroyed meanwhile; libvirt then takes its migration for finished."""
        return self.guest.internal_id is None

    @property
    def elapsed(self) -> float:
        """Seconds since it began."""
        return self.clock.now - self.started

    # --- rounds -----------------------------------------------------------------------------------------------

    def _may_stop(self) -> bool:
        since, allowed = next(step for step in reversed(self.steps) if step[0] <= self.elapsed)
        if allowed != self.downtime:
            text = "Increasing downtime to %d ms after %d sec elapsed time"
            LOG.info(text, allowed, since, instance=self.instance)
            self.downtime = allowed
        return self.copy.seconds <= allowed / 1000

    async def _round(self) -> None:
        copy, began, self.cut = self.copy, self.clock.now, False
        while copy.left > 0 and not (self.cut or self.gone):
            await self._save_stats()
            await self._connected()
            if self.cut or self.gone:
                break
            period = float(self.conf.libvirt.live_migration_monitor_interval)
            await self._wait(min(period, copy.seconds))
            self._check_timeout()
            await self._run_tasks()
        number, throttle = copy.round, round(copy.throttle, 2)
        copy.next_round()
        said = {"round": number, "sent": round(copy.sent), "left": round(copy.left)}
        self._say("precopy", self.clock.now - began, **said, throttle=throttle)

    async def _last(self) -> str:
        """Send the rest: the guest stands still for it, or runs over there already and pulls it after it."""
        left, began = round(self.copy.left), self.clock.now
        if self.post_copy:
            await self.clock.sleep(self.copy.seconds)
            self._say("postcopy", self.clock.now - began, left=left)
            return COMPLETED
        arrived = False
        while not arrived:
            await self._connected()
            await self._wait(self.copy.seconds)
            if ABORT in self.tasks or self.cancelled:
                return CANCELLED
            arrived = self.link.passes
        self._say("switchover", self.clock.now - began, left=left)
        self.arrive()
        return COMPLETED

    async def _wait(self, seconds: float) -> None:
        """Let so much time pass, or less where the migration is told something."""
        began, self.signal = self.clock.now, self.clock.signal()
        try:
            await self.clock.wait(self.signal, seconds)
        except Expired:
            self.copy.advance(seconds)
            return
        self.copy.advance(self.clock.now - began)

    async def _connected(self) -> None:
        """Nothing is sent while nothing passes; meanwhile it can be called off."""
        silent = self.clock.now
        while not (self.link.passes or self.cancelled):
            self.signal = self.clock.signal()
            try:
                await self.clock.wait(self.signal, max(0.0, silent + KEEPALIVE - self.clock.now))
            except Expired:
                raise exception.InternalError(LOST) from None
            await self._run_tasks()

    def _say(self, step: str, seconds: float, **said: Any) -> None:
        watched.step(self.clock, step, self.guest.uuid, seconds, **said)

    # --- what is done to it -----------------------------------------------------------------------------------

    def _check_timeout(self) -> None:
        """Longer than `live_migration_completion_timeout` a GiB: `live_migration_timeout_action` says what then."""
        options = self.conf.libvirt
        limit = int(options.live_migration_completion_timeout * self.copy.gib)
        if limit and self.elapsed > limit and not (self.tasks or self.frozen):
            text = "Live migration not completed after %d sec"
            LOG.warning(text, limit, instance=self.instance)
            force = options.live_migration_timeout_action == "force_complete"
            self.tasks.append(FORCE if force else ABORT)

    async def _run_tasks(self) -> None:
        while self.tasks and not self.cancelled:
            task = self.tasks.popleft()
            self.cut = True
            if task == ABORT:
                self.cancelled = True
            elif self.conf.libvirt.live_migration_permit_post_copy and self.state == (
                PowerState.RUNNING
            ):
                await self._switch_to_post_copy()
            else:
                self._pause()

    async def _switch_to_post_copy(self) -> None:
        if self.post_copy:
            LOG.warning("Live-migration already switched to post-copy mode.")
            return
        LOG.info("Switching to post-copy migration mode", instance=self.instance)
        self.post_copy = True
        self.arrive()
        if self.migration is not None:
            self.migration.status = POST_COPY
            await self.migration.save()

    def _pause(self) -> None:
        """A guest that stands still dirties nothing: the next round is the last."""
        self.frozen = True
        self.copy.dirty = 0.0
        self.guest.state = PowerState.PAUSED

    # --- how far it is ----------------------------------------------------------------------------------------

    async def _save_stats(self) -> None:
        """Write down how far it is, in bytes, at once and then every `live_migration_monitor_interval` seconds."""
        every = self.conf.libvirt.live_migration_monitor_interval
        if self.migration is None or (
            self.saved is not None and self.clock.now - self.saved < every - 1e-9
        ):
            return
        self.saved = self.clock.now
        self._count(self.migration, self.copy)
        await self.migration.save()
        self.instance.progress = 100 - self.copy.remaining
        await self.instance.save()

    def _count(self, migration: Any, copy: PreCopy) -> None:
        sent, left = copy.disk - copy.disk_left, copy.left - copy.disk_left
        migration.memory_total = round(copy.memory * MB)
        migration.memory_processed = round((copy.sent - sent) * MB)
        migration.memory_remaining = round(left * MB)
        migration.disk_total = round(copy.disk * MB)
        migration.disk_processed = round(sent * MB)
        migration.disk_remaining = round(copy.disk_left * MB)
        text = (
            "Migration running for %d secs, memory %d%% remaining (bytes processed=%d, "
            "remaining=%d, total=%d); disk %d%% remaining (bytes processed=%d, remaining=%d, "
            "total=%d)."
        )
        disk = round(copy.disk_left * 100 / copy.disk) if copy.disk else 100
        tell = LOG.debug
        if self.elapsed - self.told >= TOLD_EVERY - 1e-9:
            tell, self.told = LOG.info, self.elapsed
        tell(
            text,
            *(self.elapsed, copy.remaining),
            *(migration.memory_processed, migration.memory_remaining, migration.memory_total),
            *(disk, migration.disk_processed, migration.disk_remaining, migration.disk_total),
            instance=self.instance,
        )

"""A real guest on its way to another host, and what Nova does about it meanwhile (`_live_migration_monitor`).

libvirt moves it, from daemon to daemon, memory and disk; here it is begun, looked at, called off or hastened.
"""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from simnova.config import Config
from simnova.exceptions import NovaError
from simnova.kernel.clock import Clock, Expired, Signal
from simnova.nova.log import getLogger
from simnova.nova.virt import watched
from simnova.nova.virt.guest import Guest
from simnova.nova.virt.libvirt import guest as work
from simnova.nova.virt.libvirt.consoles import renumbered
from simnova.nova.virt.libvirt.host import Host
from simnova.nova.virt.libvirt.placing import as_kept
from simnova.nova.virt.migration import ABORT, CANCELLED, COMPLETED, FAILED, FORCE, MB
from simnova.nova.virt.precopy import LEAST_GIB

if TYPE_CHECKING:
    from simnova.nova.virt.libvirt.host import Domain

__door__ = True

LOG = getLogger("nova.virt.libvirt.driver")

LOOK = 0.5
"""Seconds between two looks, as in Nova's monitor."""

LONGEST = 3600.0
"""Seconds of the wall clock after which libvirt is not waited for any more."""

LISTEN = "tcp://127.0.0.1"
"""Where the other QEMU awaits the guest: hosts are on one machine."""

ABORTED = 78
"""VIR_ERR_OPERATION_ABORTED."""


@dataclass
class Transfer:
    """One live migration under way; `to` says how, `arrive` is told when the guest is over there.

    `there` is the other hypervisor, `size` what is to be moved as Nova reckons it: memory and disk, in MB.
    """

    clock: Clock
    conf: Config
    hypervisor: Host
    guest: Guest
    instance: Any
    migration: Any
    to: dict[str, Any]
    arrive: Callable[[], None]
    there: Host
    size: float
    post_copy: bool = False
    outcome: str | None = None
    frozen: bool = False
    said: bool = False
    saved: float | None = None
    left: int = 0
    tasks: deque[str] = field(default_factory=deque)
    signal: Signal | None = None
    found: dict[str, float] = field(default_factory=dict)
    """What QEMU has measured: seconds of the guest's standstill, and MB a second that it wrote meanwhile."""

    def tell(self, task: str) -> None:
        """Have the migration aborted, or forced to its end."""
        self.tasks.append(task)
        self._wake()

    def _wake(self) -> None:
        if self.signal is not None and not self.signal.triggered:
            self.signal.succeed()

    async def run(self) -> str:
        """Look at it until libvirt is done with it; how it has ended."""
        began = self.clock.now
        self.clock.spawn(self._move())
        while self.outcome is None:
            self.signal, looked = self.clock.signal(), self.clock.now
            try:
                await self.clock.wait(self.signal, LOOK)
            except Expired:
                await self._look(looked)
            self._check_timeout(self.clock.now - began)
            await self._run_tasks()
        if self.outcome == COMPLETED:
            self._say_end(self.clock.now - began)
            self.arrive()
        elif self.frozen:
            await self._call("resume", work.resume)
        return self.outcome

    def _say_end(self, took: float) -> None:
        """The last step: how long the guest stood still, and how long all of it took."""
        still, dirty = self.found.get("downtime", took), self.found.get("dirty", 0.0)
        told = {"left": self.left, "moved": round(self.size), "took": round(took, 6)}
        watched.step(self.clock, "switchover", self.guest.uuid, still, **told, dirty=dirty)

    def recover(self) -> None:
        """It has not arrived; a guest that was paused goes on already."""

    async def _call(self, what: str, todo: Callable[..., Any], **said: Any) -> Any:
        return await self.hypervisor.call(what, todo, self.guest.uuid, self.guest.name, **said)

    async def _move(self) -> None:
        try:
            await self._call("migrate", migrate, **self.to, timeout=LONGEST)
            self.found = await self._measured()
            self.outcome = COMPLETED
        except NovaError as error:
            cancelled = error.kwargs.get("libvirt_code") == ABORTED
            self.outcome = CANCELLED if cancelled else FAILED
            LOG.error("Live Migration failure: %s", error, instance=self.instance)
        self._wake()

    async def _measured(self) -> dict[str, float]:
        """What libvirt knows of a move that is done; nothing where it has been lost since."""
        with suppress(NovaError):
            call, guest = self.there.call, self.guest
            found: dict[str, float] = await call("moved", measured, guest.uuid, guest.name)
            return found
        return {}

    # --- what is done to it -----------------------------------------------------------------------------------

    def _check_timeout(self, elapsed: float) -> None:
        options = self.conf.libvirt
        gib = max(LEAST_GIB, self.guest.memory_mb / 1024) + LEAST_GIB
        limit = int(options.live_migration_completion_timeout * gib)
        if limit and elapsed > limit and not (self.tasks or self.said):
            text = "Live migration not completed after %d sec"
            LOG.warning(text, limit, instance=self.instance)
            force = options.live_migration_timeout_action == "force_complete"
            self.tasks.append(FORCE if force else ABORT)

    async def _run_tasks(self) -> None:
        while self.tasks and self.outcome is None:
            task, self.said = self.tasks.popleft(), True
            try:
                await self._call(task, abort if task == ABORT else work.pause)
                self.frozen |= task == FORCE
            except NovaError as error:
                LOG.warning("Failed to %s: %s", task, error, instance=self.instance)

    # --- how far it is ----------------------------------------------------------------------------------------

    async def _look(self, since: float) -> None:
        """What libvirt says of the job, into the journal; and, now and then, into the migration's row."""
        try:
            stats = await self._call("job", job)
        except NovaError:
            return  # it has just arrived
        if stats and self.outcome is None:
            sent, self.left = (round(stats[name] / MB) for name in ("processed", "remaining"))
            told = {"round": stats["iteration"], "sent": sent, "left": self.left}
            told["throttle"] = stats["throttle"]
            seconds = self.clock.now - since
            watched.step(self.clock, "precopy", self.guest.uuid, seconds, **told)
            await self._save(stats)

    async def _save(self, stats: dict[str, int]) -> None:
        every = self.conf.libvirt.live_migration_monitor_interval
        if self.migration is None or (
            self.saved is not None and self.clock.now < self.saved + every
        ):
            return
        self.saved = self.clock.now
        for kind in ("total", "processed", "remaining"):
            setattr(self.migration, f"memory_{kind}", stats[kind])
            setattr(self.migration, f"disk_{kind}", stats[f"disk_{kind}"])
        await self.migration.save()
        remaining = round(stats["remaining"] * 100 / stats["total"]) if stats["total"] else 0
        self.instance.progress = 100 - remaining
        await self.instance.save()
        LOG.debug(
            "Migration running, memory %d%% remaining (bytes processed=%d, remaining=%d, total=%d).",
            *(remaining, stats["processed"], stats["remaining"], stats["total"]),
            instance=self.instance,
        )


# --- on the worker thread ---


def migrate(connection: Any, about: Domain, said: work.Said) -> None:
    """Send the guest from this daemon to the other; ends when it has arrived."""
    import libvirt

    domain = work.find(connection, about)
    _copy_drives(about, Path(said["directory"]))
    xml = moved(_definition(domain), about, said)
    flags = (
        libvirt.VIR_MIGRATE_LIVE
        | libvirt.VIR_MIGRATE_PEER2PEER
        | libvirt.VIR_MIGRATE_UNDEFINE_SOURCE
        | libvirt.VIR_MIGRATE_PERSIST_DEST
        | libvirt.VIR_MIGRATE_NON_SHARED_INC
    )
    if said["auto_converge"]:
        flags |= libvirt.VIR_MIGRATE_AUTO_CONVERGE
    given = {
        libvirt.VIR_MIGRATE_PARAM_URI: LISTEN,
        libvirt.VIR_MIGRATE_PARAM_DEST_XML: xml,
        libvirt.VIR_MIGRATE_PARAM_PERSIST_XML: xml,
    }
    if said["bandwidth"]:
        given[libvirt.VIR_MIGRATE_PARAM_BANDWIDTH] = said["bandwidth"]
    domain.migrateToURI3(said["uri"], given, flags)


def _definition(domain: Any) -> str:
    import libvirt

    kept = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    return as_kept(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_MIGRATABLE), kept)


def _copy_drives(about: Domain, there: Path) -> None:
    """QEMU sends what a guest can write to; a config drive is copied, as Nova does (`remotefs.copy_file`)."""
    for drive in about.file(about.uuid).glob("disk.config*"):
        shutil.copyfile(drive, there / about.uuid / drive.name)


def moved(xml: str, about: Domain, said: work.Said) -> str:
    """The definition with the other host's paths and ports (`get_updated_guest_xml`)."""
    domain, here, directory = ET.fromstring(xml), str(about.directory), said["directory"]
    renumbered(domain, said["serial_ports"])
    for element in domain.iter():
        for name in ("file", "path"):
            value = element.get(name, "")
            if value.startswith(here):
                element.set(name, f"{directory}{value.removeprefix(here)}")
    return ET.tostring(domain, encoding="unicode")


def job(connection: Any, about: Domain, said: work.Said) -> dict[str, Any]:
    """How far it is, in bytes; empty where no job is under way."""
    stats = work.find(connection, about).jobStats()
    if not stats.get("memory_total"):
        return {}
    found = {kind: stats.get(f"memory_{kind}", 0) for kind in ("total", "processed", "remaining")}
    disk = {f"disk_{kind}": stats.get(f"disk_{kind}", 0) for kind in found}
    throttle = stats.get("auto_converge_throttle", 0) / 100
    return {**found, **disk, "iteration": stats.get("memory_iteration", 0), "throttle": throttle}


def measured(connection: Any, about: Domain, said: work.Said) -> dict[str, float]:
    """Of a guest that has just come here: seconds that it stood still, and MB a second that it wrote on its way."""
    import libvirt

    kept = libvirt.VIR_DOMAIN_JOB_STATS_COMPLETED | libvirt.VIR_DOMAIN_JOB_STATS_KEEP_COMPLETED
    stats = work.find(connection, about).jobStats(kept)
    written = stats.get("memory_dirty_rate", 0) * stats.get("memory_page_size", 0)
    return {"downtime": stats.get("downtime", 0) / 1000, "dirty": round(written / MB, 3)}


def abort(connection: Any, about: Domain, said: work.Said) -> None:
    """Call it off."""
    work.find(connection, about).abortJob()

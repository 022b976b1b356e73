"""A simulated hypervisor sends a running guest to another one (`_live_migration` of `nova/virt/libvirt/driver.py`)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from simnova.exceptions import NovaError
from simnova.kernel.clock import Between, Expired, Signal
from simnova.nova import exception
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.objects.states import PowerState
from simnova.nova.virt import watched
from simnova.nova.virt.driver import Guest, Instance, NetworkInfo
from simnova.nova.virt.moving import MovingDriver
from simnova.nova.virt.precopy import PreCopy
from simnova.nova.virt.profile import Profile

__door__ = True

LOG = getLogger("nova.virt.libvirt.driver")

MB = 10**6
PERIOD = 5.0
"""Seconds between two looks at a migration: so often Nova writes down how far it is."""

COMPLETED, CANCELLED, FAILED = "completed", "cancelled", "failed"
ABORT, FORCE = "abort", "force_complete"

Then = Callable[..., Awaitable[None]]


@dataclass
class Job:
    """A guest on its way: the copy, when it began, and what it was told meanwhile."""

    guest: Guest
    copy: PreCopy
    started: float
    told: str | None = None
    signal: Signal | None = None

    def tell(self, what: str) -> None:
        """Have the migration aborted, or forced to its end."""
        self.told = what
        if self.signal is not None and not self.signal.triggered:
            self.signal.succeed()


class LiveMigrationDriver(MovingDriver):
    """Live migration with pre-copy, by block migration: hosts share no storage."""

    jobs: dict[str, Job]
    profile: Profile

    # --- before -----------------------------------------------------------------------------------------------

    async def check_can_live_migrate_destination(
        self,
        context: RequestContext,
        instance: Instance,
        src_compute_info: Mapping[str, Any],
        dst_compute_info: Mapping[str, Any],
        block_migration: bool | None = False,
        disk_over_commit: bool | None = False,
    ) -> dict[str, Any]:
        """What this host says of the guest that wants to come."""
        self._begin("check_can_live_migrate_destination")
        return {
            "block_migration": block_migration,
            "disk_over_commit": disk_over_commit,
            "is_shared_instance_path": False,
            "is_shared_block_storage": False,
        }

    async def check_can_live_migrate_source(
        self,
        context: RequestContext,
        instance: Instance,
        dest_check_data: Mapping[str, Any],
        block_device_info: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Whether the guest can be sent so; raises InvalidSharedStorage where its disk were to stay behind."""
        guest = await self._guest("check_can_live_migrate_source", instance)
        data = dict(dest_check_data)
        if data["block_migration"] is None:
            data["block_migration"] = bool(instance.image_ref)
        if instance.image_ref and not data["block_migration"]:
            raise exception.InvalidSharedStorage(
                path=self.host,
                reason="Live migration can not be used without shared storage except a booted from "
                "volume VM which does not have a local disk.",
            )
        image = {"id": instance.image_ref, "size": self._size(guest), "disk_format": "qcow2"}
        return {**data, "image": image}

    async def pre_live_migration(
        self,
        context: RequestContext,
        instance: Instance,
        block_device_info: Mapping[str, Any] | None,
        network_info: NetworkInfo | None,
        disk_info: Any,
        migrate_data: Mapping[str, Any],
    ) -> dict[str, Any]:
        """Fetch the image if it is not here, and make an empty disk over it for what is to come."""
        self._begin("pre_live_migration")
        guest = Guest.of(instance, PowerState.NOSTATE)
        await self._create_image(
            context, instance, ImageMeta.from_dict(migrate_data["image"]), guest
        )
        return dict(migrate_data)

    # --- the copy ---------------------------------------------------------------------------------------------

    async def live_migration(
        self,
        context: RequestContext,
        instance: Instance,
        dest: str,
        post_method: Then,
        recover_method: Then,
        block_migration: bool | None = False,
        migrate_data: Mapping[str, Any] | None = None,
    ) -> None:
        """Send the guest; then `post_method` where it has arrived, else `recover_method`."""
        guest = await self._guest("live_migration", instance)
        data = migrate_data or {}
        LOG.debug("Starting monitoring of live migration", instance=instance)
        job = self.jobs[instance.uuid] = Job(guest, self._plan(guest, data), self.clock.now)
        try:
            outcome = await self._monitor(job, instance, data.get("migration"))
        except NovaError as error:
            LOG.error("Live Migration failure: %s", error, instance=instance)
            outcome = FAILED
        finally:
            self.jobs.pop(instance.uuid, None)
        if outcome == COMPLETED:
            LOG.info("Migration operation has completed", instance=instance)
            self._arrive(guest, dest)
            await post_method(context, instance, dest, block_migration, migrate_data)
            return
        LOG.warning("Migration operation was %s", outcome, instance=instance)
        more = (CANCELLED,) if outcome == CANCELLED else ()
        await recover_method(context, instance, dest, migrate_data, *more)

    def _plan(self, guest: Guest, data: Mapping[str, Any]) -> PreCopy:
        disk = self._size(guest) / MB if data.get("block_migration") else 0.0
        dirty = self._draw(self.profile.dirty) if guest.dirty is None else guest.dirty
        if guest.state == PowerState.PAUSED:
            dirty = 0.0
        memory, bandwidth = float(guest.memory_mb), self._draw(self.profile.bandwidth)
        return PreCopy.of(self.conf, memory, disk, bandwidth, dirty)

    def _draw(self, among: Between) -> float:
        return float(self.clock.choose("virt", self.host, "migration", among=among))

    async def _monitor(self, job: Job, instance: Instance, migration: Any) -> str:
        """Round after round, until the rest may be sent while the guest stands still."""
        while not job.copy.may_stop(self.clock.now - job.started):
            self._begin("precopy")
            await self._round(job, instance, migration)
            if job.told == ABORT:
                return CANCELLED
            if job.told == FORCE:
                return await self._force(job, instance)
        await self._last(job, "switchover")
        return COMPLETED

    async def _round(self, job: Job, instance: Instance, migration: Any) -> None:
        copy, began = job.copy, self.clock.now
        while copy.left > 0 and job.told is None:
            await self._save_stats(copy, migration)
            await self._wait(job, min(PERIOD, copy.seconds))
            self._check_timeout(job, instance)
        took = self.clock.now - began
        number, throttle, rest = copy.round, copy.throttle, copy.left
        copy.next_round(took)
        copy.left = min(copy.memory + copy.disk, copy.left + rest)
        said = {"round": number, "sent": round(copy.sent), "left": round(copy.left)}
        watched.step(
            self.clock, "precopy", instance.uuid, took, **said, throttle=round(throttle, 2)
        )

    async def _wait(self, job: Job, seconds: float) -> None:
        """Let so much time pass, or less where the migration is told something."""
        began, job.signal = self.clock.now, self.clock.signal()
        try:
            await self.clock.wait(job.signal, seconds)
        except Expired:
            job.copy.advance(seconds)
            return
        job.copy.advance(self.clock.now - began)

    def _check_timeout(self, job: Job, instance: Instance) -> None:
        """Longer than `live_migration_completion_timeout` a GiB: the option says what then."""
        options = self.conf.libvirt
        limit = options.live_migration_completion_timeout * job.copy.gib
        if limit and job.told is None and self.clock.now - job.started > limit:
            text = "Live migration not completed after %d sec"
            LOG.warning(text, int(limit), instance=instance)
            job.told = options.live_migration_timeout_action

    async def _force(self, job: Job, instance: Instance) -> str:
        """Stop the guest until the rest is sent; or let it go on over there and pull the rest after it."""
        if self.conf.libvirt.live_migration_permit_post_copy:
            LOG.info("Switching to post-copy migration mode", instance=instance)
            await self._last(job, "postcopy")
        else:
            LOG.info("Pausing the guest to let the migration complete", instance=instance)
            await self._last(job, "switchover")
        return COMPLETED

    async def _last(self, job: Job, step: str) -> None:
        took, left = job.copy.seconds, job.copy.left
        await self.clock.sleep(took)
        job.copy.advance(took)
        watched.step(self.clock, step, job.guest.uuid, took, left=round(left))

    async def _save_stats(self, copy: PreCopy, migration: Any) -> None:
        """Write down how far it is (`save_stats` of `nova/virt/libvirt/migration.py`), in bytes."""
        if migration is None:
            return
        disk_sent = copy.disk - copy.disk_left
        migration.memory_total = round(copy.memory * MB)
        migration.memory_processed = round((copy.sent - disk_sent) * MB)
        migration.memory_remaining = round((copy.left - copy.disk_left) * MB)
        migration.disk_total = round(copy.disk * MB)
        migration.disk_processed = round(disk_sent * MB)
        migration.disk_remaining = round(copy.disk_left * MB)
        await migration.save()

    def _arrive(self, guest: Guest, dest: str) -> None:
        """From this instant on the guest is the other hypervisor's."""
        other = self.hypervisors[dest].driver
        self.guests.pop(guest.uuid, None)
        other.take(replace(guest, internal_id=None))

    async def live_migration_abort(self, instance: Instance) -> None:
        """Call it off: the guest stays where it is. Raises InstanceNotFound where it does not migrate."""
        self._begin("live_migration_abort")
        self._job(instance).tell(ABORT)

    async def live_migration_force_complete(self, instance: Instance) -> None:
        """Pause the guest, or switch to post-copy, so that the copy ends."""
        self._begin("live_migration_force_complete")
        self._job(instance).tell(FORCE)

    def _job(self, instance: Instance) -> Job:
        if instance.uuid not in self.jobs:
            raise exception.InstanceNotFound(instance_id=instance.uuid)
        return self.jobs[instance.uuid]

    # --- after ------------------------------------------------------------------------------------------------

    async def post_live_migration(
        self,
        context: RequestContext,
        instance: Instance,
        block_device_info: Mapping[str, Any] | None,
        migrate_data: Mapping[str, Any] | None = None,
    ) -> None:
        """Let go of the guest's volumes; there are none here."""
        self._begin("post_live_migration")

    async def post_live_migration_at_source(
        self, context: RequestContext, instance: Instance, network_info: NetworkInfo | None
    ) -> None:
        """Unplug the guest's cards on the host it has left."""
        self._begin("post_live_migration_at_source")

    async def post_live_migration_at_destination(
        self,
        context: RequestContext,
        instance: Instance,
        network_info: NetworkInfo | None,
        block_migration: bool | None = False,
        block_device_info: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep the guest's definition on the host it has come to."""
        self._begin("post_live_migration_at_destination")

    async def rollback_live_migration_at_source(
        self, context: RequestContext, instance: Instance, migrate_data: Mapping[str, Any] | None
    ) -> None:
        """The guest stays after all."""
        self._begin("rollback_live_migration_at_source")

    async def rollback_live_migration_at_destination(
        self,
        context: RequestContext,
        instance: Instance,
        network_info: NetworkInfo | None,
        block_device_info: Mapping[str, Any] | None,
        destroy_disks: bool = True,
        migrate_data: Mapping[str, Any] | None = None,
    ) -> None:
        """Remove the empty disk that was made for it."""
        self._begin("rollback_live_migration_at_destination")
        await self._step("remove", None, file=f"{instance.uuid}/disk")

"""A simulated hypervisor sends a running guest to another one (`_live_migration` of `nova/virt/libvirt/driver.py`)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from simnova.kernel.clock import Between
from simnova.nova import exception
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.objects.states import PowerState
from simnova.nova.virt.driver import Guest, Instance, NetworkInfo
from simnova.nova.virt.event import Transition
from simnova.nova.virt.links import Link
from simnova.nova.virt.migration import ABORT, CANCELLED, COMPLETED, FAILED, FORCE, MB, Job
from simnova.nova.virt.moving import MovingDriver
from simnova.nova.virt.precopy import PreCopy
from simnova.nova.virt.profile import Profile

__door__ = True

LOG = getLogger("nova.virt.libvirt.driver")

Then = Callable[..., Awaitable[None]]


class LiveMigrationDriver(MovingDriver):
    """Live migration with pre-copy, by block migration: hosts share no storage. `jobs` are those under way."""

    jobs: dict[str, Any]
    profile: Profile

    async def _send_disk(self, guest: Guest, dest: str) -> None:
        """The overlay over the network; here it stays, under another name."""
        said = {"file": f"{guest.uuid}/disk", "dest": dest, "bytes": self._size(guest)}
        await self._step("copy", guest, **said)

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
        if self.holds_disks and instance.image_ref and not data["block_migration"]:
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
        image = ImageMeta.from_dict(migrate_data["image"])
        await self._create_image(context, instance, image, guest, fallback_from_host=instance.host)
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
        LOG.debug("Starting monitoring of live migration", instance=instance)
        outcome = await self._send(self._job(guest, instance, dest, migrate_data or {}))
        LOG.debug("Live migration monitoring is all done", instance=instance)
        if outcome == COMPLETED:
            LOG.info("Migration operation has completed", instance=instance)
            await post_method(context, instance, dest, block_migration, migrate_data)
        elif outcome == CANCELLED:
            LOG.warning("Migration operation was cancelled", instance=instance)
            await recover_method(context, instance, dest, migrate_data, CANCELLED)
        else:
            LOG.error("Migration operation has aborted", instance=instance)
            await recover_method(context, instance, dest, migrate_data)

    async def _send(self, job: Any) -> str:
        self.jobs[job.guest.uuid] = job
        try:
            outcome = str(await job.run())
        except exception.InternalError as error:
            LOG.error("Live Migration failure: %s", error, instance=job.instance)
            outcome = FAILED
        finally:
            self.jobs.pop(job.guest.uuid, None)
        if outcome != COMPLETED:
            job.recover()
        return outcome

    def _job(self, guest: Guest, instance: Instance, dest: str, data: Mapping[str, Any]) -> Any:
        disk = self._size(guest) / MB if data.get("block_migration") else 0.0
        dirty = self._draw(self.profile.dirty) if guest.dirty is None else guest.dirty
        dirty = 0.0 if guest.state == PowerState.PAUSED else dirty
        bandwidth = self._draw(self.profile.bandwidth)
        copy = PreCopy.of(self.conf, float(guest.memory_mb), disk, bandwidth, dirty)
        return Job(
            self.clock,
            self.conf,
            guest,
            copy,
            instance,
            data.get("migration"),
            Link.to(self, dest, self.hypervisors),
            self._begin,
            partial(self._leave, guest, guest.state, dest),
        )

    def _draw(self, among: Between) -> float:
        return float(self.clock.choose("virt", self.host, "migration", among=among))

    def _leave(self, guest: Guest, state: PowerState, dest: str) -> None:
        """From this instant on the guest is the other hypervisor's, paused or not as it was before."""
        self._forget(guest.uuid)
        over = self.jobs[guest.uuid].post_copy
        done = Transition.POSTCOPY_STARTED if over else Transition.MIGRATION_COMPLETED
        self.events.emit(guest.uuid, done, Transition.STOPPED)
        self.hypervisors[dest].driver.take(replace(guest, state=state, internal_id=None))

    def take(self, guest: Guest) -> None:
        """A guest has come here while it ran: from now on it is this host's."""
        self.guests[guest.uuid] = guest
        self.disks.add(guest.uuid)
        running = guest.state == PowerState.RUNNING
        self.events.emit(guest.uuid, Transition.RESUMED if running else Transition.PAUSED)

    async def live_migration_abort(self, instance: Instance) -> None:
        """Call it off: the guest stays where it is. Raises InstanceNotFound where it has left."""
        await self._guest("live_migration_abort", instance)
        job = self.jobs.get(instance.uuid)
        if job is None:
            raise exception.InternalError(
                "Requested operation is not valid: no job is active on the domain"
            )
        job.tell(ABORT)

    async def live_migration_force_complete(self, instance: Instance) -> None:
        """Pause the guest, or switch to post-copy, so that the copy ends. Raises NoActiveMigrationForInstance."""
        self._begin("live_migration_force_complete")
        job = self.jobs.get(instance.uuid)
        if job is None:
            raise exception.NoActiveMigrationForInstance(instance_id=instance.uuid)
        job.tell(FORCE)

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
        await self._guest("post_live_migration_at_destination", instance)

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

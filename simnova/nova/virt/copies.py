"""Copies of a guest's disk and other disks to start from: snapshot, rescue.

In Nova: `snapshot`, `rescue`, `unrescue` of `nova/virt/libvirt/driver.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from simnova.messaging.files import Stored
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.objects.states import PowerState, TaskState
from simnova.nova.virt.driver import GIB, Guest, Instance, NetworkInfo, UpdateTaskState
from simnova.nova.virt.imagecache import SUBDIRECTORY, get_cache_fname
from simnova.nova.virt.injecting import RESCUE
from simnova.nova.virt.libvirt.config import guest_xml
from simnova.nova.virt.tidying import TidyingDriver

__door__ = True

LOG = getLogger("nova.virt.libvirt.driver")

_LIVE = {"qemu", "kvm"}
"""The hypervisors that copy a disk while the guest runs; one that is off is copied cold by all."""


class CopyingDriver(TidyingDriver):
    """What makes or uses another disk than the guest's own."""

    announces_upload: ClassVar[bool]
    """Whether a snapshot is "pending upload" while the disk is copied; Nova's fake driver skips that state."""

    async def snapshot(
        self,
        context: RequestContext,
        instance: Instance,
        image_id: str,
        update_task_state: UpdateTaskState,
    ) -> None:
        """Copy the disk to a file, upload the file, remove it."""
        guest = await self._guest("snapshot", instance)
        live = self.virt_type in _LIVE and guest.state != PowerState.SHUTDOWN
        how = "live" if live else "cold"
        LOG.info(f"Beginning {how} snapshot process", instance=instance)
        before = []
        if self.announces_upload:
            await update_task_state(TaskState.IMAGE_PENDING_UPLOAD)
            before = [TaskState.IMAGE_PENDING_UPLOAD]
        size, file = self._size(guest), f"snapshots/{image_id}"
        said = {"bytes": size, "format": "qcow2", "file": file}
        await self._step("extract", guest, source=f"{guest.uuid}/disk", **said)
        LOG.info("Snapshot extracted, beginning image upload", instance=instance)
        await update_task_state(TaskState.IMAGE_UPLOADING, *before)
        stored = await self._held(image_id, file)
        await self._step("upload", guest, image=image_id, bytes=size, file=file)
        if self.image_api is not None:
            size = stored.size if stored else size
            await self.image_api.update(context, image_id, _formats(instance), size, stored)
        await self._step("remove", guest, file=file)
        LOG.info("Snapshot image upload complete", instance=instance)

    async def _held(self, image_id: str, file: str) -> Stored | None:
        """The file that Glance is to hold; None where there are no data."""
        return None

    def _size(self, guest: Guest) -> int:
        """Bytes of a guest's disk as an image: those of its base, for nothing is written to a disk here."""
        base = self.cache.base.get(get_cache_fname(guest.image_id)) if guest.image_id else None
        return base.size if base else guest.disk_gb * GIB

    async def rescue(
        self,
        context: RequestContext,
        instance: Instance,
        network_info: NetworkInfo,
        image_meta: ImageMeta,
        rescue_password: str | None = None,
        block_device_info: Mapping[str, Any] | None = None,
    ) -> None:
        """A disk over the rescue image, a definition with both disks, start."""
        guest = await self._guest("rescue", instance)

        async def fetch(fname: str) -> int:
            return await self._fetch(context, image_meta, guest, f"{SUBDIRECTORY}/{fname}")

        base = await self.cache.ensure(str(image_meta.id), fetch)
        await self._destroy(instance, guest)
        await self._step("overlay", guest, file=_rescue_disk(guest), backing=base.path, gb=0)
        xml = guest_xml(
            context,
            instance,
            image_meta,
            network_info,
            self.virt_type,
            self.clock.utcnow(),
            disks=("disk.rescue", "disk"),
            config_drive=self._config_drive(instance, RESCUE),
            consoles=await self._consoles(instance, image_meta),
        )
        await self._step("redefine", guest, domain=guest.name, xml=xml)
        await self._create_configdrive(
            context, instance, guest, network_info, rescue_password, name=RESCUE
        )
        await self._step("start", guest)

    async def unrescue(self, context: RequestContext, instance: Instance) -> None:
        """The guest's own definition, start; the rescue disk goes."""
        guest = await self._guest("unrescue", instance)
        await self._destroy(instance, guest)
        await self._step("redefine", guest, domain=guest.name, xml=guest.xml)
        await self._step("start", guest)
        await self._step("remove", guest, file=_rescue_disk(guest))
        if f"{guest.uuid}/{RESCUE}" in self.config_drives:
            self.config_drives.discard(f"{guest.uuid}/{RESCUE}")
            await self._step("remove", guest, file=f"{guest.uuid}/{RESCUE}")


def _rescue_disk(guest: Guest) -> str:
    return f"{guest.uuid}/disk.rescue"


def _formats(instance: Instance) -> dict[str, Any]:
    """What an image is said to be when it is uploaded (`_create_snapshot_metadata`)."""
    return {
        "disk_format": "qcow2",
        "container_format": "bare",
        "properties": {"owner_id": str(instance.project_id), "image_location": "snapshot"},
    }

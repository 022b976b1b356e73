"""How both drivers move a guest that is off: its disk to the other host, the guest made there, or here again.

It is the sequence of Nova's libvirt driver: the source keeps the guest, off, and its disk under another name
(`<uuid>_resize`) until the move is confirmed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simnova.nova import exception
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.objects.states import PowerState
from simnova.nova.virt.copies import CopyingDriver
from simnova.nova.virt.driver import Guest, Instance, NetworkInfo
from simnova.nova.virt.libvirt.config import INSTANCES_PATH
from simnova.nova.virt.links import ProcessExecutionError

__door__ = True

LOG = getLogger("nova.virt.libvirt.driver")


class MovingDriver(CopyingDriver):
    """Resize and cold migration in steps."""

    holds_disks = True
    """Whether guests have disks here. Nova's fake driver holds none: nothing to shrink, nothing to leave behind."""

    async def migrate_disk_and_power_off(
        self,
        context: RequestContext,
        instance: Instance,
        dest: str,
        flavor: Flavor,
        network_info: NetworkInfo | None = None,
        block_device_info: Mapping[str, Any] | None = None,
        timeout: float = 0,
        retry_interval: float = 0,
    ) -> list[dict[str, Any]]:
        """Shut the guest down and send its disk; the guest stays here, off. Raises InstanceFaultRollback."""
        guest = await self._guest("migrate_disk_and_power_off", instance)
        before = instance.flavor
        down = flavor.root_gb < before.root_gb or flavor.ephemeral_gb < before.ephemeral_gb
        if down and instance.image_ref and self.holds_disks:
            raise exception.InstanceFaultRollback(
                inner_exception=exception.ResizeError(reason="Unable to resize disk down.")
            )
        try:
            await self._reach(guest, dest)
        except ProcessExecutionError as error:
            reason = f"not able to execute ssh command: {error}"
            raise exception.InstanceFaultRollback(
                inner_exception=exception.ResizeError(reason=reason)
            ) from error
        await self.power_off(instance, timeout, retry_interval)
        await self._send_disk(guest, dest)
        return [{"file": f"{guest.uuid}/disk", "gb": guest.disk_gb}]

    async def _reach(self, guest: Guest, dest: str) -> None:
        """Make a place for the disk on the other host. Raises `ProcessExecutionError`."""

    async def _send_disk(self, guest: Guest, dest: str) -> None:
        """Bring the disk to the other host."""

    async def _drop_disk(self, instance: Instance) -> None:
        """Remove the disk that was put aside while the move was not confirmed."""

    async def _take_back_disk(self, instance: Instance) -> None:
        """Make the disk that was put aside the guest's again."""

    async def _copy_base(self, host: str, guest: Guest, image: ImageMeta, path: str) -> None:
        """From the host that the guest comes from. Raises `ProcessExecutionError` where that has it no more."""
        held = {base.path: base.size for base in self.hypervisors[host].driver.cache.base.values()}
        file = f"{INSTANCES_PATH}/{path}"
        if path not in held:
            said = f"scp: {file}: No such file or directory\n"
            raise ProcessExecutionError(f"scp -r {host}:{file} {file}", 1, said)
        size = {"bytes": held[path], "format": "raw"}
        await self._step("copy_base", guest, file=path, source=host, **size)

    async def finish_migration(
        self,
        context: RequestContext,
        migration: Any,
        instance: Instance,
        disk_info: Any,
        network_info: NetworkInfo | None,
        image_meta: ImageMeta,
        resize_instance: bool,
        allocations: Mapping[str, Any] | None,
        block_device_info: Mapping[str, Any] | None = None,
        power_on: bool = True,
    ) -> None:
        """Make the guest here of the disk that has come, in its new size."""
        self.arrived.add(instance.uuid)
        self._begin("finish_migration")
        guest = Guest.of(instance, PowerState.SHUTDOWN)
        source = migration.source_compute
        await self._create_image(context, instance, image_meta, guest, fallback_from_host=source)
        await self._define(context, instance, image_meta, network_info, guest)
        await self._create_configdrive(context, instance, guest, network_info)
        if power_on:
            await self._step("start", guest)
            LOG.info("Instance running successfully.", instance=instance)
        LOG.debug("finish_migration finished successfully.", instance=instance)

    async def confirm_migration(
        self,
        context: RequestContext,
        migration: Any,
        instance: Instance,
        network_info: NetworkInfo | None = None,
    ) -> None:
        """Remove what the guest has left here; where it has only become larger, it stays."""
        self._begin("confirm_migration")
        if migration.dest_compute != self.host and instance.uuid in self.guests:
            await self._undefine(self.guests[instance.uuid])
        await self._drop_disk(instance)

    async def finish_revert_migration(
        self,
        context: RequestContext,
        instance: Instance,
        network_info: NetworkInfo | None,
        migration: Any,
        block_device_info: Mapping[str, Any] | None = None,
        power_on: bool = True,
    ) -> None:
        """Make the guest again what it was here."""
        self._begin("finish_revert_migration")
        await self._take_back_disk(instance)
        image = ImageMeta.from_system_metadata(instance.system_metadata)
        guest = Guest.of(instance, PowerState.SHUTDOWN)
        await self._define(context, instance, image, network_info, guest)
        if power_on:
            await self._step("start", guest)
            LOG.info("Instance running successfully.", instance=instance)
        LOG.debug("finish_revert_migration finished successfully.", instance=instance)

"""How both drivers make a guest, and what it leaves (`spawn`, `_create_image` of `nova/virt/libvirt/driver.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from simnova.exceptions import NovaError
from simnova.nova import exception
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.objects.states import PowerState
from simnova.nova.virt.driver import Guest, Instance, NetworkInfo, check_base_size
from simnova.nova.virt.imagecache import SUBDIRECTORY
from simnova.nova.virt.injecting import CONFIG, RESCUE, InjectingDriver
from simnova.nova.virt.libvirt.config import guest_xml
from simnova.nova.virt.libvirt.consoles import PLAIN, Consoles

__door__ = True

LOG = getLogger("nova.virt.libvirt.driver")
IMAGES = getLogger("nova.virt.images")


class SpawningDriver(InjectingDriver):
    """Image, disk, definition, start; and the end of all of it."""

    async def spawn(
        self,
        context: RequestContext,
        instance: Instance,
        image_meta: ImageMeta,
        injected_files: Any,
        admin_password: str | None,
        allocations: Mapping[str, Any] | None,
        network_info: NetworkInfo | None = None,
        block_device_info: Mapping[str, Any] | None = None,
        power_on: bool = True,
    ) -> None:
        """Image, overlay, definition, start."""
        self._begin("spawn")
        await self._refuse_existing(instance)
        guest = Guest.of(instance, PowerState.SHUTDOWN)
        try:
            await self._create_image(context, instance, image_meta, guest)
            await self._define(context, instance, image_meta, network_info, guest)
            await self._create_configdrive(
                context, instance, guest, network_info, admin_password, injected_files
            )
            if power_on:
                await self._step("start", guest)
        except Exception:
            await self._discard(guest)
            raise
        LOG.info("Instance spawned successfully.", instance=instance)

    async def _define(
        self,
        context: RequestContext,
        instance: Instance,
        image_meta: ImageMeta,
        network_info: NetworkInfo | None,
        guest: Guest,
    ) -> None:
        now = self.clock.utcnow()
        xml = guest_xml(
            context,
            instance,
            image_meta,
            network_info or (),
            self.virt_type,
            now,
            config_drive=self._config_drive(instance),
            consoles=await self._consoles(instance, image_meta),
        )
        step = "redefine" if guest.uuid in self.guests else "define"
        await self._step(step, guest, domain=guest.name, xml=xml)
        guest.xml = xml
        self.guests[guest.uuid] = guest

    async def _consoles(self, instance: Instance, image_meta: ImageMeta) -> Consoles:
        """By what the guest is looked at and typed into."""
        return PLAIN

    async def _create_image(
        self,
        context: RequestContext,
        instance: Instance,
        image: ImageMeta,
        guest: Guest,
        fallback_from_host: str | None = None,
    ) -> None:
        """The base image and the disk; of a host that had the guest the image can be had when Glance has it no more."""

        async def fetch(fname: str) -> int:
            path = f"{SUBDIRECTORY}/{fname}"
            try:
                return await self._fetch(context, image, guest, path)
            except exception.ImageNotFound:
                if fallback_from_host is None:
                    raise
                LOG.debug(
                    "Image %(image_id)s doesn't exist anymore on image service, attempting to copy image from %(host)s",
                    {"image_id": image.id, "host": fallback_from_host},
                    instance=instance,
                )
                await self._copy_base(fallback_from_host, guest, image, path)
                return await self._base_size(image, path)

        if not image.id:
            return
        LOG.info("Creating image(s)", instance=instance)
        base = await self.cache.ensure(image.id, fetch)
        check_base_size(instance, base.size)
        gb = instance.flavor.root_gb
        await self._step("overlay", guest, file=f"{guest.uuid}/disk", backing=base.path, gb=gb)
        self.disks.add(guest.uuid)

    async def _fetch(
        self, context: RequestContext, image: ImageMeta, guest: Guest, path: str
    ) -> int:
        if self.image_api is not None:
            self.incoming[path] = await self.image_api.download(context, str(image.id))
        said = {"image": image.id, "bytes": image.size, "format": image.disk_format}
        raw = image.disk_format == "raw"
        try:
            await self._step("download", guest, file=path if raw else f"{path}.part", **said)
        finally:
            self.incoming.pop(path, None)
        if not raw:
            IMAGES.debug("%s was %s, converting to raw", image.id, image.disk_format)
            await self._step("convert", guest, file=path, **said)
        return await self._base_size(image, path)

    async def _copy_base(self, host: str, guest: Guest, image: ImageMeta, path: str) -> None:
        """Bring a base image from another host (`copy_image` of `nova/virt/libvirt/utils.py`)."""
        raise exception.ImageNotFound(image_id=image.id)

    async def _base_size(self, image: ImageMeta, path: str) -> int:
        """Bytes of the image as a disk; of one without data as many as it has."""
        return image.size

    async def _discard(self, guest: Guest) -> None:
        """Remove what a failed spawn has left."""
        with suppress(NovaError):
            await self._step("undefine", guest)
        self._forget(guest.uuid)

    async def _undefine(self, guest: Guest) -> None:
        await self._step("undefine", guest)
        self._forget(guest.uuid)

    def _forget(self, uuid: str) -> None:
        self.guests.pop(uuid, None)
        self.disks.discard(uuid)
        self.arrived.discard(uuid)
        self.config_drives -= {f"{uuid}/{CONFIG}", f"{uuid}/{RESCUE}"}

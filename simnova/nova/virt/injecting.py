"""How both drivers give a guest its config drive (`_create_configdrive` of `nova/virt/libvirt/driver.py`)."""

from __future__ import annotations

from typing import Any, cast

from simnova.kernel.clock import Clock
from simnova.nova.api.metadata.base import Content, InstanceMetadata
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.instance import Instance as Server
from simnova.nova.virt import configdrive
from simnova.nova.virt.driver import Guest, ImageAPI, Instance, NetworkInfo
from simnova.nova.virt.libvirt.config import INSTANCES_PATH
from simnova.nova.virt.steps import StepDriver

__door__ = True

LOG = getLogger("nova.virt.libvirt.driver")

CONFIG, RESCUE = "disk.config", "disk.config.rescue"


class InjectingDriver(StepDriver):
    """What a guest is given beside its disk; `config_drives` are the files of those that are here."""

    def __init__(self, clock: Clock, host: str, image_api: ImageAPI | None = None) -> None:
        super().__init__(clock, host, image_api)
        self.config_drives: set[str] = set()
        self.written: dict[str, configdrive.Files] = {}
        """What is on a drive that is being made; the journal tells only what there is on it."""

    def _config_drive(self, instance: Instance, name: str = CONFIG) -> tuple[str, str] | None:
        """The file of a server's config drive and its format, where it is to have one."""
        if not configdrive.required_by(self.conf, instance):
            return None
        return name, str(self.conf.config_drive_format)

    async def _create_configdrive(
        self,
        context: RequestContext,
        instance: Instance,
        guest: Guest,
        network_info: NetworkInfo | None,
        admin_password: str | None = None,
        files: Content | None = None,
        name: str = CONFIG,
    ) -> None:
        """Make it, where it is wanted and not there yet."""
        if not configdrive.required_by(self.conf, instance):
            return
        LOG.info("Using config drive", instance=instance)
        file = f"{guest.uuid}/{name}"
        if file in self.config_drives:
            return
        extra: dict[str, Any] = {"admin_pass": admin_password} if admin_password else {}
        found = await InstanceMetadata.gather(
            context,
            self.conf,
            self.network_api,
            cast(Server, instance),
            content=files or (),
            extra_md=extra,
            network_info=network_info or (),
        )
        path = f"{INSTANCES_PATH}/{file}"
        LOG.info("Creating config drive at %s", path, instance=instance)
        await self._write_drive(guest, file, found)

    async def _write_drive(self, guest: Guest, file: str, found: InstanceMetadata) -> None:
        on_it = dict(found.metadata_for_config_drive())
        self.written[file] = {
            path: data if isinstance(data, bytes) else data.encode() for path, data in on_it.items()
        }
        kind = str(self.conf.config_drive_format)
        try:
            await self._step("config_drive", guest, file=file, format=kind, files=sorted(on_it))
        finally:
            self.written.pop(file)
        self.config_drives.add(file)

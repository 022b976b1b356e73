"""A hypervisor that takes its time and can fail, but runs nothing: a libvirt host made of numbers.

It goes through the steps of a spawn as Nova's libvirt driver does: the image comes from Glance only
the first time, into `_base/<sha1 of the image's id>`, and is converted to raw; each guest gets an
overlay on it, is defined and started.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from simnova.exceptions import UsageError, unknown
from simnova.kernel.clock import Between, Clock
from simnova.nova import exception
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.objects.states import PowerState
from simnova.nova.virt.driver import (
    GIB,
    ComputeDriver,
    Guest,
    ImageAPI,
    Instance,
    InstanceInfo,
    NetworkInfo,
    Resources,
    check_base_size,
    inventory,
)
from simnova.nova.virt.imagecache import SUBDIRECTORY, BaseImage, ImageCache
from simnova.nova.virt.profile import Profile
from simnova.nova.virt.watched import step

__door__ = True

LOG = getLogger("nova.virt.libvirt.driver")
MB = 10**6
STEPS = tuple(name for name in Profile._fields if name != "failure")
"""The steps that take time: the names a profile has ranges for."""

CPU_INFO = {
    "arch": "x86_64",
    "model": "Nehalem",
    "vendor": "Intel",
    "features": ["clflush", "pge"],
    "topology": {"cells": 1, "sockets": 1, "cores": 4, "threads": 1},
}


class SimulatedDriver(ComputeDriver):
    """The guests of one simulated host; durations and failures come from the host's own stream."""

    capabilities: ClassVar[Mapping[str, bool]] = {
        "supports_attach_interface": True,
        "supports_device_tagging": True,
        "supports_image_type_iso": True,
        "supports_image_type_qcow2": True,
        "supports_image_type_raw": True,
        "supports_multiattach": True,
        "supports_trusted_certs": True,
    }

    def __init__(
        self,
        clock: Clock,
        host: str,
        resources: Resources | None = None,
        profile: Profile | None = None,
        image_api: ImageAPI | None = None,
    ) -> None:
        self.clock = clock
        self.host = host
        self.resources = resources or Resources()
        self.profile = profile or Profile()
        self.image_api = image_api
        self.cache = ImageCache(clock)
        self.guests: dict[str, Guest] = {}
        self._failures: dict[str, list[Exception]] = {}
        self._last_id = 0

    def __repr__(self) -> str:
        return f"<SimulatedDriver {self.host}, {len(self.guests)} guests>"

    # --- what a learner can do to it ---

    def fail(
        self, what: str, error: Exception | str = "Domain not started", times: int = 1
    ) -> None:
        """Let the next `times` calls of a method, or runs of a step (`STEPS`), fail.

        A text is what the hypervisor says: it becomes an InternalError.
        """
        if what not in STEPS and not hasattr(ComputeDriver, what):
            methods = [name for name in vars(ComputeDriver) if not name.startswith("_")]
            raise unknown("driver method or step", what, (*STEPS, *methods))
        if times < 1:
            raise UsageError(
                f"times={times}: a failure happens at least once; give times=1 or more"
            )
        failure = exception.InternalError(error) if isinstance(error, str) else error
        self._failures.setdefault(what, []).extend([failure] * times)

    def adopt(self, guests: Iterable[Guest], images: Mapping[str, BaseImage] | None = None) -> None:
        """Take over another driver's guests and images: a fork leaves real hosts behind."""
        self.guests.update({guest.uuid: replace(guest) for guest in guests})
        self.cache.base.update({name: replace(image) for name, image in (images or {}).items()})

    def _strike(self, what: str) -> None:
        if self._failures.get(what):
            raise self._failures[what].pop(0).with_traceback(None)

    # --- the host ---

    async def init_host(self, host: str) -> None:
        """Nothing to connect to."""
        self._strike("init_host")

    async def get_available_nodes(self, refresh: bool = False) -> list[str]:
        """The host itself."""
        return [self.host]

    async def get_available_resource(self, nodename: str) -> dict[str, Any]:
        """As the libvirt driver would say: overlays are thin, so only base images take disk."""
        self._strike("get_available_resource")
        running = [guest for guest in self.guests.values() if guest.internal_id is not None]
        free = self.resources.local_gb * GIB - self.cache.size
        promised = sum(guest.disk_gb for guest in self.guests.values()) * GIB
        return {
            "vcpus": self.resources.vcpus,
            "memory_mb": self.resources.memory_mb,
            "local_gb": self.resources.local_gb,
            "vcpus_used": sum(guest.vcpus for guest in running),
            "memory_mb_used": sum(guest.memory_mb for guest in running),
            "local_gb_used": self.cache.size // GIB,
            "hypervisor_type": "QEMU",
            "hypervisor_version": 8002002,
            "hypervisor_hostname": nodename,
            "cpu_info": json.dumps(CPU_INFO),
            "disk_available_least": (free - promised) // GIB,
            "supported_instances": [["x86_64", "qemu", "hvm"], ["x86_64", "kvm", "hvm"]],
            "numa_topology": None,
        }

    async def get_inventory(self, nodename: str) -> dict[str, dict[str, int]]:
        """The host's sizes."""
        return inventory(self.resources)

    async def manage_image_cache(
        self, context: RequestContext, all_instances: Iterable[Instance]
    ) -> None:
        """Remove base images that have been unused for a day."""
        for image in self.cache.aged([instance.image_ref for instance in all_instances]):
            step(self.clock, "remove", None, 0.0, image=image.image_id, file=image.path)

    # --- the guests ---

    async def list_instances(self) -> list[str]:
        """In the order they were made."""
        return [guest.name for guest in self.guests.values()]

    async def list_instance_uuids(self) -> list[str]:
        """In the order they were made."""
        return list(self.guests)

    async def get_info(self, instance: Instance, use_cache: bool = True) -> InstanceInfo:
        """The guest's power state."""
        guest = self._guest("get_info", instance)
        return InstanceInfo(guest.state, guest.internal_id)

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
        self._strike("spawn")
        if any(instance.uuid == g.uuid or instance.name == g.name for g in self.guests.values()):
            raise exception.InstanceExists(name=instance.name)
        if image_meta.id:
            await self._create_image(context, instance, image_meta)
        guest = Guest.of(instance, PowerState.SHUTDOWN)
        try:
            await self._take("define", guest.uuid, domain=guest.name)
            self.guests[guest.uuid] = guest
            if power_on:
                await self._start(guest)
        except Exception:
            self.guests.pop(guest.uuid, None)
            raise
        LOG.info("Instance spawned successfully.", instance=instance)

    async def _create_image(
        self, context: RequestContext, instance: Instance, image: ImageMeta
    ) -> None:
        async def fetch(fname: str) -> int:
            return await self._fetch(context, instance, image, f"{SUBDIRECTORY}/{fname}")

        LOG.info("Creating image(s)", instance=instance)
        base = await self.cache.ensure(str(image.id), fetch)
        check_base_size(instance, base.size)
        await self._take("overlay", instance.uuid, backing=base.path, gb=instance.flavor.root_gb)

    async def _fetch(
        self, context: RequestContext, instance: Instance, image: ImageMeta, path: str
    ) -> int:
        if self.image_api is not None:
            await self.image_api.download(context, str(image.id))
        if self.cache.size + image.size > self.resources.local_gb * GIB:
            raise exception.InternalError(f"[Errno 28] No space left on device: '{path}.part'")
        said = {"image": image.id, "file": path}
        await self._take("download", instance.uuid, image.size, **said, bytes=image.size)
        if image.disk_format != "raw":
            await self._take("convert", instance.uuid, image.size, **said, format=image.disk_format)
        return image.size

    async def destroy(
        self,
        context: RequestContext,
        instance: Instance,
        network_info: NetworkInfo | None = None,
        block_device_info: Mapping[str, Any] | None = None,
        destroy_disks: bool = True,
    ) -> None:
        """Stop and undefine; nothing to do where there is no guest."""
        self._strike("destroy")
        if instance.uuid in self.guests:
            await self._stop(self.guests[instance.uuid], "stop")
            LOG.info("Instance destroyed successfully.", instance=instance)
            await self.cleanup(context, instance, network_info, block_device_info, destroy_disks)

    async def cleanup(
        self,
        context: RequestContext,
        instance: Instance,
        network_info: NetworkInfo | None = None,
        block_device_info: Mapping[str, Any] | None = None,
        destroy_disks: bool = True,
    ) -> None:
        """Undefine the guest; its overlay goes with it."""
        self._strike("cleanup")
        if self.guests.pop(instance.uuid, None):
            await self._take("undefine", instance.uuid)

    async def reboot(
        self,
        context: RequestContext,
        instance: Instance,
        network_info: NetworkInfo | None,
        reboot_type: str,
        block_device_info: Mapping[str, Any] | None = None,
    ) -> None:
        """Off and on again."""
        guest = self._guest("reboot", instance)
        await self._stop(guest, "shutdown" if reboot_type == "SOFT" else "stop")
        await self._start(guest)

    async def power_on(
        self,
        context: RequestContext,
        instance: Instance,
        network_info: NetworkInfo | None = None,
        block_device_info: Mapping[str, Any] | None = None,
    ) -> None:
        """Off, if it is not, and on again: Nova's libvirt driver does a hard reboot here."""
        guest = self._guest("power_on", instance)
        await self._stop(guest, "stop")
        await self._start(guest)

    async def power_off(
        self, instance: Instance, timeout: float = 0, retry_interval: float = 0
    ) -> None:
        """A shutdown that the guest may carry out itself, where it is given the time."""
        await self._stop(self._guest("power_off", instance), "shutdown" if timeout else "stop")

    async def pause(self, instance: Instance) -> None:
        """Running to paused."""
        guest = self._active("pause", instance)
        await self._take("pause", guest.uuid)
        guest.state = PowerState.PAUSED

    async def unpause(self, instance: Instance) -> None:
        """Paused to running."""
        guest = self._active("unpause", instance)
        await self._take("pause", guest.uuid)
        guest.state = PowerState.RUNNING

    async def suspend(self, context: RequestContext, instance: Instance) -> None:
        """Save and stop: the hypervisor then sees a guest that is off, as with a managed save."""
        await self._stop(self._active("suspend", instance), "save")

    async def resume(
        self,
        context: RequestContext,
        instance: Instance,
        network_info: NetworkInfo | None = None,
        block_device_info: Mapping[str, Any] | None = None,
    ) -> None:
        """Start from the saved memory."""
        await self._start(self._guest("resume", instance), "restore")

    # --- steps ---

    def _guest(self, method: str, instance: Instance) -> Guest:
        self._strike(method)
        if instance.uuid not in self.guests:
            raise exception.InstanceNotFound(instance_id=instance.uuid)
        return self.guests[instance.uuid]

    def _active(self, method: str, instance: Instance) -> Guest:
        guest = self._guest(method, instance)
        if guest.internal_id is None:
            raise exception.InternalError("Requested operation is not valid: domain is not running")
        return guest

    async def _start(self, guest: Guest, how: str = "start") -> None:
        await self._take(how, guest.uuid)
        chance = self.profile.failure
        if chance and self.clock.choose("virt", self.host, "failure", among=Between(0, 1)) < chance:
            raise exception.InternalError(
                "internal error: process exited while connecting to monitor"
            )
        self._last_id += 1
        guest.state, guest.internal_id = PowerState.RUNNING, self._last_id

    async def _stop(self, guest: Guest, how: str) -> None:
        if guest.internal_id is not None:
            await self._take(how, guest.uuid)
            guest.state, guest.internal_id = PowerState.SHUTDOWN, None

    async def _take(self, name: str, uuid: str, size: int | None = None, **data: Any) -> None:
        """Let a step take its time (for `size` bytes where the profile has a rate), or fail."""
        drawn = self.clock.choose("virt", self.host, among=getattr(self.profile, name))
        seconds = drawn if size is None else size / MB / drawn
        await self.clock.sleep(seconds)
        self._strike(name)
        step(self.clock, name, uuid, seconds, **data)

"""What both drivers have in common: every operation on a guest is a sequence of steps.

It is the sequence of Nova's libvirt driver (`nova/virt/libvirt/driver.py`). A driver says how
a step is done: the simulated one lets time pass, the other one calls libvirt.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.objects.states import PowerState
from simnova.nova.virt.driver import (
    Guest,
    Instance,
    InstanceInfo,
    NetworkInfo,
)
from simnova.nova.virt.libvirt.config import INSTANCES_PATH
from simnova.nova.virt.spawning import SpawningDriver

__door__ = True

LOG = getLogger("nova.virt.libvirt.driver")


class SteppedDriver(SpawningDriver):
    """Nova's operations, in their order."""

    async def instance_exists(self, instance: Instance) -> bool:
        """Whether the hypervisor knows the guest."""
        return await self._look(instance) is not None

    async def get_info(self, instance: Instance, use_cache: bool = True) -> InstanceInfo:
        """The guest's power state."""
        self._begin("get_info")
        return await self._found(instance)

    async def destroy(
        self,
        context: RequestContext,
        instance: Instance,
        network_info: NetworkInfo | None = None,
        block_device_info: Mapping[str, Any] | None = None,
        destroy_disks: bool = True,
    ) -> None:
        """Stop and clean up."""
        self._begin("destroy")
        info = await self._look(instance)
        known = None if info is None else self._known(instance, info)
        await self._destroy(instance, known)
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
        self._begin("cleanup")
        if instance.uuid in {*self.guests, *self.disks, *self.arrived}:
            left = self.guests.get(instance.uuid) or Guest.of(instance, PowerState.SHUTDOWN)
            await self._undefine(left)
        if destroy_disks:
            gone = f"{INSTANCES_PATH}/{instance.uuid}_del"
            LOG.info("Deleting instance files %s", gone, instance=instance)
            LOG.info("Deletion of %s complete", gone, instance=instance)

    async def reboot(
        self,
        context: RequestContext,
        instance: Instance,
        network_info: NetworkInfo | None,
        reboot_type: str,
        block_device_info: Mapping[str, Any] | None = None,
    ) -> None:
        """Off and on again."""
        self._begin("reboot")
        if reboot_type == "HARD":
            await self._hard_reboot(context, instance, network_info)
            return
        guest = self._known(instance, await self._found(instance))
        await self._stop(guest, "shutdown")
        if guest.internal_id is not None:
            LOG.warning("Failed to soft reboot instance. Trying hard reboot.", instance=instance)
            await self._hard_reboot(context, instance, network_info)
            return
        LOG.info("Instance shutdown successfully.", instance=instance)
        await self._step("start", guest)
        LOG.info("Instance running successfully.", instance=instance)
        LOG.info("Instance soft rebooted successfully.", instance=instance)

    async def _hard_reboot(
        self, context: RequestContext, instance: Instance, network_info: NetworkInfo | None
    ) -> None:
        """Also makes a guest anew that is not defined, of the disk that is here. Raises InstanceNotFound for none."""
        info = await self._look(instance)
        if info is None and instance.uuid in self.disks | self.arrived:
            await self._destroy(instance, None)
            guest = await self._anew(context, instance, network_info)
        else:
            guest = self._known(instance, info or await self._found(instance))
            await self._destroy(instance, guest)
            guest = await self._as_flavor(context, instance, network_info, guest)
        await self._step("start", guest)
        LOG.info("Instance rebooted successfully.", instance=instance)

    async def _anew(
        self, context: RequestContext, instance: Instance, network_info: NetworkInfo | None
    ) -> Guest:
        guest = Guest.of(instance, PowerState.SHUTDOWN)
        self.guests.pop(guest.uuid, None)
        image = ImageMeta.from_system_metadata(instance.system_metadata)
        if instance.uuid not in self.disks and instance.image_ref and self.image_api is not None:
            found = await self.image_api.get(context, instance.image_ref)
            await self._create_image(context, instance, ImageMeta.from_dict(found), guest)
        await self._define(context, instance, image, network_info, guest)
        return guest

    async def _as_flavor(
        self,
        context: RequestContext,
        instance: Instance,
        network_info: NetworkInfo | None,
        guest: Guest,
    ) -> Guest:
        """A guest of another size than its server's, after a resize that failed, is defined anew."""
        flavor = instance.flavor
        if (guest.vcpus, guest.memory_mb) == (flavor.vcpus, flavor.memory_mb):
            return guest
        image = ImageMeta.from_system_metadata(instance.system_metadata)
        guest = Guest.of(instance, PowerState.SHUTDOWN)
        await self._define(context, instance, image, network_info, guest)
        return guest

    async def power_on(
        self,
        context: RequestContext,
        instance: Instance,
        network_info: NetworkInfo | None = None,
        block_device_info: Mapping[str, Any] | None = None,
    ) -> None:
        """Off, if it is not, and on again: Nova's libvirt driver does a hard reboot here."""
        self._begin("power_on")
        await self._hard_reboot(context, instance, network_info)

    async def power_off(
        self, instance: Instance, timeout: float = 0, retry_interval: float = 0
    ) -> None:
        """A shutdown that the guest may carry out itself, where it is given the time."""
        guest = await self._guest("power_off", instance)
        if timeout:
            await self._clean_shutdown(instance, guest, timeout)
        await self._destroy(instance, guest)

    async def _clean_shutdown(self, instance: Instance, guest: Guest, timeout: float) -> None:
        if guest.internal_id is None:
            LOG.info("Instance already shutdown.", instance=instance)
            return
        LOG.debug("Shutting down instance from state %s", guest.state.value, instance=instance)
        started = self.clock.now
        await self._step("shutdown", guest, timeout=timeout)
        if guest.internal_id is not None:
            LOG.info("Instance failed to shutdown in %d seconds.", timeout, instance=instance)
            return
        looks = math.ceil(self.clock.now - started)
        LOG.info("Instance shutdown successfully after %d seconds.", looks, instance=instance)

    async def _destroy(self, instance: Instance, guest: Guest | None) -> None:
        if guest is None:
            LOG.debug("During wait destroy, instance disappeared.", instance=instance)
        else:
            await self._stop(guest, "stop")
        LOG.info("Instance destroyed successfully.", instance=instance)

    async def pause(self, instance: Instance) -> None:
        """Running to paused."""
        await self._step("pause", await self._guest("pause", instance))

    async def unpause(self, instance: Instance) -> None:
        """Paused to running."""
        await self._step("unpause", await self._guest("unpause", instance))

    async def suspend(self, context: RequestContext, instance: Instance) -> None:
        """Save and stop: the hypervisor then sees a guest that is off, as with a managed save."""
        await self._step("save", await self._guest("suspend", instance))

    async def resume(
        self,
        context: RequestContext,
        instance: Instance,
        network_info: NetworkInfo | None = None,
        block_device_info: Mapping[str, Any] | None = None,
    ) -> None:
        """Start from the saved memory."""
        await self._step("restore", await self._guest("resume", instance))
        LOG.info("Instance running successfully.", instance=instance)

    async def set_admin_password(self, instance: Instance, new_pass: str) -> None:
        """Through the guest agent."""
        await self._step("password", await self._guest("set_admin_password", instance))

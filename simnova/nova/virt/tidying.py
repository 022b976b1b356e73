"""What is done about a host's files and guests now and then: base images, leftovers, guests after the host's own boot.

In Nova: `manage_image_cache`, `delete_instance_files`, `resume_state_on_host_boot` of `nova/virt/libvirt/driver.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from simnova.exceptions import NovaError
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.states import PowerState
from simnova.nova.virt.driver import Instance, NetworkInfo
from simnova.nova.virt.libvirt.config import INSTANCES_PATH
from simnova.nova.virt.stepped import SteppedDriver

__door__ = True

LOG = getLogger("nova.virt.libvirt.driver")

_LEFT_ALONE = (
    PowerState.RUNNING,
    PowerState.SUSPENDED,
    PowerState.NOSTATE,
    PowerState.PAUSED,
)


class TidyingDriver(SteppedDriver):
    """What nova-compute's periodic tasks, and its start, ask of a hypervisor."""

    async def manage_image_cache(
        self, context: RequestContext, all_instances: Iterable[Instance]
    ) -> None:
        """Remove base images that have been unused for long enough, where they are to be removed at all."""
        servers = {instance.uuid: instance.image_ref for instance in all_instances}
        backing = {
            uuid: guest.image_id
            for uuid, guest in self.guests.items()
            if uuid in servers and uuid in self.disks and guest.image_id
        }
        used = [image_ref for image_ref in servers.values() if image_ref]
        removable = self.cache.verify(used, backing)
        conf = self.conf.image_cache
        if conf.remove_unused_base_images:
            age = conf.remove_unused_original_minimum_age_seconds
            for image in self.cache.take_aged(removable, age):
                await self._step("remove", None, image=image.image_id, file=image.path)

    async def delete_instance_files(self, instance: Instance) -> bool:
        """Remove the disk that a server has left; False where that fails."""
        gone = f"{INSTANCES_PATH}/{instance.uuid}_del"
        try:
            if instance.uuid in self.disks | self.arrived:
                LOG.info("Deleting instance files %s", gone, instance=instance)
                await self._step("remove", None, file=f"{instance.uuid}/disk")
        except NovaError as error:
            values = {"target": gone, "e": error}
            LOG.error("Failed to cleanup directory %(target)s: %(e)s", values, instance=instance)
            LOG.info("Deletion of %s failed", gone, instance=instance)
            return False
        self.disks.discard(instance.uuid)
        self.arrived.discard(instance.uuid)
        LOG.info("Deletion of %s complete", gone, instance=instance)
        return True

    async def resume_state_on_host_boot(
        self,
        context: RequestContext,
        instance: Instance,
        network_info: NetworkInfo | None,
        block_device_info: Mapping[str, Any] | None = None,
    ) -> None:
        """Start a guest that is off, or that is gone and whose disk is here; a running or frozen one is left alone."""
        info = await self._look(instance)
        if info is None or info.state not in _LEFT_ALONE:
            await self._hard_reboot(context, instance, network_info)

    async def poll_rebooting_instances(self, timeout: float, instances: Iterable[Instance]) -> None:
        """Nothing, as in Nova's libvirt driver."""

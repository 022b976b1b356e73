"""The seam between nova-compute and a hypervisor (`nova/virt/driver.py`).

A driver belongs to a compute host, not to a life of its nova-compute: guests outlive a restart of
the service, so one driver object is kept for each host, and every new nova-compute calls its
`init_host` again.

`ComputeDriver` names what nova-compute may ask for, in Nova's words. What a driver cannot do stays
`NotImplementedError`, as in Nova. All of it is `async`, be the hypervisor simulated or real, but
for `capabilities_as_traits`, which asks no hypervisor.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from simnova.config import Config
from simnova.nova.context import RequestContext
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.objects.states import PowerState
from simnova.nova.virt.driver_moves import MoveDriver
from simnova.nova.virt.event import Asked, ConnectionListener, Listener, News
from simnova.nova.virt.guest import (
    GIB,
    Console,
    Guest,
    ImageAPI,
    Instance,
    InstanceInfo,
    NetworkInfo,
    Resources,
    UpdateTaskState,
    check_base_size,
    inventory,
)

__all__ = [
    "CAPABILITY_TRAITS_MAP",
    "GIB",
    "ComputeDriver",
    "Console",
    "Guest",
    "ImageAPI",
    "Instance",
    "InstanceInfo",
    "NetworkInfo",
    "Resources",
    "UpdateTaskState",
    "check_base_size",
    "inventory",
]

CAPABILITY_TRAITS_MAP = {
    "supports_attach_interface": "COMPUTE_NET_ATTACH_INTERFACE",
    "supports_device_tagging": "COMPUTE_DEVICE_TAGGING",
    "supports_image_type_iso": "COMPUTE_IMAGE_TYPE_ISO",
    "supports_image_type_qcow2": "COMPUTE_IMAGE_TYPE_QCOW2",
    "supports_image_type_raw": "COMPUTE_IMAGE_TYPE_RAW",
    "supports_image_type_vmdk": "COMPUTE_IMAGE_TYPE_VMDK",
    "supports_migrate_to_same_host": "COMPUTE_SAME_HOST_COLD_MIGRATE",
    "supports_multiattach": "COMPUTE_VOLUME_MULTI_ATTACH",
    "supports_trusted_certs": "COMPUTE_TRUSTED_CERTS",
}


class ComputeDriver(MoveDriver):
    """What nova-compute may ask of a hypervisor.

    A method that needs the guest raises InstanceNotFound where there is none, unless it says so.
    """

    capabilities: ClassVar[Mapping[str, bool]] = {}
    conf: Config
    hypervisors: Mapping[str, Any]
    network_api: Any = None
    """Who is asked for what a config drive says of the network (`nova/network/neutron.py`)."""
    news: News | None = None
    asked: Asked | None = None

    # --- the host ---

    def join(self, conf: Config, hypervisors: Mapping[str, Any], network_api: Any = None) -> None:
        """Learn the options, and what drives the other hosts, by host: guests move there. No coroutine."""
        self.conf, self.hypervisors, self.network_api = conf, hypervisors, network_api

    async def init_host(self, host: str) -> None:
        """Get ready; called whenever nova-compute starts. Raises HypervisorUnavailable."""

    async def cleanup_host(self, host: str) -> None:
        """Let go of the hypervisor when nova-compute stops; the guests stay."""

    def register_event_listener(self, callback: Listener | None) -> None:
        """Who is told, unasked, what becomes of the guests; None for nobody. No coroutine."""

    def register_connection_listener(self, callback: ConnectionListener) -> None:
        """Who is told when the hypervisor is lost, and when it is back. No coroutine."""

    def heard(self, uuid: str, state: PowerState, number: int | None, cause: int) -> None:
        """A guest is so now, by no work of Nova's: the step of the journal says whence that is known. No coroutine."""

    def close(self) -> None:
        """Remove everything this driver made, when the cloud itself ends; not a coroutine.

        Safe to call twice.
        """

    async def get_available_nodes(self, refresh: bool = False) -> list[str]:
        """The names of the compute nodes this driver manages (one, except with Ironic)."""
        raise NotImplementedError

    async def get_available_resource(self, nodename: str) -> dict[str, Any]:
        """What the node has and uses, named as the columns of compute_nodes; MB and GB.

        `cpu_info` is JSON text, as in Nova.
        """
        raise NotImplementedError

    async def get_inventory(self, nodename: str) -> dict[str, dict[str, int]]:
        """The node's inventory for Placement, by resource class, without those of a total of zero.

        Allocation ratios and reserved amounts are options, which the caller adds; Nova's drivers do
        both in `update_provider_tree`.
        """
        raise NotImplementedError

    def capabilities_as_traits(self) -> dict[str, bool]:
        """Placement's trait for each capability, and whether this driver has it."""
        known = CAPABILITY_TRAITS_MAP.items()
        return {trait: self.capabilities.get(name, False) for name, trait in known}

    async def get_traits(self, nodename: str) -> list[str]:
        """The traits the node reports to Placement, sorted."""
        return sorted(trait for trait, has in self.capabilities_as_traits().items() if has)

    async def manage_image_cache(
        self, context: RequestContext, all_instances: Iterable[Instance]
    ) -> None:
        """Age out base images that none of the host's servers uses (`nova/virt/imagecache.py`)."""
        raise NotImplementedError

    async def delete_instance_files(self, instance: Instance) -> bool:
        """Remove the files of a server that is gone; whether none is left."""
        return True

    # --- the guests ---

    async def list_instances(self) -> list[str]:
        """The names of the guests on this host, running or not."""
        raise NotImplementedError

    async def list_instance_uuids(self) -> list[str]:
        """The UUIDs of the guests on this host, running or not."""
        raise NotImplementedError

    async def get_num_instances(self) -> int:
        """How many guests there are on this host, running or not."""
        return len(await self.list_instances())

    async def instance_exists(self, instance: Instance) -> bool:
        """Whether the hypervisor knows the guest."""
        return instance.uuid in await self.list_instance_uuids()

    async def get_info(self, instance: Instance, use_cache: bool = True) -> InstanceInfo:
        """The guest's power state."""
        raise NotImplementedError

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
        """Make the guest: image, disk, domain, start. When it fails nothing of the guest is left.

        Raises InstanceExists, FlavorDiskSmallerThanImage, InternalError, HypervisorUnavailable.
        """
        raise NotImplementedError

    async def destroy(
        self,
        context: RequestContext,
        instance: Instance,
        network_info: NetworkInfo | None = None,
        block_device_info: Mapping[str, Any] | None = None,
        destroy_disks: bool = True,
    ) -> None:
        """Stop the guest at once and remove it and its disks; no error where there is none."""
        raise NotImplementedError

    async def cleanup(
        self,
        context: RequestContext,
        instance: Instance,
        network_info: NetworkInfo | None = None,
        block_device_info: Mapping[str, Any] | None = None,
        destroy_disks: bool = True,
    ) -> None:
        """Remove what a guest that no longer runs has left on the host."""
        raise NotImplementedError

    async def reboot(
        self,
        context: RequestContext,
        instance: Instance,
        network_info: NetworkInfo | None,
        reboot_type: str,
        block_device_info: Mapping[str, Any] | None = None,
    ) -> None:
        """Reboot: "SOFT", the guest shuts itself down, or "HARD", the plug is pulled."""
        raise NotImplementedError

    async def power_on(
        self,
        context: RequestContext,
        instance: Instance,
        network_info: NetworkInfo | None = None,
        block_device_info: Mapping[str, Any] | None = None,
    ) -> None:
        """Start a guest that is off."""
        raise NotImplementedError

    async def power_off(
        self, instance: Instance, timeout: float = 0, retry_interval: float = 0
    ) -> None:
        """Stop the guest; it has `timeout` seconds to shut itself down, then it is cut off."""
        raise NotImplementedError

    async def resume_state_on_host_boot(
        self,
        context: RequestContext,
        instance: Instance,
        network_info: NetworkInfo | None,
        block_device_info: Mapping[str, Any] | None = None,
    ) -> None:
        """Start a guest that ran when the host went down."""
        raise NotImplementedError

    async def poll_rebooting_instances(self, timeout: float, instances: Iterable[Instance]) -> None:
        """Do something about soft reboots that have lasted longer than `timeout` seconds."""
        raise NotImplementedError

    async def pause(self, instance: Instance) -> None:
        """Freeze the guest's CPUs; it stays in memory."""
        raise NotImplementedError

    async def unpause(self, instance: Instance) -> None:
        """Let a paused guest go on."""
        raise NotImplementedError

    async def suspend(self, context: RequestContext, instance: Instance) -> None:
        """Save the guest's memory to disk and stop it."""
        raise NotImplementedError

    async def resume(
        self,
        context: RequestContext,
        instance: Instance,
        network_info: NetworkInfo | None = None,
        block_device_info: Mapping[str, Any] | None = None,
    ) -> None:
        """Start a suspended guest from its saved memory."""
        raise NotImplementedError

    # --- the guest's disk, its cards and its consoles ---

    async def rescue(
        self,
        context: RequestContext,
        instance: Instance,
        network_info: NetworkInfo,
        image_meta: ImageMeta,
        rescue_password: str | None = None,
        block_device_info: Mapping[str, Any] | None = None,
    ) -> None:
        """Start the guest, which is off, from a rescue image, its own disk beside it."""
        raise NotImplementedError

    async def unrescue(self, context: RequestContext, instance: Instance) -> None:
        """Start a rescued guest from its own disk again."""
        raise NotImplementedError

    async def snapshot(
        self,
        context: RequestContext,
        instance: Instance,
        image_id: str,
        update_task_state: UpdateTaskState,
    ) -> None:
        """Upload the guest's disk to Glance as that image, and say when the upload begins."""
        raise NotImplementedError

    async def rebuild(self, context: RequestContext, instance: Instance, *args: Any) -> None:
        """Make the guest anew; NotImplementedError has nova-compute destroy and spawn it."""
        raise NotImplementedError

    async def attach_interface(
        self,
        context: RequestContext,
        instance: Instance,
        image_meta: ImageMeta,
        vif: Mapping[str, Any],
    ) -> None:
        """Plug a network card into the running guest."""
        raise NotImplementedError

    async def detach_interface(
        self, context: RequestContext, instance: Instance, vif: Mapping[str, Any]
    ) -> None:
        """Unplug a network card."""
        raise NotImplementedError

    async def get_console_output(self, context: RequestContext, instance: Instance) -> str:
        """What the guest has written to its serial console."""
        raise NotImplementedError

    async def get_vnc_console(self, context: RequestContext, instance: Instance) -> Console:
        """Where the guest's VNC server listens. Raises ConsoleNotAvailable for a guest that is off."""
        raise NotImplementedError

    async def get_spice_console(self, context: RequestContext, instance: Instance) -> Console:
        """Where the guest's SPICE server listens."""
        raise NotImplementedError

    async def get_serial_console(self, context: RequestContext, instance: Instance) -> Console:
        """Where the guest's serial port listens."""
        raise NotImplementedError

    async def set_admin_password(self, instance: Instance, new_pass: str) -> None:
        """Change the administrator's password inside the guest."""
        raise NotImplementedError

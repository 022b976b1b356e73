"""What drivers and their callers hold of a server and its guest, and the sizes of a host."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from simnova.messaging.files import Stored
from simnova.nova import exception
from simnova.nova.context import RequestContext
from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.states import PowerState

NetworkInfo = Sequence[Mapping[str, Any]]
"""The instance's VIFs in the dict form of `nova/network/model.py`."""

UpdateTaskState = Callable[..., Awaitable[None]]
"""Called with a task state, and with the one expected before where that is not the first."""

GIB = 1024**3


class Instance(Protocol):
    """What a driver needs to know of a server: a part of `nova/objects/instance.py`."""

    uuid: str
    host: str | None
    flavor: Flavor
    image_ref: str | None
    display_name: str | None
    user_id: str | None
    project_id: str | None
    config_drive: str
    launched_at: str | None
    system_metadata: dict[str, str]

    @property
    def name(self) -> str:
        """The hypervisor's name for the guest, `instance-0000002a`."""
        ...


class ImageAPI(Protocol):
    """The part of the Glance client that a driver uses (`nova/image/glance.py`)."""

    async def get(self, context: RequestContext, id_or_uri: str) -> dict[str, Any]:
        """Ask Glance what the image is."""
        ...

    async def download(self, context: RequestContext, image_id: str) -> Any:
        """Ask Glance for the image's data."""
        ...

    async def update(
        self,
        context: RequestContext,
        image_id: str,
        image_info: Mapping[str, Any],
        size: int,
        stored: Stored | None = None,
    ) -> Any:
        """Complete an image and upload its data, so many bytes, from a file where there is one."""
        ...


class Console(NamedTuple):
    """Where a guest's console listens, within the host's network (`nova/console/type.py`)."""

    host: str
    port: int


class InstanceInfo(NamedTuple):
    """A guest as the hypervisor sees it (`nova/virt/hardware.py`); `internal_id` while it runs."""

    state: PowerState
    internal_id: int | None = None


@dataclass(frozen=True)
class Resources:
    """What a host has: CPUs, memory in MB, disk in GB, and what a simulated one has beside.

    `numa_nodes` share CPUs and memory evenly; `pci` names the kind, `vendor:product`, of each device.
    """

    vcpus: int = 8
    memory_mb: int = 16384
    local_gb: int = 100
    traits: tuple[str, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    numa_nodes: int = 0
    pci: tuple[str, ...] = ()


@dataclass
class Guest:
    """A guest on a host, as one driver hands it to another; memory in MB, disk in GB."""

    uuid: str
    name: str
    vcpus: int
    memory_mb: int
    disk_gb: int
    image_id: str | None
    state: PowerState
    internal_id: int | None = None
    xml: str = ""
    dirty: float | None = None
    """MB a second that it writes to its memory, where somebody has said so."""

    @classmethod
    def of(cls, instance: Instance, state: PowerState) -> Guest:
        """The guest that a server is to become."""
        flavor, wanted = instance.flavor, instance.flavor.resources(not instance.image_ref)
        disk = wanted.get("DISK_GB", 0)
        return cls(
            instance.uuid,
            instance.name,
            flavor.vcpus,
            flavor.memory_mb,
            disk,
            instance.image_ref,
            state,
        )


def inventory(resources: Resources) -> dict[str, dict[str, int]]:
    """Sizes as Placement's inventories; no server gets more than physically is (`max_unit`)."""
    totals = {
        "VCPU": resources.vcpus,
        "MEMORY_MB": resources.memory_mb,
        "DISK_GB": resources.local_gb,
    }
    return {
        name: {"total": total, "min_unit": 1, "max_unit": total, "step_size": 1}
        for name, total in totals.items()
        if total
    }


def check_base_size(instance: Instance, size: int) -> None:
    """Refuse an image of `size` bytes that the flavor's disk cannot hold.

    Raises FlavorDiskSmallerThanImage (`nova/virt/libvirt/imagebackend.py`, `verify_base_size`).
    """
    wanted = instance.flavor.root_gb * GIB
    if wanted and size > wanted:
        raise exception.FlavorDiskSmallerThanImage(flavor_size=wanted, image_size=size)

"""Which driver a compute host gets (`load_compute_driver` of `nova/virt/driver.py`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from simnova.kernel.clock import Clock
from simnova.nova.virt.driver import ComputeDriver, ImageAPI, Resources
from simnova.nova.virt.simulated import SimulatedDriver

if TYPE_CHECKING:
    from simnova.cloud.hosts import Host
    from simnova.nova.virt.libvirt.driver import LibvirtDriver
    from simnova.nova.virt.profile import Profile

__door__ = True


def load_compute_driver(
    clock: Clock, host: Host, image_api: ImageAPI, run_id: str
) -> ComputeDriver:
    """The simulated driver, or libvirt's where the host names a URI. Raises UsageError for what is neither."""
    if host.driver in (None, "simulated"):
        return simulated_driver(clock, host, image_api)
    uri = str(host.driver)
    driver, more = _libvirt_driver(uri), {"nat": True} if host.network == "nat" else {}
    return driver(clock, host.name, uri, run_id, _resources(host), image_api, **more)


def check_hypervisors(hosts: Iterable[Host]) -> None:
    """Raises UsageError where two hosts would be one hypervisor."""
    uris = [str(host.driver) for host in hosts if host.driver not in (None, "simulated")]
    if uris:
        from simnova.nova.virt.libvirt.uris import check_together

        check_together(uris)


def _libvirt_driver(uri: str) -> type[LibvirtDriver]:
    """What drives the hypervisor that a URI names."""
    if uri.startswith("qemu"):
        from simnova.nova.virt.libvirt.qemu import QemuDriver

        return QemuDriver
    from simnova.nova.virt.libvirt.driver import LibvirtDriver

    return LibvirtDriver


def simulated_driver(clock: Clock, host: Host, image_api: ImageAPI) -> SimulatedDriver:
    """A simulated hypervisor of the host's size, whatever drives the host otherwise."""
    return SimulatedDriver(
        clock, host.name, _resources(host), cast("Profile | None", host.profile), image_api
    )


def _resources(host: Host) -> Resources:
    return Resources(
        host.vcpus,
        host.memory_mb,
        host.local_gb,
        tuple(host.traits),
        host.metrics,
        host.numa,
        tuple(host.pci),
    )

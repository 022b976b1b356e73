"""Drivers on a clock of their own, with what nova-compute would hand them."""

from __future__ import annotations

import secrets
import shutil
import time
import uuid
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from simnova import Config, Machines
from simnova.kernel.clock import Clock
from simnova.nova.context import RequestContext
from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.objects.instance import Instance
from simnova.nova.virt.driver import ComputeDriver, Resources
from simnova.nova.virt.libvirt.domains import console_log
from simnova.nova.virt.libvirt.driver import LibvirtDriver
from simnova.nova.virt.libvirt.qemu import QemuDriver
from simnova.nova.virt.simulated import SimulatedDriver
from simnova.nova.virt.tiny_guest import LOGIN
from simnova.nova.virt.watched import watch

IMAGE = ImageMeta(id="6f8b0c4e-0000-4000-8000-000000000001", name="cirros", size=20_000_000)
FLAVOR = Flavor(name="m1.small", flavorid="2", vcpus=1, memory_mb=2048, root_gb=20)
VIF = {
    "id": "7d2c5d3b-1111-4222-8333-444455556666",
    "address": "fa:16:3e:01:02:03",
    "type": "ovs",
    "devname": "tap7d2c5d3b-11",
    "network": {
        "id": "7d2c5d3b-2222-4222-8333-444455556666",
        "bridge": "br-int",
        "meta": {"mtu": 1442},
        "subnets": [
            {
                "cidr": "10.0.0.0/16",
                "gateway": {"address": "10.0.0.1", "type": "gateway", "version": 4},
                "dns": [],
                "ips": [{"address": "10.0.0.5", "type": "fixed", "version": 4}],
                "routes": [],
                "version": 4,
                "meta": {"enable_dhcp": True},
            }
        ],
    },
}


class Compute:
    """What a nova-compute does with its driver, one call at a time."""

    def __init__(
        self, make: Callable[[Clock, str], ComputeDriver], clock: Clock, host: str
    ) -> None:
        self.clock = clock
        self.inner = make(clock, host)
        self.inner.join(Config(), {})
        self.driver = watch(clock, self.inner)
        self.service = clock.start(f"nova-compute@{host}")
        self.context = RequestContext(user_name="demo", project_name="demo")

    def run(self, coro: Coroutine[Any, Any, Any]) -> Any:
        """Run until the call has returned; raises what it raised."""
        task = self.clock.spawn(coro, service=self.service)
        while task.is_alive:
            assert self.clock.step()
        return task.outcome

    def spawn(self, instance: Instance, image: ImageMeta = IMAGE) -> None:
        """Boot a guest."""
        call = self.driver.spawn(self.context, instance, image, None, "secret", {}, [VIF])
        self.run(call)

    def boot(self, instance: Instance) -> None:
        """Boot a guest, and wait until it would hear its power button."""
        self.spawn(instance)
        if isinstance(self.inner, QemuDriver):
            read = self.inner.hypervisor.at_once
            while LOGIN not in read(console_log, instance.uuid):
                time.sleep(0.01)

    @property
    def sizes(self) -> tuple[int, int, int]:
        """CPUs, MB and GB of the host."""
        if not isinstance(self.inner, QemuDriver):
            return 4, 8192, 50
        _, memory, cpus, *_ = self.inner.connection.getInfo()
        disk = shutil.disk_usage(self.inner.hypervisor.directory).total // 2**30
        return cpus, memory, disk

    def state(self, instance: Instance) -> int:
        """The guest's power state."""
        return self.run(self.driver.get_info(instance)).state

    def resources(self) -> dict[str, Any]:
        """What the host reports."""
        return self.run(self.driver.get_available_resource("node"))


def server(number: int = 1, **fields: Any) -> Instance:
    """A server as nova-compute gets it from the conductor."""
    given = {"flavor": FLAVOR, "image_ref": IMAGE.id, "user_id": "u1", "project_id": "p1", **fields}
    return Instance(id=number, uuid=str(uuid.UUID(int=number, version=4)), **given)


def simulated(clock: Clock, host: str) -> ComputeDriver:
    return SimulatedDriver(clock, host, Resources(4, 8192, 50))


def libvirt(clock: Clock, host: str) -> ComputeDriver:
    return LibvirtDriver(clock, host, "test:///", "run-1", Resources(4, 8192, 50))


def qemu(machines: Machines) -> Callable[[Clock, str], ComputeDriver]:
    def made(clock: Clock, host: str) -> ComputeDriver:
        driver = QemuDriver(clock, host, machines[host].uri, secrets.token_hex(4))
        driver.join(Config(), {})
        return driver

    return made


LIBVIRT = pytest.param(libvirt, marks=pytest.mark.libvirt)


@pytest.fixture(params=[simulated, LIBVIRT, pytest.param(qemu, marks=pytest.mark.qemu)])
def make(request: pytest.FixtureRequest) -> Callable[[Clock, str], ComputeDriver]:
    """Each driver in turn."""
    if request.param is qemu:
        return qemu(request.getfixturevalue("machines"))
    return request.param


@pytest.fixture
def compute(make: Callable[[Clock, str], ComputeDriver]) -> Iterator[Compute]:
    """A compute host that has come up."""
    compute = Compute(make, Clock(), "compute1")
    compute.run(compute.driver.init_host("compute1"))
    yield compute
    compute.driver.close()

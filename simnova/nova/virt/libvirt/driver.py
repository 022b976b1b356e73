"""Nova's libvirt driver (`nova/virt/libvirt/driver.py`), as it drives libvirt's test hypervisor; QEMU's is in `qemu`.

The order of things is `SteppedDriver`'s; here each step is a call of libvirt's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar
from xml.etree import ElementTree as ET

from simnova.exceptions import UsageError
from simnova.kernel.clock import Clock
from simnova.nova import exception
from simnova.nova.context import RequestContext
from simnova.nova.objects.states import PowerState
from simnova.nova.virt.consoles import ReachableDriver
from simnova.nova.virt.driver import (
    GIB,
    Guest,
    ImageAPI,
    Instance,
    InstanceInfo,
    Resources,
    inventory,
)
from simnova.nova.virt.event import ConnectionListener
from simnova.nova.virt.libvirt import guest as work
from simnova.nova.virt.libvirt import imagebackend
from simnova.nova.virt.libvirt.host import Domain, Host, Work
from simnova.nova.virt.moving import MovingDriver
from simnova.nova.virt.stepped import SteppedDriver

__door__ = True

STEPS: dict[str, Work[work.Info | None]] = {
    "download": imagebackend.download,
    "convert": imagebackend.convert,
    "copy_base": imagebackend.download,
    "overlay": imagebackend.overlay,
    "config_drive": imagebackend.config_drive,
    "remove": imagebackend.delete,
    "define": work.define,
    "redefine": work.redefine,
    "extract": imagebackend.extract,
    "upload": imagebackend.read,
    "start": work.launch,
    "stop": work.poweroff,
    "shutdown": work.shutdown,
    "pause": work.pause,
    "unpause": work.resume,
    "save": work.save_memory_state,
    "restore": work.launch,
    "undefine": imagebackend.undefine,
}


class LibvirtDriver(MovingDriver, ReachableDriver):
    """The guests of one host behind a libvirt URI.

    `test:///` gives the host a world of its own, of the size of `resources`; with
    `test:///path/node.xml` the size comes from that file, but for the disk. `run_id` is the mark
    that tells this cloud's domains from all others: random, and never in the journal. `timeout` is
    in seconds of the wall clock. Raises UsageError for what is no libvirt URI.
    """

    virt_type: str = "test"
    announces_upload: ClassVar[bool] = True
    capabilities: ClassVar[Mapping[str, bool]] = {
        **SteppedDriver.capabilities,
        "supports_attach_interface": False,
    }
    """libvirt's test hypervisor knows no virDomainAttachDevice."""

    kind: ClassVar[str] = "TEST"
    """What libvirt calls the hypervisor."""

    steps: ClassVar[Mapping[str, Work[Any]]] = STEPS

    def __init__(
        self,
        clock: Clock,
        host: str,
        uri: str,
        run_id: str,
        resources: Resources | None = None,
        image_api: ImageAPI | None = None,
        timeout: float = 30.0,
    ) -> None:
        super().__init__(clock, host, image_api)
        self.resources = resources or Resources()
        self.hypervisor = Host(clock, host, uri, run_id, self.resources, timeout)

    async def init_host(self, host: str) -> None:
        """Connect; raises UsageError where this is another hypervisor than the URI says, or libvirt is missing."""
        kind = await self.hypervisor.call("connect", _kind)
        if kind != self.kind:
            raise UsageError(
                f"{self.host}: '{self.hypervisor.uri}' is {kind}; only QEMU (qemu:///session) and "
                "libvirt's test hypervisor (test:///) can be driven"
            )

    def register_connection_listener(self, callback: ConnectionListener) -> None:
        """Who is told when libvirt is lost, and when it is back."""
        self.hypervisor.connection_listener = callback

    @property
    def connection(self) -> Any:
        """libvirt's own `virConnect`, to look at the host as virsh would; None before init_host, and in a replay."""
        return self.hypervisor.connection

    def close(self) -> None:
        """Remove all domains that this cloud made here."""
        self.hypervisor.close()

    # --- the host ---

    async def get_available_resource(self, nodename: str) -> dict[str, Any]:
        """What libvirt says of the host."""
        node = await self._node()
        local = node["local_gb"]
        promised = sum(guest.disk_gb for guest in self.guests.values())
        return {
            "vcpus": node["vcpus"],
            "memory_mb": node["memory_mb"],
            "local_gb": local,
            "vcpus_used": node["vcpus_used"],
            "memory_mb_used": node["memory_mb_used"],
            "local_gb_used": node["disk_used"] // GIB,
            "hypervisor_type": node["type"],
            "hypervisor_version": node["version"],
            "hypervisor_hostname": nodename,
            "cpu_info": json.dumps(node["cpu_info"]),
            "disk_available_least": (local * GIB - node["disk_used"]) // GIB - promised,
            "supported_instances": node["supported_instances"],
            "numa_topology": None,
        }

    async def get_inventory(self, nodename: str) -> dict[str, dict[str, int]]:
        """The host's sizes."""
        node = await self._node()
        return inventory(Resources(node["vcpus"], node["memory_mb"], node["local_gb"]))

    async def _node(self) -> dict[str, Any]:
        """The host's disk is as large as `resources` says: a test hypervisor has none of its own."""
        node = await self.hypervisor.call("node info", node_info)
        used = await self.hypervisor.call("disk info", _disk)
        return {**node, "local_gb": self.resources.local_gb, "disk_used": used}

    async def check_can_live_migrate_destination(
        self, context: RequestContext, instance: Instance, *about: Any
    ) -> dict[str, Any]:
        """Refuse: each test hypervisor is a world of its own, guests do not go from one to another."""
        raise exception.MigrationPreCheckError(
            reason=f"libvirt's test hypervisor ({self.hypervisor.uri}) cannot take a running guest"
        )

    # --- the guests ---

    async def list_instances(self) -> list[str]:
        """This cloud's domains, by name."""
        return [name for name, _ in await self.hypervisor.call("list", work.listing)]

    async def list_instance_uuids(self) -> list[str]:
        """The UUIDs of this cloud's domains, by name."""
        return [uuid for _, uuid in await self.hypervisor.call("list", work.listing)]

    async def _look(self, instance: Instance) -> InstanceInfo | None:
        try:
            found = await self.hypervisor.call("state", work.look, instance.uuid, instance.name)
        except exception.InstanceNotFound:
            return None
        info = as_info(found)
        if instance.uuid in self.guests:
            self._known(instance, info)
        return info

    async def _refuse_existing(self, instance: Instance) -> None:
        await self.hypervisor.call("check", work.refuse_existing, instance.uuid, instance.name)

    async def set_admin_password(self, instance: Instance, new_pass: str) -> None:
        """Through libvirt; the journal does not see the password."""
        guest = await self._guest("set_admin_password", instance)
        ask = work.set_user_password
        await self.hypervisor.call("password", ask, guest.uuid, guest.name, password=new_pass)

    async def _perform(
        self, name: str, guest: Guest | None, said: Mapping[str, Any]
    ) -> InstanceInfo | None:
        uuid, domain = (guest.uuid, guest.name) if guest else ("", "")
        found = await self.hypervisor.call(name, self.steps[name], uuid, domain, **said)
        return as_info(found) if found else None


def as_info(found: work.Info) -> InstanceInfo:
    """What was found, in Nova's words."""
    return InstanceInfo(PowerState(found[0]), found[1])


# --- on the worker thread ---


def _kind(connection: Any, about: Domain, said: work.Said) -> str:
    """The hypervisor's type."""
    return str(connection.getType())


def node_info(connection: Any, about: Domain, said: work.Said) -> dict[str, Any]:
    """What the host has, and what its running domains (anybody's) use."""
    import libvirt

    model, memory_mb, vcpus, _, nodes, sockets, cores, threads = connection.getInfo()
    infos = []
    for domain in connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE):
        with suppress(libvirt.libvirtError):  # it has gone since it was listed
            infos.append(domain.info())
    topology = {"cells": nodes, "sockets": sockets, "cores": cores, "threads": threads}
    return {
        "vcpus": vcpus,
        "memory_mb": memory_mb,
        "vcpus_used": sum(info[3] for info in infos),
        "memory_mb_used": sum(info[2] for info in infos) // 1024,
        "type": connection.getType(),
        "version": connection.getVersion(),
        "cpu_info": {"arch": model, "model": None, "vendor": None, "topology": topology},
        "supported_instances": _supported(connection.getCapabilities()),
    }


def _disk(connection: Any, about: Domain, said: work.Said) -> int:
    """Bytes that the volumes take."""
    return int(imagebackend.pool(connection).info()[2])


def _supported(capabilities: str) -> list[list[str]]:
    """Architecture, hypervisor and mode of the guests that the host can run."""
    return [
        [arch.get("name", ""), domain.get("type", ""), kind.findtext("os_type", "")]
        for kind in ET.fromstring(capabilities).iter("guest")
        for arch in kind.iter("arch")
        for domain in arch.iter("domain")
    ]

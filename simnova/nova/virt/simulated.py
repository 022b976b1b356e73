"""A hypervisor that takes its time and can fail, but runs nothing: a host made of numbers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from simnova.exceptions import UsageError, unknown
from simnova.kernel.clock import Between, Clock
from simnova.nova import exception
from simnova.nova.context import RequestContext
from simnova.nova.objects.states import PowerState
from simnova.nova.virt.beside import DEEDS
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
from simnova.nova.virt.failing import FAILING, Failing
from simnova.nova.virt.hardware_of import described
from simnova.nova.virt.imagecache import BaseImage
from simnova.nova.virt.libvirt.config import INSTANCES_PATH
from simnova.nova.virt.links import Link
from simnova.nova.virt.live_migration import LiveMigrationDriver
from simnova.nova.virt.profile import MB, Profile

__door__ = True

LIKE = {"copy_base": "copy"}
"""The steps that take as long as another."""

ON_DISK = frozenset({"download", "convert", "overlay", "copy", "copy_base", "extract", "upload"})
"""The steps that a slow disk holds up."""

OFF, ON = (PowerState.SHUTDOWN, False), (PowerState.RUNNING, True)
AFTER = {
    "start": ON,
    "restore": ON,
    "unpause": ON,
    "pause": (PowerState.PAUSED, True),
    "stop": OFF,
    "shutdown": OFF,
    "save": OFF,
}
"""How a guest is after a step, and whether it has a number then."""

SAID = {
    "start": ("[{at}] Booting from Hard Disk...", "{name} login: "),
    "shutdown": ("[{at}] The system is going down NOW!", "[{at}] reboot: Power down"),
}
"""What a guest writes to its console during a step."""

NEEDS_RUNNING = frozenset({"pause", "unpause", "save", "password"})

CPU_INFO = {
    "arch": "x86_64",
    "model": "Nehalem",
    "vendor": "Intel",
    "features": ["clflush", "pge"],
    "topology": {"cells": 1, "sockets": 1, "cores": 4, "threads": 1},
}


class SimulatedDriver(LiveMigrationDriver, ReachableDriver):
    """The guests of one simulated host; durations and failures come from the host's own stream."""

    virt_type: str = "qemu"
    announces_upload: ClassVar[bool] = False

    def __init__(
        self,
        clock: Clock,
        host: str,
        resources: Resources | None = None,
        profile: Profile | None = None,
        image_api: ImageAPI | None = None,
    ) -> None:
        super().__init__(clock, host, image_api)
        self.resources = resources or Resources()
        self.profile = profile or Profile()
        self._failing: list[Failing] = []
        self._last_id = 0
        self._written: dict[str, list[str]] = {}
        self.jobs: dict[str, Any] = {}
        self.disk_factor = 1.0

    # --- what a learner can do to it ---

    def fail(
        self, what: str, error: Exception | str = "Domain not started", times: int = 1
    ) -> Failing:
        """Let the next `times` calls of a method, or runs of a step (`STEPS`), fail.

        A text is what the hypervisor says: it becomes an InternalError.
        """
        if what not in FAILING:
            raise unknown("driver method or step", what, FAILING)
        if times < 1:
            raise UsageError(f"times={times}: a failure happens at least once; give 1 or more")
        failure = exception.InternalError(error) if isinstance(error, str) else error
        self._failing.append(Failing(self.host, what, failure, times))
        return self._failing[-1]

    def adopt(self, guests: Iterable[Guest], images: Mapping[str, BaseImage] | None = None) -> None:
        """Take over another driver's guests and images: a fork leaves real hosts behind."""
        self.guests.update({guest.uuid: replace(guest) for guest in guests})
        self.cache.base.update({name: replace(image) for name, image in (images or {}).items()})
        self._last_id = max([guest.internal_id or 0 for guest in self.guests.values()], default=0)

    def take(self, guest: Guest) -> None:
        """A guest has come here while it ran: from now on it is this host's."""
        self._last_id += 1
        super().take(replace(guest, internal_id=self._last_id))

    def lose_power(self) -> None:
        """The machine is off, and every guest with it; what is on disk stays. Nobody is there to be told."""
        self.is_on = False
        self.events.listener = None
        self.power_losses += 1
        for guest in self.guests.values():
            guest.state, guest.internal_id = OFF[0], None
        for told in list(self.power_watchers):
            told(self.host)

    def write_memory(self, uuid: str, rate: float) -> None:
        """Let a guest write so many MB a second to its memory, also while it is sent. Raises UsageError."""
        if uuid not in self.guests:
            raise UsageError(f"there is no guest of server {uuid} on {self.host}")
        self.guests[uuid].dirty = rate
        if uuid in self.jobs:
            self.jobs[uuid].write_memory(rate)

    def check_deed(self, uuid: str, name: str) -> None:
        """Raise UsageError where that cannot be done to the guest, or there is none (`DEEDS`)."""
        if uuid not in self.guests:
            raise UsageError(f"there is no guest of server {uuid} on {self.host}")
        state, needs = self.guests[uuid].state, DEEDS[name].needs
        if state not in needs:
            fit = " or ".join(one.name.lower() for one in needs)
            raise UsageError(
                f"the guest of server {uuid} on {self.host} is {state.name.lower()}: {name} needs one "
                f"that is {fit}"
            )

    def do(self, uuid: str, name: str, cause: int) -> None:
        """Somebody beside Nova, or the guest itself, does something to a guest at that step of the journal."""
        self.check_deed(uuid, name)
        deed, guest = DEEDS[name], self.guests[uuid]
        if deed.after is None:
            del self.guests[uuid]
            return
        step = "start" if name == "start" else "shutdown"
        if name in ("start", "shutdown", "poweroff"):
            self._write(step, guest)
        if deed.after == PowerState.SHUTDOWN:
            guest.internal_id = None
        elif guest.internal_id is None:
            self._last_id += 1
            guest.internal_id = self._last_id
        guest.state = deed.after
        self.events.emit(uuid, *deed.told, cause=cause)

    def _begin(self, what: str) -> None:
        for one in self._failing:
            if one.what == what and one.waits:
                one.strike()

    # --- the host ---

    async def init_host(self, host: str) -> None:
        """Nothing to connect to."""
        self._begin("init_host")

    async def get_available_resource(self, nodename: str) -> dict[str, Any]:
        """As the libvirt driver would say: overlays are thin, so only base images take disk."""
        self._begin("get_available_resource")
        running = [guest for guest in self.guests.values() if guest.internal_id is not None]
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
            "disk_available_least": (self._free() - promised) // GIB,
            "supported_instances": [["x86_64", "qemu", "hvm"], ["x86_64", "kvm", "hvm"]],
            **described(self.resources, self.clock.utcnow()),
        }

    async def get_traits(self, nodename: str) -> list[str]:
        """Those of the driver's capabilities and those of the host itself."""
        return sorted({*await super().get_traits(nodename), *self.resources.traits})

    async def get_inventory(self, nodename: str) -> dict[str, dict[str, int]]:
        """The host's sizes."""
        return inventory(self.resources)

    def _free(self) -> int:
        return self.resources.local_gb * GIB - self.cache.size

    # --- the guests ---

    async def list_instances(self) -> list[str]:
        """In the order they were made."""
        return [guest.name for guest in self.guests.values()]

    async def list_instance_uuids(self) -> list[str]:
        """In the order they were made."""
        return list(self.guests)

    async def get_console_output(self, context: RequestContext, instance: Instance) -> str:
        """What a guest of numbers can have written: when it was started and stopped, and its prompt."""
        await self._guest("get_console_output", instance)
        return "".join(f"{line}\n" for line in self._written.get(instance.uuid, ()))

    async def _look(self, instance: Instance) -> InstanceInfo | None:
        guest = self.guests.get(instance.uuid)
        return InstanceInfo(guest.state, guest.internal_id) if guest else None

    async def _refuse_existing(self, instance: Instance) -> None:
        here = self.guests.values()
        if any(instance.uuid == guest.uuid or instance.name == guest.name for guest in here):
            raise exception.InstanceExists(name=instance.name)

    async def _reach(self, guest: Guest, dest: str) -> None:
        """Make a directory over there; whether the file system is shared is tried before, in vain."""
        link = Link.to(self, dest, self.hypervisors)
        await link.connect(f"ssh -o BatchMode=yes {dest} mkdir -p {INSTANCES_PATH}/{guest.uuid}", 2)

    async def _copy(self, file: str, dest: str, seconds: float) -> None:
        uuid, _, name = file.partition("/")
        source, target = f"{INSTANCES_PATH}/{uuid}_resize/{name}", f"{INSTANCES_PATH}/{file}"
        await self._scp(dest, f"scp -r {source} {dest}:{target}", seconds)

    async def _fetch_base(self, file: str, source: str, seconds: float) -> None:
        path = f"{INSTANCES_PATH}/{file}"
        await self._scp(source, f"scp -r {source}:{path} {path}", seconds)

    async def _scp(self, host: str, command: str, seconds: float) -> None:
        """What goes over the network arrives where the other host is there, from the beginning to the end."""
        link = Link.to(self, host, self.hypervisors)
        await link.connect(command)
        await self.clock.sleep(seconds)
        await link.deliver(command)

    async def _perform(
        self, name: str, guest: Guest | None, said: Mapping[str, Any]
    ) -> InstanceInfo | None:
        if guest and guest.internal_id is None and name in NEEDS_RUNNING:
            raise exception.InternalError("Requested operation is not valid: domain is not running")
        if name == "download" and said["bytes"] > self._free():
            raise exception.InternalError(f"[Errno 28] No space left on device: '{said['file']}'")
        seconds = self._seconds(name, said)
        if name == "copy":
            await self._copy(str(said["file"]), str(said["dest"]), seconds)
        elif name == "copy_base":
            await self._fetch_base(str(said["file"]), str(said["source"]), seconds)
        else:
            await self.clock.sleep(seconds)
        self._begin(name)
        if name == "start":
            self._maybe_fail()
        if guest is not None:
            self._write(name, guest)
        return self._after(name, guest) if guest and name in AFTER else None

    def _write(self, step: str, guest: Guest) -> None:
        """A line of the guest's console log, where the step is one that the guest itself notices."""
        log = self._written.setdefault(guest.uuid, [])
        for line in SAID.get(step, ()):
            log.append(line.format(at=self.clock.utcnow(), name=guest.name))

    def _seconds(self, name: str, said: Mapping[str, Any]) -> float:
        """How long a step takes; of those that move bytes the profile has the rate."""
        among = getattr(self.profile, LIKE.get(name, name))
        drawn: float = self.clock.choose("virt", self.host, among=among)
        seconds = said["bytes"] / MB / drawn if "bytes" in said else drawn
        return seconds * self.disk_factor if name in ON_DISK else seconds

    def _maybe_fail(self) -> None:
        chance, among = self.profile.failure, Between(0, 1)
        if chance and self.clock.choose("virt", self.host, "failure", among=among) < chance:
            raise exception.InternalError(
                "internal error: process exited while connecting to monitor"
            )

    def _after(self, name: str, guest: Guest) -> InstanceInfo:
        state, numbered = AFTER[name]
        if numbered and guest.internal_id is None:
            self._last_id += 1
            return InstanceInfo(state, self._last_id)
        return InstanceInfo(state, guest.internal_id if numbered else None)

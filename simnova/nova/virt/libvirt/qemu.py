"""Nova's libvirt driver, as it drives QEMU: real guests, disks that are files, a console that writes.

The steps are those of `SteppedDriver`; what the test hypervisor does with volumes is done here with `qemu-img`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, ClassVar

from simnova.messaging.files import Stored
from simnova.nova import exception
from simnova.nova.context import RequestContext
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.objects.states import PowerState
from simnova.nova.virt.driver import GIB, Guest, Instance, InstanceInfo, NetworkInfo
from simnova.nova.virt.event import Transition
from simnova.nova.virt.libvirt import domains, images, probe, qemu_img, remains
from simnova.nova.virt.libvirt import guest as work
from simnova.nova.virt.libvirt.console_driver import ConsolesDriver
from simnova.nova.virt.libvirt.driver import STEPS, as_info, node_info
from simnova.nova.virt.libvirt.host import Domain, Work
from simnova.nova.virt.libvirt.migration import LISTEN, Transfer
from simnova.nova.virt.live_migration import LiveMigrationDriver
from simnova.nova.virt.migration import COMPLETED, MB
from simnova.nova.virt.stepped import SteppedDriver

__door__ = True


class QemuDriver(LiveMigrationDriver, ConsolesDriver):
    """The guests of one QEMU behind a libvirt URI, on this machine; `virt_type` is known once it is connected."""

    virt_type = "qemu"
    kind: ClassVar[str] = "QEMU"
    capabilities: ClassVar[Mapping[str, bool]] = SteppedDriver.capabilities
    steps: ClassVar[Mapping[str, Work[Any]]] = {
        **STEPS,
        "download": images.download,
        "convert": images.convert,
        "overlay": images.overlay,
        "config_drive": images.config_drive,
        "remove": images.delete,
        "define": domains.define,
        "redefine": domains.redefine,
        "start": domains.boot,
        "save": domains.save,
        "undefine": images.undefine,
        "extract": images.extract,
        "upload": domains.nothing,
        "copy": images.send,
        "copy_base": images.copy_base,
        "plug": domains.plug,
        "unplug": domains.unplug,
    }

    def __init__(self, *about: Any, **more: Any) -> None:
        super().__init__(*about, **more)
        self._at_work: Counter[str] = Counter()
        self._work: Counter[str] = Counter()
        self.jobs: dict[str, Any] = {}
        self.hypervisor.ear = self

    # --- what guests do by themselves ---

    def stamp(self, uuid: str) -> int:
        """How many steps of a guest have begun or ended so far."""
        return self._work[uuid]

    def tell(self, uuid: str, found: work.Info, stamp: int) -> None:
        """Called by libvirt's thread: the engine's looks whether that is news, when it comes to it."""
        self.clock.real.post(lambda: self._consider(uuid, as_info(found), stamp))

    def _consider(self, uuid: str, info: InstanceInfo, stamp: int) -> None:
        """What the driver itself does to a guest is known; a guest that is being shut down will be heard of again."""
        guest = self.guests.get(uuid)
        if guest is None or self._at_work[uuid] or stamp != self._work[uuid]:
            return
        halfway = info.state == PowerState.SHUTDOWN and info.internal_id is not None
        if self.news is not None and not halfway and (guest.state, guest.internal_id) != info:
            self.news(self.host, uuid, *info)

    def heard(self, uuid: str, state: PowerState, number: int | None, cause: int) -> None:
        """Note how the guest is, and tell nova-compute."""
        guest = self.guests[uuid]
        before, guest.state, guest.internal_id = guest.state, state, number
        self.events.emit(uuid, _transition(before, state), cause=cause)

    # --- the host ---

    async def init_host(self, host: str) -> None:
        """Connect, and find out whether KVM works. Raises HypervisorUnavailable for what the machine lacks."""
        remains.watch()
        await super().init_host(host)
        await self.hypervisor.call("qemu-img", _qemu_img)
        self.virt_type = await self.hypervisor.call("virt type", probe.virt_type)
        await self._try_nat()

    async def _node(self) -> dict[str, Any]:
        """The machine itself; hosts that are on one machine have all of it, each."""
        node = await self.hypervisor.call("node info", node_info)
        total, used = await self.hypervisor.call("disk info", _disk)
        return {**node, "local_gb": total // GIB, "disk_used": used}

    # --- images ---

    async def _base_size(self, image: ImageMeta, path: str) -> int:
        """What `qemu-img` has made of it."""
        return await self.hypervisor.call("image size", images.size, file=path)

    async def _held(self, image_id: str, file: str) -> Stored | None:
        held = await self.hypervisor.call("store", images.store, image=image_id, file=file)
        return Stored(*held)

    async def _perform(
        self, name: str, guest: Guest | None, said: Mapping[str, Any]
    ) -> InstanceInfo | None:
        with self._working(guest):
            return await super()._perform(name, guest, {**self._unsaid(name, said), **said})

    @contextmanager
    def _working(self, guest: Guest | None) -> Iterator[None]:
        """Meanwhile, what is heard of the guest is the driver's own work."""
        uuid = guest.uuid if guest else ""
        self._at_work[uuid] += 1
        self._work[uuid] += 1
        try:
            yield
        finally:
            self._at_work[uuid] -= 1
            self._work[uuid] += 1

    def _unsaid(self, name: str, said: Mapping[str, Any]) -> dict[str, Any]:
        """What a step needs, and the journal does not tell."""
        match name:
            case "download":
                path = str(said["file"]).removesuffix(images.PART)
                return {"data": self.incoming.get(path)}
            case "define" | "redefine":
                return {"lay": self._lay, "lans": self._lans()}
            case "plug":
                mac = said["mac"]
                return {"lay": lambda uuid: self._lay(uuid, mac), "lan": self._lans().get(mac, "")}
            case "unplug":
                options = self.conf.libvirt
                times, each = options.device_detach_attempts, options.device_detach_timeout
                gone = partial(self._take_up, mac=said["mac"])
                patient = {"attempts": times, "patience": each, "timeout": times * each}
                return {**patient, "take_up": gone}
            case "undefine":
                return {"take_up": self._take_up}
            case "config_drive":
                data = self.written[str(said["file"])]
                return {"data": data, "mkisofs_cmd": self.conf.mkisofs_cmd}
            case "copy":
                return {"to": self._place(said["dest"])}
            case "copy_base":
                return {"origin": self._place(said["source"])}
            case "shutdown":
                retry = self.conf.compute.shutdown_retry_interval
                return {"timeout": self.conf.libvirt.wait_soft_reboot_seconds, "retry": retry}
        return {}

    # --- guests that move ---

    def _place(self, host: str) -> str:
        """The directory of another host, where a disk is to go. Raises MigrationError where there is none."""
        other = self.hypervisors[host].driver
        if not isinstance(other, QemuDriver):
            raise exception.MigrationError(reason=f"{host} is no QEMU host: no disk can go there")
        return str(other.hypervisor.directory)

    async def _drop_disk(self, instance: Instance) -> None:
        await self.hypervisor.call("forget", images.forget, instance.uuid)

    async def _take_back_disk(self, instance: Instance) -> None:
        await self.hypervisor.call("take back", images.take_back, instance.uuid)

    # --- guests that move while they run ---

    async def check_can_live_migrate_destination(
        self,
        context: RequestContext,
        instance: Instance,
        src_compute_info: Mapping[str, Any],
        *about: Any,
    ) -> dict[str, Any]:
        """Only QEMU can send a guest here. Raises MigrationPreCheckError."""
        source = src_compute_info["host"]
        sender = self.hypervisors[source].driver
        if not isinstance(sender, QemuDriver):
            raise exception.MigrationPreCheckError(
                reason=f"{source} has no real guests to send to {self.host}"
            )
        known = await sender.hypervisor.call("name", work.called, instance.uuid, instance.name)
        await self.hypervisor.call("arrival", work.refuse_arrival, called=known)
        check = super().check_can_live_migrate_destination
        data = await check(context, instance, src_compute_info, *about)
        return {**data, "target_connect_addr": LISTEN}

    async def pre_live_migration(
        self,
        context: RequestContext,
        instance: Instance,
        block_device_info: Mapping[str, Any] | None,
        network_info: NetworkInfo | None,
        disk_info: Any,
        migrate_data: Mapping[str, Any],
    ) -> dict[str, Any]:
        """Its serial consoles have other ports here."""
        image = ImageMeta.from_dict(migrate_data["image"])
        ports = await self._serial_ports(instance, image)
        prepare = super().pre_live_migration
        about = (block_device_info, network_info, disk_info, migrate_data)
        return {**await prepare(context, instance, *about), "serial_listen_ports": ports}

    async def check_can_live_migrate_source(
        self,
        context: RequestContext,
        instance: Instance,
        dest_check_data: Mapping[str, Any],
        block_device_info: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Tells the destination the image as it is in Glance, where it will be fetched."""
        if "target_connect_addr" not in dest_check_data:
            reason = f"only another QEMU can take a real guest from {self.host}"
            raise exception.MigrationPreCheckError(reason=reason)
        if any(card.lan for card in self._cards.get(instance.uuid, {}).values()):
            reason = f"its cards are on networks of {self.host}'s libvirt, which no other has"
            raise exception.MigrationPreCheckError(reason=reason)
        check = super().check_can_live_migrate_source
        data = await check(context, instance, dest_check_data, block_device_info)
        kept = instance.system_metadata.get("image_disk_format", "qcow2")
        return {**data, "image": {**data["image"], "disk_format": kept}}

    def _job(
        self, guest: Guest, instance: Instance, dest: str, data: Mapping[str, Any]
    ) -> Transfer:
        options, there = self.conf.libvirt, self.hypervisors[dest].driver.hypervisor
        to = {
            "uri": there.uri,
            "directory": str(there.directory),
            "bandwidth": options.live_migration_bandwidth,
            "auto_converge": options.live_migration_permit_auto_converge,
            "serial_ports": data.get("serial_listen_ports", ()),
        }
        arrive = partial(self._leave, guest, guest.state, dest)
        wanted = data.get("migration")
        about = (self.clock, self.conf, self.hypervisor, guest, instance, wanted, to, arrive)
        return Transfer(*about, there, guest.memory_mb + self._size(guest) / MB)

    async def _send(self, job: Transfer) -> str:
        """What the guest has left here goes when it has arrived there."""
        with self._working(job.guest):
            outcome = await super()._send(job)
            if outcome == COMPLETED:
                uuid, name = job.guest.uuid, job.guest.name
                await self.hypervisor.call("leave", images.undefine, uuid, name)
        return outcome

    async def rollback_live_migration_at_destination(
        self, context: RequestContext, instance: Instance, *about: Any, **more: Any
    ) -> None:
        """Whatever QEMU has begun here goes too."""
        await super().rollback_live_migration_at_destination(context, instance, *about, **more)
        await self.hypervisor.call("leave", images.undefine, instance.uuid, instance.name)

    def _leave(self, guest: Guest, state: PowerState, dest: str) -> None:
        """It is the other host's, with its cards."""
        self.hand_over(guest.uuid, self.hypervisors[dest].driver)
        super()._leave(guest, state, dest)


def _transition(before: PowerState, now: PowerState) -> Transition:
    """What has become of a guest that was so before and is so now."""
    if now == PowerState.RUNNING:
        return Transition.RESUMED if before == PowerState.PAUSED else Transition.STARTED
    return Transition.PAUSED if now == PowerState.PAUSED else Transition.STOPPED


# --- on the worker thread ---


def _qemu_img(connection: Any, about: Domain, said: work.Said) -> None:
    """Whether it is there."""
    qemu_img.run("--version")


def _disk(connection: Any, about: Domain, said: work.Said) -> tuple[int, int]:
    """Bytes of the file system that holds the directory, and how many are used."""
    import shutil

    found = shutil.disk_usage(about.directory)
    return found.total, found.used

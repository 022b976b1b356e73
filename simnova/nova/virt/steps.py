"""How a driver does its operations: in steps, each of them journalled, and what it knows of its guests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from simnova.kernel.clock import Clock
from simnova.nova import exception
from simnova.nova.virt import watched
from simnova.nova.virt.driver import ComputeDriver, Guest, ImageAPI, Instance, InstanceInfo
from simnova.nova.virt.event import AFTER_STEP, Events, Listener
from simnova.nova.virt.imagecache import ImageCache

__door__ = True


class StepDriver(ComputeDriver):
    """A driver that works in steps; `guests` is what was last known of the guests on this host.

    `disks` are the servers whose overlay is here, `arrived` those whose disk another host has sent.
    """

    virt_type: str
    """The type of the domains it makes."""

    capabilities: ClassVar[Mapping[str, bool]] = {
        "has_imagecache": True,
        "supports_attach_interface": True,
        "supports_device_tagging": True,
        "supports_evacuate": True,
        "supports_image_type_iso": True,
        "supports_image_type_qcow2": True,
        "supports_image_type_raw": True,
        "supports_multiattach": True,
        "supports_trusted_certs": True,
    }

    def __init__(self, clock: Clock, host: str, image_api: ImageAPI | None = None) -> None:
        self.clock = clock
        self.host = host
        self.image_api = image_api
        self.cache = ImageCache(clock)
        self.guests: dict[str, Guest] = {}
        self.disks: set[str] = set()
        self.arrived: set[str] = set()
        self.events = Events(clock)
        self.is_on = True
        self.power_losses = 0
        self.power_watchers: list[Callable[[str], None]] = []
        """Who is told, with the host's name, that it has lost its power."""
        self.incoming: dict[str, Any] = {}
        """What Glance has sent of an image that is being fetched."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.host}, {len(self.guests)} guests>"

    # --- what a driver says ---

    async def _perform(
        self, name: str, guest: Guest | None, said: Mapping[str, Any]
    ) -> InstanceInfo | None:
        """Do one step; returns how the guest is now, where the step has changed that."""
        raise NotImplementedError

    async def _look(self, instance: Instance) -> InstanceInfo | None:
        """How the guest is; None where there is none."""
        raise NotImplementedError

    async def _refuse_existing(self, instance: Instance) -> None:
        """Raise InstanceExists where a guest of that name or UUID is on the host."""
        raise NotImplementedError

    def _begin(self, method: str) -> None:
        """Called when an operation begins."""

    # --- the host ---

    def register_event_listener(self, callback: Listener | None) -> None:
        """Who is told what becomes of the guests; nobody else is any more. No coroutine."""
        self.events.listener = callback

    async def get_available_nodes(self, refresh: bool = False) -> list[str]:
        """The host itself."""
        return [self.host]

    # --- steps ---

    async def _guest(self, method: str, instance: Instance) -> Guest:
        self._begin(method)
        return self._known(instance, await self._found(instance))

    async def _found(self, instance: Instance) -> InstanceInfo:
        info = await self._look(instance)
        if info is None:
            raise exception.InstanceNotFound(instance_id=instance.uuid)
        return info

    def _known(self, instance: Instance, info: InstanceInfo) -> Guest:
        guest = self.guests.setdefault(instance.uuid, Guest.of(instance, info.state))
        guest.state, guest.internal_id = info
        return guest

    async def _stop(self, guest: Guest, how: str, **said: Any) -> None:
        if guest.internal_id is not None:
            await self._step(how, guest, **said)

    async def _step(self, name: str, guest: Guest | None, **said: Any) -> None:
        started = self.clock.now
        info = await self._perform(name, guest, said)
        if guest is not None and info is not None:
            guest.state, guest.internal_id = info
        uuid = guest.uuid if guest else None
        watched.step(self.clock, name, uuid, self.clock.now - started, **said)
        if uuid is not None:
            self.events.emit(uuid, *AFTER_STEP.get(name, ()))

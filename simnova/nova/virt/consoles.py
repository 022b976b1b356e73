"""What a driver tells of its guests' consoles, and the cards it plugs into them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simnova.nova import exception
from simnova.nova.context import RequestContext
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.virt.copies import CopyingDriver
from simnova.nova.virt.driver import Console, Instance

__door__ = True

GRAPHICS, SERIAL = 5900, 10000
"""The first port that QEMU takes for VNC or SPICE, and the first of `[serial_console] port_range`."""


class ReachableDriver(CopyingDriver):
    """Guests that can be reached while they run: the n-th one started on a host has the n-th port."""

    async def get_vnc_console(self, context: RequestContext, instance: Instance) -> Console:
        """A port from 5900 on."""
        return await self._console("get_vnc_console", instance, GRAPHICS)

    async def get_spice_console(self, context: RequestContext, instance: Instance) -> Console:
        """A port from 5900 on."""
        return await self._console("get_spice_console", instance, GRAPHICS)

    async def get_serial_console(self, context: RequestContext, instance: Instance) -> Console:
        """A port from 10000 on."""
        return await self._console("get_serial_console", instance, SERIAL)

    async def _console(self, method: str, instance: Instance, first: int) -> Console:
        guest = await self._guest(method, instance)
        if guest.internal_id is None:
            raise exception.ConsoleNotAvailable()
        return Console(self.host, first + guest.internal_id - 1)

    async def attach_interface(
        self,
        context: RequestContext,
        instance: Instance,
        image_meta: ImageMeta,
        vif: Mapping[str, Any],
    ) -> None:
        """Plug a card in, by its port's address."""
        guest = await self._guest("attach_interface", instance)
        await self._step("plug", guest, mac=vif["address"], port=vif["id"])

    async def detach_interface(
        self, context: RequestContext, instance: Instance, vif: Mapping[str, Any]
    ) -> None:
        """Pull it out."""
        guest = await self._guest("detach_interface", instance)
        await self._step("unplug", guest, mac=vif["address"], port=vif["id"])

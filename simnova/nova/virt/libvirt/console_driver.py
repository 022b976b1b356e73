"""How real guests are looked at and typed into."""

from __future__ import annotations

from simnova.nova import exception
from simnova.nova.context import RequestContext
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.virt.driver import Console, Instance
from simnova.nova.virt.libvirt import domains, serial
from simnova.nova.virt.libvirt.cards import CardsDriver
from simnova.nova.virt.libvirt.consoles import Consoles, Spice, serial_ports

__door__ = True


class ConsolesDriver(CardsDriver):
    """Serial consoles, VNC and SPICE, each where nova.conf has it and QEMU can."""

    async def _consoles(self, instance: Instance, image_meta: ImageMeta) -> Consoles:
        """What the guest's definition is to have."""
        conf = self.conf
        vnc = conf.vnc.server_listen if conf.vnc.enabled else None
        spice = Spice.of(conf) if conf.spice.enabled and await self._has_spice() else None
        ports = await self._serial_ports(instance, image_meta)
        return Consoles(tuple(ports), conf.serial_console.proxyclient_address, vnc, spice)

    async def _has_spice(self) -> bool:
        return await self.hypervisor.call("has spice", domains.has_spice)

    async def _serial_ports(self, instance: Instance, image_meta: ImageMeta) -> list[int]:
        """Ports of this machine that are the guest's as long as it is defined; none where there is only a pty."""
        options = self.conf.serial_console
        if not options.enabled:
            return []
        wanted = {
            "host": options.proxyclient_address,
            "count": serial_ports(instance.flavor, image_meta),
            "range": options.port_range,
        }
        return await self.hypervisor.call("serial ports", serial.acquire, instance.uuid, **wanted)

    async def get_console_output(self, context: RequestContext, instance: Instance) -> str:
        """The last 100 KiB that the guest has written."""
        await self._guest("get_console_output", instance)
        return await self.hypervisor.call("console", domains.console_log, instance.uuid)

    async def _console(self, method: str, instance: Instance, first: int) -> Console:
        """Where the guest's VNC, SPICE or serial server listens. Raises ConsoleTypeUnavailable for one it has not."""
        guest = await self._guest(method, instance)
        if guest.internal_id is None:
            raise exception.ConsoleNotAvailable()
        kind = method.removeprefix("get_").removesuffix("_console")
        about = (guest.uuid, guest.name)
        if kind == "serial":
            return Console(*await self.hypervisor.call("serial", domains.serial, *about))
        found = await self.hypervisor.call(kind, domains.screen, *about, kind=kind)
        options = self.conf.vnc if kind == "vnc" else self.conf.spice
        return Console(options.server_proxyclient_address, found[1])

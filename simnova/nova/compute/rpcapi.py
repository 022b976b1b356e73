"""Client side of the compute RPC API (`nova/compute/rpcapi.py`)."""

from __future__ import annotations

from typing import Any

from simnova.messaging.rpc import Target
from simnova.nova.context import Place, RequestContext
from simnova.nova.objects.block_device import BlockDeviceMapping
from simnova.nova.objects.instance import Instance
from simnova.nova.rpc import ClientRouter

__door__ = True

TOPIC = "compute"


class Base:
    """How a host's nova-compute is reached, on the bus of the cell at which the context is targeted."""

    def __init__(self, place: Place, timeout: float) -> None:
        self.router = ClientRouter(place, Target(TOPIC, version="6.5"), timeout)

    async def _cast(
        self, context: RequestContext, host: str | None, method: str, **kwargs: Any
    ) -> None:
        client = self.router.client(context).prepare(server=host)
        await client.cast(context, method, **kwargs)

    async def _call(
        self, context: RequestContext, host: str | None, method: str, **kwargs: Any
    ) -> Any:
        client = self.router.client(context).prepare(server=host)
        return await client.call(context, method, **kwargs)


class ComputeAPI(Base):
    """What can be asked of the nova-compute of a host. Operations on a server are casts to its host."""

    async def build_and_run_instance(
        self, context: RequestContext, host: str, **kwargs: Any
    ) -> None:
        """Build this server; the one message of a boot that reaches the chosen host."""
        await self._cast(context, host, "build_and_run_instance", **kwargs)

    async def terminate_instance(
        self, context: RequestContext, instance: Instance, bdms: list[BlockDeviceMapping]
    ) -> None:
        """Delete this server."""
        await self._cast(context, instance.host, "terminate_instance", instance=instance, bdms=bdms)

    async def stop_instance(
        self, context: RequestContext, instance: Instance, clean_shutdown: bool = True
    ) -> None:
        """Shut the guest down."""
        more = {"instance": instance, "clean_shutdown": clean_shutdown}
        await self._cast(context, instance.host, "stop_instance", **more)

    async def start_instance(self, context: RequestContext, instance: Instance) -> None:
        """Start a guest that is off."""
        await self._cast(context, instance.host, "start_instance", instance=instance)

    async def reboot_instance(
        self, context: RequestContext, instance: Instance, reboot_type: str
    ) -> None:
        """Reboot the guest, "SOFT" or "HARD"."""
        more = {"instance": instance, "block_device_info": None, "reboot_type": reboot_type}
        await self._cast(context, instance.host, "reboot_instance", **more)

    async def pause_instance(self, context: RequestContext, instance: Instance) -> None:
        """Freeze the guest."""
        await self._cast(context, instance.host, "pause_instance", instance=instance)

    async def unpause_instance(self, context: RequestContext, instance: Instance) -> None:
        """Let a paused guest go on."""
        await self._cast(context, instance.host, "unpause_instance", instance=instance)

    async def suspend_instance(self, context: RequestContext, instance: Instance) -> None:
        """Save the guest's memory and stop it."""
        await self._cast(context, instance.host, "suspend_instance", instance=instance)

    async def resume_instance(self, context: RequestContext, instance: Instance) -> None:
        """Start a suspended guest from its memory."""
        await self._cast(context, instance.host, "resume_instance", instance=instance)

    async def set_admin_password(
        self, context: RequestContext, instance: Instance, new_pass: str
    ) -> None:
        """Change the administrator's password inside the guest."""
        more = {"instance": instance, "new_pass": new_pass}
        await self._cast(context, instance.host, "set_admin_password", **more)

    async def set_host_enabled(self, context: RequestContext, host: str, enabled: bool) -> str:
        """Call: have the host's provider say whether its service is disabled; `enabled` or `disabled`."""
        answer: str = await self._call(context, host, "set_host_enabled", enabled=enabled)
        return answer

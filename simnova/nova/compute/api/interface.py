"""Network cards are plugged into a server, and pulled out."""

from __future__ import annotations

from typing import Any

from simnova.nova.compute.api.base import Base
from simnova.nova.compute.api.checks import check_instance_lock, check_instance_state
from simnova.nova.context import RequestContext
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.states import VmState

_PLUGGABLE = (VmState.ACTIVE, VmState.PAUSED, VmState.STOPPED)


class Interfaces(Base):
    """Attach and detach."""

    @check_instance_lock
    @check_instance_state(vm_state=_PLUGGABLE)
    async def attach_interface(
        self,
        context: RequestContext,
        instance: Instance,
        network_id: str | None,
        port_id: str | None,
        requested_ip: str | None,
        tag: str | None = None,
    ) -> dict[str, Any]:
        """A new port on a network, or one that is there, becomes a card of the server; waits for its compute."""
        await self._record_action_start(context, instance, "attach_interface")
        return await self.compute_rpcapi.attach_interface(
            context,
            instance,
            network_id=network_id,
            port_id=port_id,
            requested_ip=requested_ip,
            tag=tag,
        )

    @check_instance_lock
    @check_instance_state(vm_state=_PLUGGABLE)
    async def detach_interface(
        self, context: RequestContext, instance: Instance, port_id: str
    ) -> None:
        """A card goes; a port that Nova has made goes with it."""
        await self._record_action_start(context, instance, "detach_interface")
        await self.compute_rpcapi.detach_interface(context, instance, port_id)

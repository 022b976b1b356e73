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


class ComputeAPI:
    """What can be asked of the nova-compute of a host, on the bus of the cell at which the context is targeted."""

    def __init__(self, place: Place, timeout: float) -> None:
        self.router = ClientRouter(place, Target(TOPIC, version="6.5"), timeout)

    async def build_and_run_instance(
        self, context: RequestContext, host: str, **kwargs: Any
    ) -> None:
        """Cast: build this server; the one message of a boot that reaches the chosen host."""
        client = self.router.client(context).prepare(server=host)
        await client.cast(context, "build_and_run_instance", **kwargs)

    async def terminate_instance(
        self, context: RequestContext, instance: Instance, bdms: list[BlockDeviceMapping]
    ) -> None:
        """Cast: delete this server."""
        client = self.router.client(context).prepare(server=instance.host)
        await client.cast(context, "terminate_instance", instance=instance, bdms=bdms)

"""Client side of the scheduler's RPC API (`nova/scheduler/rpcapi.py`)."""

from __future__ import annotations

from typing import Any

from simnova.messaging.rpc import RPCClient, Target
from simnova.nova.context import Place, RequestContext
from simnova.nova.objects.aggregate import Aggregate
from simnova.nova.objects.base import NovaObjectSerializer
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.request_spec import RequestSpec
from simnova.nova.objects.selection import Selection

__door__ = True

TOPIC = "scheduler"


class SchedulerAPI:
    """One call, which any scheduler answers, and casts that all of them hear.

    It stays on the service's own bus: what a compute casts reaches no scheduler where its cell
    has a bus of its own.
    """

    def __init__(self, place: Place, timeout: float, long_timeout: float = 1800.0) -> None:
        self.place = place
        self.timeout = timeout
        self.long_timeout = long_timeout

    async def select_destinations(
        self,
        ctxt: RequestContext,
        spec_obj: RequestSpec,
        instance_uuids: list[str],
        return_objects: bool = False,
        return_alternates: bool = False,
    ) -> list[list[Selection]]:
        """Call: hosts for these servers, with alternates; the only call of a boot.

        Raises NoValidHost, and MessagingTimeout where no scheduler gives a sign of life.
        """
        client = self._client(version="4.5").prepare(
            timeout=self.long_timeout, call_monitor_timeout=self.timeout
        )
        found: list[list[Selection]] = await client.call(
            ctxt,
            "select_destinations",
            spec_obj=spec_obj,
            instance_uuids=instance_uuids,
            return_objects=return_objects,
            return_alternates=return_alternates,
        )
        return found

    async def update_aggregates(self, ctxt: RequestContext, aggregates: list[Aggregate]) -> None:
        """Fan-out cast: aggregates were made or changed."""
        client = self._client(version="4.1", fanout=True)
        await client.cast(ctxt, "update_aggregates", aggregates=aggregates)

    async def delete_aggregate(self, ctxt: RequestContext, aggregate: Aggregate) -> None:
        """Fan-out cast: an aggregate was deleted."""
        client = self._client(version="4.1", fanout=True)
        await client.cast(ctxt, "delete_aggregate", aggregate=aggregate)

    async def update_instance_info(
        self, ctxt: RequestContext, host_name: str, instance_info: list[Instance]
    ) -> None:
        """Fan-out cast: a host has servers that are new or have changed."""
        await self._tell(ctxt, "update_instance_info", host_name, instance_info=instance_info)

    async def delete_instance_info(
        self, ctxt: RequestContext, host_name: str, instance_uuid: str
    ) -> None:
        """Fan-out cast: a host has lost a server."""
        await self._tell(ctxt, "delete_instance_info", host_name, instance_uuid=instance_uuid)

    async def sync_instance_info(
        self, ctxt: RequestContext, host_name: str, instance_uuids: list[str]
    ) -> None:
        """Fan-out cast: the servers that a host has."""
        await self._tell(ctxt, "sync_instance_info", host_name, instance_uuids=instance_uuids)

    async def _tell(self, ctxt: RequestContext, method: str, host_name: str, **what: Any) -> None:
        client = self._client(version="4.2", fanout=True)
        await client.cast(ctxt, method, host_name=host_name, **what)

    def _client(self, **target: Any) -> RPCClient:
        if self.place.transport is None:
            raise RuntimeError("this service has no message bus")
        serializer = NovaObjectSerializer(self.place)
        return RPCClient(self.place.transport, Target(TOPIC, **target), serializer, self.timeout)

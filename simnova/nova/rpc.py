"""How Nova's services make their RPC clients and servers (`nova/rpc.py`)."""

from __future__ import annotations

from typing import Any

from simnova.messaging.rpc import RPCClient, RPCServer, Target, Transport
from simnova.nova.context import Place, RequestContext
from simnova.nova.objects.base import NovaObjectSerializer

__door__ = True


class ClientRouter:
    """A client on the message bus of whichever cell a context is targeted at; the service's own bus where at none."""

    def __init__(self, place: Place, target: Target, timeout: float) -> None:
        self.place = place
        self.target = target
        self.timeout = timeout
        self._clients: dict[Transport, RPCClient] = {}

    def client(self, context: RequestContext) -> RPCClient:
        """The client for that context."""
        transport = self.place.bus(context.mq_connection)
        if transport is None:
            raise RuntimeError("this service has no message bus")
        if transport not in self._clients:
            serializer = NovaObjectSerializer(self.place)
            self._clients[transport] = RPCClient(transport, self.target, serializer, self.timeout)
        return self._clients[transport]


def get_client(place: Place, target: Target, timeout: float) -> RPCClient:
    """A client on a service's own bus."""
    if place.transport is None:
        raise RuntimeError("this service has no message bus")
    return RPCClient(place.transport, target, NovaObjectSerializer(place), timeout)


def get_server(place: Place, target: Target, endpoints: list[Any]) -> RPCServer:
    """A server for a service's endpoints on its own bus."""
    if place.transport is None:
        raise RuntimeError("this service has no message bus")
    return RPCServer(place.transport, target, endpoints, NovaObjectSerializer(place))

"""RPC as oslo.messaging does it over RabbitMQ: what a service imports.

transport = Transport(broker, service)
RPCServer(transport, Target("conductor", server="conductor1"), [ConductorManager()]).start()
client = RPCClient(transport, Target("conductor"))
await client.call(ctxt, "ping")
"""

from simnova.messaging.client import RPCClient
from simnova.messaging.expected import expected_exceptions
from simnova.messaging.server import RPCServer
from simnova.messaging.target import NoOpSerializer, Serializer, Target
from simnova.messaging.transport import Transport

__all__ = [
    "NoOpSerializer",
    "RPCClient",
    "RPCServer",
    "Serializer",
    "Target",
    "Transport",
    "expected_exceptions",
]

"""The server's side of RPC (`oslo_messaging/rpc/server.py`, `dispatcher.py`).

A message is acknowledged before it is dispatched: a server that dies at work loses it. Each runs
as a task of its own. Where work takes a process time, a message waits for it unacknowledged.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

from simnova.kernel.journal import declare
from simnova.kernel.log import getLogger
from simnova.messaging.channels import Channel
from simnova.messaging.envelope import seal, serialize_remote_exception, unseal
from simnova.messaging.exceptions import NoSuchMethod, UnsupportedVersion
from simnova.messaging.expected import is_expected
from simnova.messaging.message import Delivery
from simnova.messaging.target import NoOpSerializer, Serializer, Target, compatible
from simnova.messaging.transport import TRANSIENT, Transport

if TYPE_CHECKING:
    from simnova.kernel.clock import Signal, Task

__door__ = True

LOG = getLogger("oslo_messaging.rpc.server")

REPLY = declare("rpc.reply", "a server replies to a call", ("body",))
ERROR = declare("rpc.error", "a method failed; a caller is told, a cast only logged", ("body",))
DUPLICATE = declare("rpc.duplicate", "a server dropped a message it had already had")

REMEMBERED = 16
"""How many unique ids a server keeps to recognise a duplicate (`DUP_MSG_CHECK_SIZE`)."""

Method = Callable[..., Awaitable[Any]]
Key = tuple[str | None, str, str]
"""What a method is found by: namespace, version, name."""


class RPCServer:
    """Serves the methods of `endpoints` under a topic: to all its servers by turns, to this one,
    and to all at once.

    An endpoint's own `target` gives its version and namespace; names with an underscore are
    private. `at_work` are the messages in hand, each as its task.
    """

    def __init__(
        self,
        transport: Transport,
        target: Target,
        endpoints: Sequence[object],
        serializer: Serializer | None = None,
    ) -> None:
        self.transport = transport
        self.target = target
        self.endpoints = list(endpoints)
        self.serializer = serializer or NoOpSerializer()
        self._seen: deque[str] = deque(maxlen=REMEMBERED)
        self._found: dict[Key, Method] = {}
        self._fanout_queue = f"{target.topic}_fanout_{transport.new_id()}"
        self._tags: list[str] = []
        self._working: set[str] = set()
        self.at_work: dict[Task, None] = {}

    def start(self) -> None:
        """Declare the queues and begin to listen."""
        self.transport.subscribe(self._declare)

    def stop(self) -> None:
        """Listen no longer; what runs goes on."""
        self.transport.unsubscribe(self._declare, self._tags)

    def _declare(self, channel: Channel) -> None:
        target, fanout = self.target, f"{self.target.topic}_fanout"
        durable = self.transport.durable
        channel.exchange_declare(target.exchange, "topic", durable=durable)
        for queue in (target.topic, f"{target.topic}.{target.server}"):
            channel.queue_declare(queue, durable=durable)
            channel.queue_bind(queue, target.exchange, queue)
        channel.exchange_declare(fanout, "fanout", auto_delete=True)
        channel.queue_declare(self._fanout_queue, arguments=TRANSIENT)
        channel.queue_bind(self._fanout_queue, fanout, target.topic)
        queues = (target.topic, f"{target.topic}.{target.server}", self._fanout_queue)
        self._tags = [channel.basic_consume(queue, self._incoming) for queue in queues]

    def _incoming(self, delivery: Delivery) -> None:
        """Take a message up, in a task of its own; at once where work takes a process no time."""
        transport, origin = self.transport, delivery.origin()
        if transport.clock.costs.charges(transport.service):
            work = self._take_up(delivery)
        else:
            message = self._received(delivery)
            if message is None:
                return
            work = self._dispatch(message)
        task = transport.clock.spawn(
            work,
            service=transport.service,
            cause=origin.cause,
            request_id=origin.request_id,
            background=origin.background,
        )
        self.at_work[task] = None
        task.callbacks.append(self._done)

    def _done(self, task: Signal) -> None:
        self.at_work.pop(cast("Task", task), None)

    def _received(self, delivery: Delivery) -> dict[str, Any] | None:
        """Acknowledge a message and read it; None for one that this server has had."""
        delivery.ack()
        message = unseal(delivery.message.body)
        unique_id = message["_unique_id"]
        origin, transport = delivery.origin(), self.transport
        if unique_id in self._seen:
            data = {"unique_id": unique_id, "queue": delivery.queue, "message": delivery.message.id}
            transport.clock.journal.record(
                DUPLICATE,
                data,
                actor=transport.service.name,
                cause=origin.cause,
                request_id=origin.request_id,
                background=origin.background,
            )
            return None
        self._seen.append(unique_id)
        self._watch_over(message, delivery)
        return message

    # --- dispatch --------------------------------------------------------------------------------

    async def _take_up(self, delivery: Delivery) -> None:
        """Receive and dispatch a message when the process has come to it, unless the broker has
        taken it back meanwhile.
        """
        taken: list[dict[str, Any] | None] = []

        def take() -> None:
            taken.append(self._received(delivery) if delivery.channel.is_open else None)

        costs, method = self.transport.clock.costs, unseal(delivery.message.body)["method"]
        await costs.request(self.transport.service, method, take)
        if taken[0] is not None:
            await self._dispatch(taken[0])

    async def _dispatch(self, message: dict[str, Any]) -> None:
        try:
            result = await self._run(message)
        except Exception as error:
            self._tell(message, error)
            answer = {"result": None, "failure": serialize_remote_exception(error)}
            await self._answer(ERROR, message, answer, {"error": type(error).__name__})
        else:
            if "_msg_id" in message:
                await self._answer(REPLY, message, {"result": result, "failure": None}, {})
        self._working.discard(message["_unique_id"])

    def _tell(self, message: dict[str, Any], error: Exception) -> None:
        """Log what a method has raised; it is being handled, so the line has its traceback."""
        if is_expected(self._found.get(_key(message)), error):
            LOG.debug("Expected exception during message handling ()")
        elif isinstance(error, NoSuchMethod) and message["method"].endswith("_ignore_errors"):
            LOG.debug("Method %s not found", message["method"])
        else:
            LOG.exception("Exception during message handling")

    async def _run(self, message: dict[str, Any]) -> Any:
        work = self._find(*_key(message))
        serializer = self.serializer
        values = {key[9:]: message[key] for key in message if key.startswith("_context_")}
        ctxt = serializer.deserialize_context(values)
        deserialize = serializer.deserialize_entity
        args = {name: deserialize(ctxt, value) for name, value in message["args"].items()}
        return serializer.serialize_entity(ctxt, await work(ctxt, **args))

    def _find(self, *key: *Key) -> Method:
        """The endpoint's method; raises `UnsupportedVersion`, or `NoSuchMethod` where only the
        name is missing.
        """
        if key not in self._found:
            self._found[key] = self._search(*key)
        return self._found[key]

    def _search(self, namespace: str | None, version: str, method: str) -> Method:
        targets = [(endpoint, getattr(endpoint, "target", Target())) for endpoint in self.endpoints]
        serving = [
            endpoint
            for endpoint, target in targets
            if target.namespace == namespace and compatible(target.version, version)
        ]
        if not serving:
            raise UnsupportedVersion(version=version, method=method)
        having = [endpoint for endpoint in serving if hasattr(endpoint, method)]
        if not having or method.startswith("_"):
            raise NoSuchMethod(method=method)
        found: Method = getattr(having[0], method)
        return found

    # --- the answer ------------------------------------------------------------------------------

    async def _answer(
        self, kind: str, message: dict[str, Any], answer: dict[str, Any], more: dict[str, Any]
    ) -> None:
        transport, msg_id = self.transport, message.get("_msg_id")
        text = _sealed(answer, msg_id, transport.new_id())
        data = {"method": message["method"], "to": message.get("_reply_q"), "msg_id": msg_id}
        transport.clock.journal.record(kind, {**data, "body": text, **more})
        if msg_id is not None:
            await transport.ready()
            transport.direct_send(message["_reply_q"], text)

    def _watch_over(self, message: dict[str, Any], delivery: Delivery) -> None:
        """Send a heartbeat every half of what the caller waits for one, while the call is at
        work.
        """
        interval = int(message.get("_timeout") or 0) / 2
        if interval >= 1:
            self._working.add(message["_unique_id"])
            self._later(interval, message, delivery)

    def _later(self, interval: float, message: dict[str, Any], delivery: Delivery) -> None:
        clock = self.transport.clock
        clock.after(interval, self._beat, interval, message, delivery, background=True)

    def _beat(self, interval: float, message: dict[str, Any], delivery: Delivery) -> None:
        transport = self.transport
        if message["_unique_id"] not in self._working or not transport.service.alive:
            return
        answer = {"result": None, "failure": None}
        text = _sealed(answer, message["_msg_id"], transport.new_id(), ending=False)
        if not transport.down:
            transport.direct_send(message["_reply_q"], text, delivery.origin())
        self._later(interval, message, delivery)


def _key(message: dict[str, Any]) -> Key:
    return message.get("namespace"), message.get("version", "1.0"), message["method"]


def _sealed(answer: dict[str, Any], msg_id: str | None, unique_id: str, ending: bool = True) -> str:
    return seal({**answer, "ending": ending, "_msg_id": msg_id, "_unique_id": unique_id})

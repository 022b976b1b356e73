"""Channels: AMQP's methods, under pika's names.

Declaring, binding, getting and acknowledging take no simulated time; messages do. A method that
waits for the broker's answer lets what the connection published before it arrive first, so order
holds.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Concatenate, NamedTuple, ParamSpec, TypeVar

from simnova.exceptions import UsageError
from simnova.messaging.consumers import Callback, Consumer, Holding
from simnova.messaging.exceptions import AMQPError, ConnectionClosedByBroker, refusal
from simnova.messaging.message import (
    NO_PROPERTIES,
    BasicProperties,
    Delivery,
    Message,
    Origin,
)
from simnova.messaging.queues import Queue

if TYPE_CHECKING:
    from simnova.messaging.amqp import Connection

__door__ = True

P = ParamSpec("P")
R = TypeVar("R")


class DeclareOk(NamedTuple):
    """The broker's answer to a queue's declaration."""

    queue: str
    message_count: int
    consumer_count: int


def synchronous(
    work: Callable[Concatenate[Channel, P], R],
) -> Callable[Concatenate[Channel, P], R]:
    """A method the client waits for: earlier publishes arrive first, and an error closes the
    channel.
    """

    @functools.wraps(work)
    def method(self: Channel, /, *args: P.args, **kwargs: P.kwargs) -> R:
        self.check_open()
        self.connection.outgoing.flush()
        self.check_open()
        try:
            return work(self, *args, **kwargs)
        except AMQPError as error:
            self.fail(error)
            raise

    return method


class Channel(Holding):
    """A session with the broker inside a connection. An error closes it; what was unacknowledged
    is requeued.
    """

    def __init__(self, connection: Connection, number: int) -> None:
        super().__init__(connection)
        self.number = number
        self.error: AMQPError | None = None
        self.returned: list[Message] = []
        self.cancelled: list[str] = []
        self._on_return: list[Callable[[Message], Any]] = []
        self._consumers_made = 0
        self._last_queue = ""

    def check_open(self) -> None:
        """Raise the broker's reason where it closed the channel, `UsageError` where its owner
        did.
        """
        if self.is_open:
            return
        raise self.error or UsageError(
            "this channel is closed: open another with connection.channel()"
        )

    # --- exchanges -------------------------------------------------------------------------------

    @synchronous
    def exchange_declare(
        self,
        exchange: str,
        exchange_type: str = "direct",
        passive: bool = False,
        durable: bool = False,
        auto_delete: bool = False,
        internal: bool = False,
        arguments: Mapping[str, Any] | None = None,
    ) -> None:
        """Make an exchange, or check that it is there just so (`passive`: that it is there)."""
        self.broker.declare_exchange(
            exchange, exchange_type, passive, durable, auto_delete, internal, arguments or {}
        )

    @synchronous
    def exchange_delete(self, exchange: str, if_unused: bool = False) -> None:
        """Delete an exchange; one that is not there is no error."""
        self.broker.delete_exchange(exchange, if_unused)

    # --- queues ----------------------------------------------------------------------------------

    @synchronous
    def queue_declare(
        self,
        queue: str = "",
        passive: bool = False,
        durable: bool = False,
        exclusive: bool = False,
        auto_delete: bool = False,
        arguments: Mapping[str, Any] | None = None,
    ) -> DeclareOk:
        """Make a queue, or check that it is there just so. Without a name the broker gives it
        one.
        """
        made = self.broker.declare_queue(
            self.connection, queue, passive, durable, exclusive, auto_delete, arguments or {}
        )
        self._last_queue = made.name
        return DeclareOk(made.name, len(made.ready), len(made.consumers))

    @synchronous
    def queue_bind(
        self,
        queue: str,
        exchange: str,
        routing_key: str = "",
        arguments: Mapping[str, Any] | None = None,
    ) -> None:
        """Have a queue get what an exchange sees under a routing key, or with certain headers."""
        self.broker.bind(self._find(queue), exchange, routing_key, arguments or {})

    @synchronous
    def queue_unbind(
        self,
        queue: str,
        exchange: str,
        routing_key: str = "",
        arguments: Mapping[str, Any] | None = None,
    ) -> None:
        """Undo a binding; one that is not there is no error."""
        self.broker.unbind(queue, exchange, routing_key, arguments or {})

    @synchronous
    def queue_delete(self, queue: str, if_unused: bool = False, if_empty: bool = False) -> int:
        """Delete a queue and return how many messages went with it; one that is not there is no
        error.
        """
        if queue not in self.broker.queues:
            return 0
        return self.broker.delete_queue(self._find(queue), if_unused, if_empty)

    @synchronous
    def queue_purge(self, queue: str) -> int:
        """Drop the ready messages of a queue and return how many they were."""
        return self.broker.purge_queue(self._find(queue))

    def _find(self, name: str) -> Queue:
        return self.broker.queue(name or self._last_queue, self.connection)

    # --- messages --------------------------------------------------------------------------------

    def basic_publish(
        self,
        exchange: str,
        routing_key: str,
        body: str | bytes,
        properties: BasicProperties | None = None,
        mandatory: bool = False,
    ) -> None:
        """Send a message to an exchange. From a service it travels; from outside, in a notebook,
        it is there at once.

        An unknown exchange closes the channel when the message arrives, as with RabbitMQ:
        publishing waits for nothing.
        """
        if not isinstance(body, str | bytes):
            raise UsageError(
                f"a body is text or bytes, not {type(body).__name__}: use json.dumps(…)"
            )
        own = copy.deepcopy(properties) if properties is not None else NO_PROPERTIES
        self.publish(exchange, routing_key, body, own, mandatory, None)

    def publish(
        self,
        exchange: str,
        routing_key: str,
        body: str | bytes,
        properties: BasicProperties,
        mandatory: bool,
        origin: Origin | None,
    ) -> None:
        """`basic_publish` for a caller that knows where the message comes from."""
        if not self.is_open:
            self.check_open()
        self.connection.publish(self, exchange, routing_key, body, properties, mandatory, origin)

    @synchronous
    def basic_get(self, queue: str = "", auto_ack: bool = False) -> Delivery | None:
        """Fetch the message at the head of a queue, None where it is empty."""
        return self.broker.get(self, self._find(queue), auto_ack)

    @synchronous
    def basic_consume(
        self,
        queue: str,
        on_message_callback: Callback,
        auto_ack: bool = False,
        exclusive: bool = False,
        consumer_tag: str | None = None,
    ) -> str:
        """Subscribe to a queue; the callback (or coroutine function) gets each `Delivery`.
        Returns the consumer's tag.
        """
        self._consumers_made += 1
        tag = consumer_tag or f"ctag{self.number}.{self._consumers_made}"
        if tag in self.consumers:
            raise refusal(530, f"attempt to reuse consumer tag '{tag}'")
        found = self._find(queue)
        consumer = Consumer(self, found, tag, on_message_callback, auto_ack, exclusive)
        found.add(consumer)
        self.consumers[tag] = consumer
        self.broker.pump(found)
        return tag

    @synchronous
    def basic_cancel(self, consumer_tag: str) -> None:
        """End a subscription; what it has not acknowledged stays with the channel."""
        consumer = self.consumers.pop(consumer_tag, None)
        if consumer is not None:
            self.broker.leave(consumer)

    @synchronous
    def basic_qos(
        self, prefetch_count: int = 0, global_qos: bool = False, prefetch_size: int = 0
    ) -> None:
        """How many unacknowledged messages each later consumer may hold; `global_qos`: the
        channel in all.
        """
        if prefetch_size:
            raise refusal(540, f"prefetch_size!=0 ({prefetch_size})")
        if global_qos:
            self.shared_prefetch = prefetch_count
            self._unblock()
        else:
            self.prefetch = prefetch_count

    @synchronous
    def basic_recover(self) -> None:
        """Give back all that is unacknowledged."""
        held = self._settle(0, True)
        self.broker.refused(held, True)
        self._pump(held)

    # --- returns and ends ------------------------------------------------------------------------

    def add_on_return_callback(self, callback: Callable[[Message], Any]) -> None:
        """Call it with each mandatory message that no queue wanted (312 NO_ROUTE); `returned`
        lists them too.
        """
        self._on_return.append(callback)

    def give_back(self, message: Message) -> None:
        """A mandatory message has come back."""
        self.returned.append(message)
        for callback in self._on_return:
            callback(message)

    def fail(self, error: AMQPError) -> None:
        """The broker closes the channel, or for a hard error the connection."""
        if isinstance(error, ConnectionClosedByBroker):
            self.connection.end(error)
        else:
            self.end(error)

    def close(self) -> None:
        """Close the channel; what is unacknowledged is requeued."""
        if self.is_open:
            self.connection.outgoing.flush()
        self.end(None)

    def end(self, error: AMQPError | None) -> None:
        """The end of the channel for whatever reason."""
        if not self.is_open:
            return
        self.is_open, self.error = False, error
        self.connection.channels.pop(self.number, None)
        consumers, self.consumers = list(self.consumers.values()), {}
        held = [self.release(tag) for tag in list(self.unacked)]
        for consumer in consumers:
            self.broker.leave(consumer)
        self.broker.refused(held, True)
        for queue in dict.fromkeys(one.queue for one in held):
            self.broker.pump(queue)

    def __repr__(self) -> str:
        state = "open" if self.is_open else f"closed {self.error or ''}".strip()
        counts = f"{len(self.consumers)} consumers, {len(self.unacked)} unacked"
        return f"<Channel {self.number} of {self.connection.name}, {state}, {counts}>"

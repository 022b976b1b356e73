"""Channels: AMQP's methods, under pika's names.

Declaring, binding, getting and acknowledging take no simulated time; messages do. A method that
waits for the broker's answer lets what the connection published before it arrive first, so order
holds.
"""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Concatenate, NamedTuple, ParamSpec, TypeVar

from simnova.exceptions import UsageError
from simnova.messaging.exceptions import AMQPError, ConnectionClosedByBroker, refusal
from simnova.messaging.message import (
    NO_PROPERTIES,
    BasicProperties,
    Delivery,
    Entry,
    Message,
    Origin,
)
from simnova.messaging.queues import Queue

if TYPE_CHECKING:
    from simnova.messaging.amqp import Connection

__door__ = True

P = ParamSpec("P")
R = TypeVar("R")
Callback = Callable[[Delivery], Any]


class DeclareOk(NamedTuple):
    """The broker's answer to a queue's declaration."""

    queue: str
    message_count: int
    consumer_count: int


class Consumer:
    """A subscription of a channel to a queue."""

    __slots__ = (
        "auto_ack", "blocked", "callback", "channel", "exclusive", "is_async", "prefetch",
        "queue", "tag", "unacked", )  # fmt: skip

    def __init__(
        self,
        channel: Channel,
        queue: Queue,
        tag: str,
        callback: Callback,
        auto_ack: bool,
        exclusive: bool,
    ) -> None:
        self.channel = channel
        self.queue = queue
        self.tag = tag
        self.callback = callback
        self.is_async = inspect.iscoroutinefunction(callback)
        self.auto_ack = auto_ack
        self.exclusive = exclusive
        self.prefetch = channel.prefetch
        self.unacked = 0
        self.blocked = False

    def can_take(self) -> bool:
        """Whether its prefetch, and that of its channel, has room."""
        if self.auto_ack:
            return True
        shared = self.channel.shared_prefetch
        if shared and self.channel.consumed >= shared:
            return False
        return not self.prefetch or self.unacked < self.prefetch


class Held(NamedTuple):
    """A message sent on a channel and not yet acknowledged."""

    queue: Queue
    entry: Entry
    consumer: Consumer | None
    delivery: Delivery


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


class Channel:
    """A session with the broker inside a connection. An error closes it; what was unacknowledged
    is requeued.
    """

    def __init__(self, connection: Connection, number: int) -> None:
        self.connection = connection
        self.broker = connection.broker
        self.number = number
        self.is_open = True
        self.error: AMQPError | None = None
        self.prefetch = 0
        self.shared_prefetch = 0
        self.consumed = 0
        self.consumers: dict[str, Consumer] = {}
        self.unacked: dict[int, Held] = {}
        self.returned: list[Message] = []
        self.cancelled: list[str] = []
        self._on_return: list[Callable[[Message], Any]] = []
        self._tag = 0
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

    # --- acknowledgements ------------------------------------------------------------------------

    def basic_ack(self, delivery_tag: int = 0, multiple: bool = False) -> None:
        """Acknowledge a delivery, or all up to it; 406 for a tag that is not open."""
        self.check_open()
        held = self._settle(delivery_tag, multiple)
        for one in held:
            self.broker.acked(self, one)
        self._pump(held)

    def basic_nack(
        self, delivery_tag: int = 0, multiple: bool = False, requeue: bool = True
    ) -> None:
        """Refuse a delivery, or all up to it: back into the queue, or dropped (dead-lettered
        where it is set up).
        """
        self.check_open()
        held = self._settle(delivery_tag, multiple)
        self.broker.refused(self, held, requeue)
        self._pump(held)

    def basic_reject(self, delivery_tag: int, requeue: bool = True) -> None:
        """Refuse one delivery."""
        self.basic_nack(delivery_tag, requeue=requeue)

    @synchronous
    def basic_recover(self) -> None:
        """Give back all that is unacknowledged."""
        held = self._settle(0, True)
        self.broker.refused(self, held, True)
        self._pump(held)

    def hold(
        self, queue: Queue, entry: Entry, consumer: Consumer | None, auto_ack: bool
    ) -> Delivery:
        """Give a message of a queue the channel's next delivery tag, and hold it until it is
        acknowledged.
        """
        self._tag += 1
        delivery = Delivery(self, consumer, self._tag, queue.name, entry)
        if not auto_ack:
            self.unacked[self._tag] = Held(queue, entry, consumer, delivery)
            queue.unacked[entry] = None
            if consumer is not None:
                consumer.unacked += 1
                self.consumed += 1
        return delivery

    def _settle(self, tag: int, multiple: bool) -> list[Held]:
        tags = (
            [open_tag for open_tag in self.unacked if open_tag <= tag or tag == 0]
            if multiple
            else [tag]
        )
        if tag not in self.unacked and not (multiple and tag == 0):
            error = refusal(406, f"unknown delivery tag {tag}")
            self.fail(error)
            raise error
        return [self.release(tag) for tag in tags]

    def release(self, tag: int) -> Held:
        """Hold a message no longer."""
        held = self.unacked.pop(tag)
        held.queue.unacked.pop(held.entry, None)
        if held.consumer is not None:
            held.consumer.unacked -= 1
            self.consumed -= 1
        return held

    def _pump(self, held: list[Held]) -> None:
        self._unblock()
        for queue in dict.fromkeys(one.queue for one in held):
            if queue.ready:
                self.broker.pump(queue)

    def _unblock(self) -> None:
        for consumer in self.consumers.values():
            if consumer.blocked and consumer.can_take():
                consumer.queue.rejoin(consumer)
                self.broker.pump(consumer.queue)

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
        self.broker.refused(self, held, True)
        for queue in dict.fromkeys(one.queue for one in held):
            self.broker.pump(queue)

    def __repr__(self) -> str:
        state = "open" if self.is_open else f"closed {self.error or ''}".strip()
        counts = f"{len(self.consumers)} consumers, {len(self.unacked)} unacked"
        return f"<Channel {self.number} of {self.connection.name}, {state}, {counts}>"

"""A message, what it carries, and how it reaches a consumer."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from simnova.messaging.channels import Channel
    from simnova.messaging.consumers import Consumer

__door__ = True

PERSISTENT = 2
"""The delivery mode of messages that survive a restart of the broker in a durable queue."""


@dataclass(frozen=True, slots=True)
class BasicProperties:
    """What AMQP carries beside the body. `expiration` is in milliseconds and, as in AMQP, a
    string.
    """

    headers: dict[str, Any] = field(default_factory=dict)
    delivery_mode: int = 1
    expiration: str | None = None
    content_type: str | None = None
    correlation_id: str | None = None
    reply_to: str | None = None
    message_id: str | None = None
    type: str | None = None
    app_id: str | None = None


NO_PROPERTIES = BasicProperties()


class Origin(NamedTuple):
    """Where a message comes from, for the journal only: it travels
    beside the message, not in it.
    """

    cause: int | None
    request_id: str | None
    background: bool


class Message:
    """One message on its way. Nobody holds a part of it that someone else could change."""

    __slots__ = (
        "body",
        "exchange",
        "id",
        "mandatory",
        "origin",
        "properties",
        "routing_key",
        "sender",
    )

    def __init__(
        self,
        id: str,
        exchange: str,
        routing_key: str,
        body: str | bytes,
        properties: BasicProperties,
        mandatory: bool,
        sender: str,
        origin: Origin,
    ) -> None:
        self.id = id
        self.exchange = exchange
        self.routing_key = routing_key
        self.body = body
        self.properties = properties
        self.mandatory = mandatory
        self.sender = sender
        self.origin = origin

    @property
    def size(self) -> int:
        """The length of the body in bytes."""
        body = self.body
        return len(body) if isinstance(body, bytes) or body.isascii() else len(body.encode())

    def __repr__(self) -> str:
        way = f"to exchange '{self.exchange}' key '{self.routing_key}'"
        return f"<Message {self.id} {way}, {self.size} bytes>"


class Entry:
    """A message in one queue: its place there, until when it lives, and the event that put it
    there.
    """

    __slots__ = ("cause", "expires", "message", "position", "redelivered")

    def __init__(
        self, message: Message, position: int, expires: float | None, cause: int | None
    ) -> None:
        self.message = message
        self.position = position
        self.expires = expires
        self.cause = cause
        self.redelivered = False


class Delivery:
    """What a consumer gets: the message under a delivery tag of its channel, to be acknowledged
    there.

    `event` is the number of the journal's event of the delivery, the cause of all that follows
    from it.
    """

    __slots__ = ("channel", "consumer", "delivery_tag", "event", "message", "queue", "redelivered")

    def __init__(
        self, channel: Channel, consumer: Consumer | None, tag: int, queue: str, entry: Entry
    ) -> None:
        self.channel = channel
        self.consumer = consumer
        self.delivery_tag = tag
        self.queue = queue
        self.message = entry.message
        self.redelivered = entry.redelivered
        self.event: int | None = None

    @property
    def body(self) -> str | bytes:
        """The body as it was published."""
        return self.message.body

    @property
    def exchange(self) -> str:
        """The exchange it was published to."""
        return self.message.exchange

    @property
    def routing_key(self) -> str:
        """The routing key it was published with."""
        return self.message.routing_key

    @property
    def headers(self) -> dict[str, Any]:
        """A copy of the headers, the receiver's own."""
        return copy.deepcopy(self.message.properties.headers)

    @property
    def properties(self) -> BasicProperties:
        """The properties; `headers` is a copy."""
        return copy.deepcopy(self.message.properties)

    def json(self) -> Any:
        """The body read as JSON."""
        return json.loads(self.message.body)

    def origin(self) -> Origin:
        """The origin of what this delivery causes."""
        return Origin(self.event, self.message.origin.request_id, self.message.origin.background)

    def ack(self, multiple: bool = False) -> None:
        """Acknowledge it: the broker forgets it."""
        self.channel.basic_ack(self.delivery_tag, multiple)

    def nack(self, multiple: bool = False, requeue: bool = True) -> None:
        """Give it back, or have it dropped (or dead-lettered) with `requeue=False`."""
        self.channel.basic_nack(self.delivery_tag, multiple, requeue)

    def reject(self, requeue: bool = True) -> None:
        """As `nack`, for this one only."""
        self.channel.basic_reject(self.delivery_tag, requeue)

    def __repr__(self) -> str:
        again = " again" if self.redelivered else ""
        return f"<Delivery {self.delivery_tag} from queue '{self.queue}'{again}: {self.body!r}>"


class Passage(NamedTuple):
    """A message about to pass: from its publisher to the broker, or from a queue of the broker to
    a consumer.
    """

    stage: Literal["publish", "deliver"]
    message: Message
    broker: str
    client: str
    queue: str | None


class Verdict(NamedTuple):
    """What an interceptor does to a message: lose it, hold it up for some seconds, or pass it
    several times.

    On its way to the broker it can be taken `aside`: what is sent after it passes it, and it goes
    on when the function that `aside` is given is called.
    """

    lose: bool = False
    delay: float = 0.0
    copies: int = 1
    reason: str = "lost"
    aside: Callable[[Callable[[], None]], None] | None = None


Interceptor = Callable[[Passage], "Verdict | None"]
"""Asked at each passage; None or `PASS` leaves it to the next one."""

PASS = Verdict()

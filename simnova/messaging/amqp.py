"""The AMQP 0-9-1 model, as RabbitMQ behaves: a broker, its exchanges and its queues.

    broker = Broker(Clock())
    channel = broker.connect("me").channel()
    channel.queue_declare("hello")
    channel.basic_publish("", "hello", "Hello World!")
    channel.basic_get("hello")

Messages take time to the broker and from it to a consumer, and keep their order on each connection.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from simnova.kernel.clock import Between, Service
from simnova.kernel.journal import SOUGHT, declare
from simnova.kernel.service import SERVICE_CRASH, SERVICE_START, SERVICE_STOP
from simnova.messaging.channels import Channel
from simnova.messaging.connections import Connection
from simnova.messaging.consumers import Consumer, Held
from simnova.messaging.dead_letters import DEAD_LETTERS, dead_letter, goes_round
from simnova.messaging.exceptions import AMQPError, refusal
from simnova.messaging.message import (
    PASS,
    BasicProperties,
    Delivery,
    Entry,
    Interceptor,
    Message,
    Origin,
    Passage,
    Verdict,
)
from simnova.messaging.queues import Queue, check_expiration
from simnova.messaging.topology import Topology

if TYPE_CHECKING:
    from simnova.kernel.clock import Clock

__door__ = True
__all__ = ["BasicProperties", "Broker", "Channel", "Connection", "Delivery", "Passage", "Verdict"]

PUBLISH = declare("amqp.publish", "a message reached the broker, which put it into these queues")
DELIVER = declare("amqp.deliver", "a message reached a consumer")
ACK = declare("amqp.ack", "a consumer acknowledged a message: the broker forgets it")
REQUEUE = declare("amqp.requeue", "a message went back to its place in the queue")
DROP = declare("amqp.drop", "a message came to an end without being acknowledged")
RETURN = declare(
    "amqp.return", "a mandatory message that no queue wanted went back to its publisher"
)

LATENCY = Between(0.0002, 0.001)
"""Seconds between a client and the broker, one way, in one data centre."""


class Broker(Topology):
    """A RabbitMQ: it routes messages, keeps them in queues and hands them to consumers.

    `interceptors` are asked at each message's way to the broker and at its way to a consumer.
    """

    def __init__(self, clock: Clock, name: str = "rabbitmq", latency: Between = LATENCY) -> None:
        super().__init__(clock, name)
        self.interceptors: list[Interceptor] = []
        self.connections: dict[Connection, None] = {}
        self.at_start: list[Callable[[], None]] = []
        self.is_up = True
        self.ended: int | None = None
        self._among = latency
        self._handling: Delivery | None = None
        self._messages = 0

    def connect(self, client: str | Service) -> Connection:
        """Open a connection for a service, or for a new one of that name. Raises `AMQPError` while
        the broker is down.
        """
        if not self.is_up:
            raise AMQPError("[Errno 111] Connection refused")
        service = self.clock.start(client) if isinstance(client, str) else client
        if not self.clock.network.passes(service.name, self.name):
            raise AMQPError("[Errno 110] ETIMEDOUT")
        connection = Connection(self, service)
        self.connections[connection] = None
        return connection

    # --- the way to the broker -------------------------------------------------------------------

    def next_id(self) -> str:
        """A name for a message: the broker's and a number."""
        self._messages += 1
        return f"{self.name}.{self._messages}"

    def origin(self) -> Origin | None:
        """Where what is published now comes from; None from outside the running clock."""
        task = self.clock.active
        if task is not None:
            return Origin(task.latest, task.request_id, task.background)
        return None if self._handling is None else self._handling.origin()

    def latency(self, client: str) -> float:
        """Seconds for one way between a client and the broker."""
        seconds: float = self.clock.choose("amqp", client, among=self._among)
        return seconds

    def judge(
        self, stage: Literal["publish", "deliver"], message: Message, client: str, queue: str | None
    ) -> Verdict:
        """What the interceptors do to a message: the first that minds decides."""
        for interceptor in self.interceptors:
            verdict = interceptor(Passage(stage, message, self.name, client, queue))
            if verdict is not None and verdict is not PASS:
                return verdict
        return PASS

    def arrived(self, channel: Channel, message: Message) -> None:
        """A message comes in from the wire: an error closes its channel, and nobody is there to
        be told.
        """
        if channel.connection.cut or channel.error is not None:
            self.lost(message, "the connection or channel is closed", None)
            return
        try:
            self.accept(channel, message, SOUGHT if channel.connection.outgoing.flushed else None)
        except AMQPError:
            return

    def accept(self, channel: Channel, message: Message, where: str | None = SOUGHT) -> None:
        """Route a message into its queues; raises 403, 404 or 406 after closing the channel."""
        try:
            queues = self.route(message)
        except AMQPError as error:
            self.lost(message, error.reply_text, None)
            channel.fail(error)
            raise
        origin = message.origin
        data = {
            "exchange": message.exchange,
            "routing_key": message.routing_key,
            "queues": [queue.name for queue in queues],
            "message": message.id,
            "size": message.size,
        }
        cause = self._note(PUBLISH, data, self.name, origin, where)
        for queue in queues:
            queue.put(message, cause, self._send, self.bury)
        if not queues:
            self._unroutable(channel, message, Origin(cause, *origin[1:]))

    def route(self, message: Message) -> list[Queue]:
        """The queues a message goes to; raises 403, 404 or 406 where it may not be published."""
        exchange = self.exchange(message.exchange)
        if exchange.internal:
            raise refusal(
                403, f"cannot publish to internal exchange '{exchange.name}' in vhost '/'"
            )
        if message.properties.expiration is not None:
            check_expiration(message.properties.expiration)
        return exchange.route(message)

    def _unroutable(self, channel: Channel, message: Message, origin: Origin) -> None:
        if not message.mandatory:
            self._note(DROP, {"message": message.id, "reason": "unroutable"}, self.name, origin)
            return
        data = {
            "message": message.id,
            "exchange": message.exchange,
            "routing_key": message.routing_key,
            "reply_code": 312,
            "reply_text": "NO_ROUTE",
        }
        self._note(RETURN, data, self.name, origin)
        if channel.is_open:
            way = channel.connection.incoming
            way.send(self.latency(message.sender), origin.background, channel.give_back, message)

    # --- the way to the consumer -----------------------------------------------------------------

    def pump(self, queue: Queue) -> None:
        """Hand out what a queue has ready, as long as consumers can take it."""
        queue.pump(self._send, self.bury)

    def _send(self, queue: Queue, entry: Entry, consumer: Consumer) -> None:
        client = consumer.channel.connection
        verdict = self.judge("deliver", entry.message, client.name, queue.name)
        if verdict.lose:
            self.lost(entry.message, verdict.reason, queue.name)
            return
        late = verdict.delay + self.clock.network.late(client.name)
        seconds = self.latency(client.name) + late
        background = entry.message.origin.background
        for _ in range(verdict.copies):
            delivery = consumer.channel.hold(queue, entry, consumer, consumer.auto_ack)
            client.incoming.send(seconds, background, self._deliver, delivery, entry)

    def _deliver(self, delivery: Delivery, entry: Entry) -> None:
        channel, consumer = delivery.channel, delivery.consumer
        if consumer is None or not channel.is_open or not channel.connection.service.alive:
            if consumer is not None and consumer.auto_ack:
                self.lost(delivery.message, "the consumer is gone", delivery.queue)
            return
        self._delivered(delivery, entry, None)
        if not channel.is_open:
            return
        if consumer.is_async:
            self._start(consumer, delivery)
        else:
            self._call(consumer, delivery)

    def _delivered(self, delivery: Delivery, entry: Entry, where: str | None = SOUGHT) -> None:
        data = {
            "queue": delivery.queue,
            "message": delivery.message.id,
            "redelivered": delivery.redelivered,
        }
        if delivery.consumer is not None and delivery.consumer.auto_ack:
            data["auto_ack"] = True
        origin = delivery.message.origin
        actor = delivery.channel.connection.name
        delivery.event = self.clock.journal.record(
            DELIVER,
            data,
            actor=actor,
            cause=entry.cause,
            background=origin.background,
            request_id=origin.request_id,
            where=where,
        ).seq

    def _start(self, consumer: Consumer, delivery: Delivery) -> None:
        origin = delivery.message.origin
        self.clock.spawn(
            consumer.callback(delivery),
            service=consumer.channel.connection.service,
            cause=delivery.event,
            request_id=origin.request_id,
            background=origin.background,
        )

    def _call(self, consumer: Consumer, delivery: Delivery) -> None:
        outer, self._handling = self._handling, delivery
        try:
            consumer.callback(delivery)
        finally:
            self._handling = outer

    def get(self, channel: Channel, queue: Queue, auto_ack: bool) -> Delivery | None:
        """Hand the message at the head of a queue to a channel that asked for it."""
        queue.used = self.clock.now
        entry = queue.take(self.bury)
        if entry is None:
            return None
        delivery = channel.hold(queue, entry, None, auto_ack)
        self._delivered(delivery, entry)
        return delivery

    # --- what becomes of a message ---------------------------------------------------------------

    def acked(self, held: Held) -> None:
        """Forget a message."""
        data = {"queue": held.queue.name, "message": held.entry.message.id}
        self._note(ACK, data, held.delivery.channel.connection.name, held.delivery.origin())

    def refused(self, held: list[Held], requeue: bool) -> None:
        """Take messages back into their queues, or bury them."""
        for queue, entry, _, delivery in held:
            if requeue and not queue.deleted:
                queue.requeue(entry)
                data = {"queue": queue.name, "message": entry.message.id}
                entry.cause = self._note(
                    REQUEUE,
                    data,
                    self.name,
                    self._why(entry) if delivery.event is None else delivery.origin(),
                )
            else:
                self.bury(queue, entry, "queue deleted" if queue.deleted else "rejected")

    def lost(self, message: Message, reason: str, queue: str | None) -> None:
        """Note the end of a message that never came where it was going."""
        data = {"message": message.id, "reason": reason}
        self._note(DROP, {"queue": queue, **data} if queue else data, self.name, message.origin)

    def dropped(self, queue: Queue, entry: Entry, reason: str) -> int | None:
        """Note the end of a message in a queue."""
        data = {"queue": queue.name, "message": entry.message.id, "reason": reason}
        return self._note(DROP, data, self.name, self._why(entry))

    def bury(self, queue: Queue, entry: Entry, reason: str) -> None:
        """Drop a message, into the dead-letter exchange where its queue has one."""
        cause = self.dropped(queue, entry, reason)
        exchange = self.exchanges.get(queue.arguments.get("x-dead-letter-exchange", "no such"))
        if exchange is None or reason not in DEAD_LETTERS:
            return
        origin = Origin(cause, *entry.message.origin[1:])
        letter = dead_letter(self.next_id(), queue, entry.message, reason, origin)
        wanted = [q for q in exchange.route(letter) if not goes_round(letter, q)]
        data = {
            "exchange": letter.exchange,
            "routing_key": letter.routing_key,
            "queues": [q.name for q in wanted],
            "message": letter.id,
            "size": letter.size,
        }
        published = self._note(PUBLISH, data, self.name, origin)
        for target in wanted:
            target.put(letter, published, self._send, self.bury)
        if not wanted:
            self.lost(letter, "unroutable", None)

    def _why(self, entry: Entry) -> Origin:
        return Origin(entry.cause, *entry.message.origin[1:])

    def _note(
        self,
        kind: str,
        data: dict[str, Any],
        actor: str,
        origin: Origin,
        where: str | None = SOUGHT,
    ) -> int | None:
        return self.clock.journal.record(
            kind,
            data,
            actor=actor,
            cause=origin.cause,
            background=origin.background,
            request_id=origin.request_id,
            where=where,
        ).seq

    # --- the end, and a new beginning ------------------------------------------------------------

    def restart(self) -> None:
        """Restart the broker: connections are cut, durable queues keep their persistent messages,
        the rest is gone.
        """
        self._cut(_SHUTDOWN)

    def stop(self, cause: int | None = None) -> None:
        """Stop it in good order; nobody can connect until it starts again."""
        self._end(SERVICE_STOP, _SHUTDOWN, cause)

    def crash(self, cause: int | None = None) -> None:
        """Kill it: clients notice that their sockets are closed. What was kept is as after a stop."""
        self._end(SERVICE_CRASH, AMQPError("Socket closed"), cause)

    def start(self, cause: int | None = None) -> None:
        """Start it again with what survived; clients come back when they next try."""
        self.clock.journal.record(SERVICE_START, {}, actor=self.name, cause=cause)
        self.is_up = True
        for expect in self.at_start:
            expect()

    def miss(self, connection: Connection) -> None:
        """Give a connection up whose client sends no heartbeats; the client notices the same."""
        listeners, connection.on_lost = connection.on_lost, []
        connection.end(_MISSED)
        for action in listeners:
            action(_MISSED)

    def _end(self, kind: str, reason: AMQPError, cause: int | None) -> None:
        self.ended = self.clock.journal.record(kind, {}, actor=self.name, cause=cause).seq
        self.is_up = False
        self._cut(reason)

    def _cut(self, reason: AMQPError) -> None:
        cut = list(self.connections)
        for connection in cut:
            connection.cut = True
            listeners, connection.on_lost = connection.on_lost, []
            connection.end(reason)
            connection.on_lost = listeners
        self.forget_transient()
        for connection in cut:
            for action in connection.on_lost:
                action(reason)


_SHUTDOWN = refusal(320, "broker forced connection closure with reason 'shutdown'")

_MISSED = AMQPError("Too many heartbeats missed")

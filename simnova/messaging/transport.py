"""A service's connection to a message bus: sending, listening, and the replies it waits for.

`oslo_messaging/_drivers/amqpdriver.py` and `impl_rabbit.py`: one reply queue for the whole
process, messages marked persistent, a call's message living no longer than its caller waits,
reply and fan-out queues going after half an hour without a consumer
(`rabbit_transient_queues_ttl`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from simnova.messaging.channels import Channel
from simnova.messaging.envelope import unseal
from simnova.messaging.exceptions import AMQPError
from simnova.messaging.message import PERSISTENT, BasicProperties, Delivery, Origin

if TYPE_CHECKING:
    from simnova.kernel.clock import Service, Signal
    from simnova.messaging.amqp import Broker

__door__ = True

TRANSIENT = {"x-expires": 1_800_000}
"""Reply and fan-out queues: deleted after half an hour of disuse."""

RECONNECT_DELAY = 1.0
"""Seconds until a service comes back after the broker cut it off (`kombu_reconnect_delay`)."""

Reply = tuple[Delivery, dict[str, Any]]


class Transport:
    """One service's way to one bus. It dies with the service, and comes back by itself when the
    broker does.
    """

    def __init__(self, broker: Broker, service: Service) -> None:
        self.broker = broker
        self.service = service
        self.clock = broker.clock
        self.down: Signal | None = None
        self._ids = self.clock.rng("rpc", broker.name, service.name)
        self._reply_q: str | None = None
        self._waiting: dict[str, Signal] = {}
        self._subscriptions: list[Callable[[Channel], None]] = []
        self._properties: dict[float | None, BasicProperties] = {}
        self._connect()

    def _connect(self) -> None:
        self.connection = self.broker.connect(self.service)
        self.connection.on_lost.append(self._lost)
        self._listening = self.connection.channel()
        self._sending = self.connection.channel()

    def new_id(self) -> str:
        """An id as `uuid4().hex` gives it, from the service's own stream."""
        bits = self._ids.getrandbits(128)
        return f"{bits & _NOT_VERSION | _VERSION_4:032x}"

    # --- listening -------------------------------------------------------------------------------

    def subscribe(self, declare: Callable[[Channel], None]) -> None:
        """Declare and consume with `declare(channel)`, now and after each reconnection."""
        self._subscriptions.append(declare)
        declare(self._listening)

    def unsubscribe(self, declare: Callable[[Channel], None], tags: list[str]) -> None:
        """Consume no longer."""
        self._subscriptions.remove(declare)
        for tag in tags:
            self._listening.basic_cancel(tag)

    def reply_queue(self) -> str:
        """The queue in which this process gets its replies, made when it first asks for one."""
        if self._reply_q is None:
            self._reply_q = f"reply_{self.new_id()}"
            self.subscribe(self._declare_reply_queue)
        return self._reply_q

    def _declare_reply_queue(self, channel: Channel) -> None:
        queue = channel.queue_declare(self._reply_q or "", arguments=TRANSIENT).queue
        channel.basic_consume(queue, self._replied)

    def _replied(self, delivery: Delivery) -> None:
        delivery.ack()
        reply = unseal(delivery.message.body)
        signal = self._waiting.get(reply["_msg_id"])
        if signal is not None and not signal.triggered:
            signal.succeed((delivery, reply))

    def listen(self, msg_id: str) -> Signal:
        """A signal that succeeds with the next reply to a message."""
        signal = self._waiting[msg_id] = self.clock.signal()
        return signal

    def unlisten(self, msg_id: str) -> None:
        """Nobody waits for that reply any more."""
        self._waiting.pop(msg_id, None)

    # --- sending ---------------------------------------------------------------------------------

    def topic_send(
        self, exchange: str, topic: str, text: str, timeout: float | None = None
    ) -> None:
        """Send to the queue of a topic; it lives as long as its sender waits, in seconds."""
        if exchange not in self.broker.exchanges:
            self._channel().exchange_declare(exchange, "topic")
        self._send(exchange, topic, text, timeout, False, None)

    def fanout_send(self, topic: str, text: str) -> None:
        """Send to every server of a topic."""
        exchange = f"{topic}_fanout"
        if exchange not in self.broker.exchanges:
            self._channel().exchange_declare(exchange, "fanout", auto_delete=True)
        self._send(exchange, "", text, None, False, None)

    def direct_send(self, queue: str, text: str, origin: Origin | None = None) -> None:
        """Send a reply to the queue of that name."""
        self._send("", queue, text, None, True, origin)

    def _send(
        self,
        exchange: str,
        key: str,
        text: str,
        timeout: float | None,
        mandatory: bool,
        origin: Origin | None,
    ) -> None:
        properties = self._properties.get(timeout)
        if properties is None:
            expiration = None if timeout is None else str(int(timeout * 1000))
            properties = self._properties[timeout] = BasicProperties(
                delivery_mode=PERSISTENT, expiration=expiration, content_type="application/json"
            )
        self._channel().publish(exchange, key, text, properties, mandatory, origin)

    def _channel(self) -> Channel:
        if not self._sending.is_open and self.connection.is_open:
            self._sending = self.connection.channel()
        return self._sending

    # --- when the broker goes --------------------------------------------------------------------

    async def ready(self) -> None:
        """Wait until the bus can be reached."""
        while self.down is not None:
            await self.clock.wait(self.down)

    def _lost(self, error: AMQPError) -> None:
        if self.down is None and self.service.alive:
            self.down = self.clock.signal()
            self.clock.after(RECONNECT_DELAY, self._reconnect)

    def _reconnect(self) -> None:
        if not self.service.alive:
            return
        self._connect()
        for declare in self._subscriptions:
            declare(self._listening)
        signal, self.down = self.down, None
        if signal is not None:
            signal.succeed()


_VERSION_4 = 0x4 << 76 | 0x8 << 60
_NOT_VERSION = ~(0xF << 76 | 0xC << 60)

"""A service's connection to a message bus: sending, listening, and the replies it waits for.

`oslo_messaging/_drivers/amqpdriver.py` and `impl_rabbit.py`: one reply queue for the whole
process, messages marked persistent, a call's message living no longer than its caller waits,
reply and fan-out queues going after half an hour without a consumer
(`rabbit_transient_queues_ttl`).
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from simnova.kernel.log import getLogger
from simnova.messaging.channels import Channel
from simnova.messaging.envelope import unseal
from simnova.messaging.exceptions import AMQPError
from simnova.messaging.message import PERSISTENT, BasicProperties, Delivery, Message, Origin

if TYPE_CHECKING:
    from simnova.kernel.clock import Service, Signal
    from simnova.messaging.amqp import Broker
    from simnova.messaging.connections import Connection

__door__ = True

LOG = getLogger("oslo.messaging._drivers.impl_rabbit")
DRIVER_LOG = getLogger("oslo_messaging._drivers.amqpdriver")

TRANSIENT = {"x-expires": 1_800_000}
"""Reply and fan-out queues: deleted after half an hour of disuse."""

RECONNECT_DELAY = 1.0
"""Seconds until a service first tries to come back, and more before each later try (`kombu_reconnect_delay`)."""

RETRY_INTERVAL, RETRY_BACKOFF, INTERVAL_MAX = 1.0, 2.0, 30.0
"""Seconds between further tries: the first, by how many they grow, and the longest (`rabbit_retry_interval`,
`rabbit_retry_backoff`, `rabbit_interval_max`).
"""

HEARTBEAT = 60.0
"""Seconds without a heartbeat after which a connection is given up (`heartbeat_timeout_threshold`)."""

RESEND = 0.25
"""Seconds until a reply is sent again whose queue was not there."""

ABANDON = 60.0
"""Seconds after which such a reply is given up (`kombu_missing_consumer_retry_timeout`)."""

Reply = tuple[Delivery, dict[str, Any]]


class Transport:
    """One service's way to one bus. It dies with the service, and comes back by itself when the
    broker does.
    """

    def __init__(self, broker: Broker, service: Service, durable: bool = False) -> None:
        self.broker = broker
        self.service = service
        self.durable = durable
        self.clock = broker.clock
        self._down = False
        self._ids = self.clock.rng("rpc", broker.name, service.name)
        self._reply_q: str | None = None
        self._waiting: dict[str, Signal] = {}
        self._subscriptions: list[Callable[[Channel], None]] = []
        self._properties: dict[float | None, BasicProperties] = {}
        self._stranded: list[Signal] = []
        self._unconfirmed: list[Message] = []
        self._deadlines: dict[str | bytes, float] = {}
        self._next_try = 0.0
        broker.at_start.append(self.expect)
        self.clock.network.watchers.append(self._watch)
        try:
            self._connect()
        except AMQPError as error:
            self._begin_to_come_back(error)

    def _connect(self) -> None:
        self.connection = self.broker.connect(self.service)
        self.connection.on_lost.append(self._lost)
        self._listening = self.connection.channel()
        self._sending = self._sender()

    def _sender(self) -> Channel:
        channel = self.connection.channel()
        channel.add_on_return_callback(self._undeliverable)
        return channel

    @property
    def down(self) -> bool:
        """Whether nothing can be sent: there is no connection, or nothing passes on it."""
        return self._down or not self.clock.network.passes(self.service.name, self.broker.name)

    def new_id(self) -> str:
        """An id as `uuid4().hex` gives it, from the service's own stream."""
        bits = self._ids.getrandbits(128)
        return f"{bits & _NOT_VERSION | _VERSION_4:032x}"

    # --- listening -------------------------------------------------------------------------------

    def subscribe(self, declare: Callable[[Channel], None]) -> None:
        """Declare and consume with `declare(channel)`, now and after each reconnection."""
        self._subscriptions.append(declare)
        if not self.down:
            declare(self._listening)

    def unsubscribe(self, declare: Callable[[Channel], None], tags: list[str]) -> None:
        """Consume no longer."""
        self._subscriptions.remove(declare)
        for tag in tags if not self.down else ():
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
        else:
            self._spawn(self._nobody_waits(reply["_msg_id"]), delivery.origin())

    async def _nobody_waits(self, msg_id: str) -> None:
        """A reply came too late, or twice."""
        DRIVER_LOG.info("No calling threads waiting for msg_id : %s", msg_id)

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
        self._send(exchange, topic, text, timeout, False, None)

    def fanout_send(self, topic: str, text: str) -> None:
        """Send to every server of a topic."""
        self._send(f"{topic}_fanout", "", text, None, False, None)

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
        self._channel(exchange).publish(exchange, key, text, properties, mandatory, origin)

    def _channel(self, exchange: str) -> Channel:
        """The channel to send on, with the exchange to send to."""
        if not self._sending.is_open and self.connection.is_open:
            self._sending = self._sender()
        if exchange not in self.broker.exchanges:
            fanout = exchange.endswith("_fanout")
            kind, durable = ("fanout", False) if fanout else ("topic", self.durable)
            self._sending.exchange_declare(exchange, kind, durable=durable, auto_delete=fanout)
        return self._sending

    # --- when nobody has the queue of a reply ------------------------------------------------------

    def _undeliverable(self, message: Message) -> None:
        """A reply came back (312 NO_ROUTE): its receiver may still be on its way back to the bus."""
        self._spawn(self._send_again(message), message.origin)

    def _spawn(self, coro: Coroutine[Any, Any, None], origin: Origin) -> None:
        cause, request_id, background = origin
        self.clock.spawn(
            coro,
            service=self.service,
            cause=cause,
            request_id=request_id,
            background=background,
        )

    async def _send_again(self, message: Message) -> None:
        deadline = self._deadlines.setdefault(message.body, self.clock.now + ABANDON)
        if self.clock.now >= deadline:
            del self._deadlines[message.body]
            DRIVER_LOG.error(
                "The reply %s failed to send after %d seconds due to a missing queue (%s). Abandoning...",
                *(unseal(message.body)["_msg_id"], ABANDON, message.routing_key),
            )
            return
        await self.clock.sleep(RESEND)
        await self.ready()
        self.direct_send(message.routing_key, str(message.body))

    # --- when the broker goes --------------------------------------------------------------------

    async def ready(self, timeout: float | None = None) -> None:
        """Wait until the bus can be reached; raises `Expired` after so many seconds.

        Without a limit it is no work in progress: only whoever starts the broker again can end it.
        """
        while self.down:
            signal = self.clock.signal()
            self._stranded.append(signal)
            if timeout is None:
                await self.clock.idle(signal)
            else:
                await self.clock.wait(signal, timeout)

    def _lost(self, error: AMQPError) -> None:
        if not self._down and self.service.alive:
            self._unconfirmed += self.connection.unconfirmed()
            self._begin_to_come_back(error)

    def _begin_to_come_back(self, error: AMQPError) -> None:
        self._down = True
        self.clock.spawn(
            self._come_back(error),
            service=self.service,
            cause=self.broker.ended,
            background=True,
        )

    async def _come_back(self, error: AMQPError) -> None:
        """Try again, each time a little later, as kombu does for `Connection.ensure` (`impl_rabbit.py`)."""
        interval = 0.0
        while self._down:
            await self._wait(RECONNECT_DELAY + interval, error)
            try:
                self._connect()
            except AMQPError as refused:
                error = refused
                interval = (
                    min(interval + RETRY_BACKOFF, INTERVAL_MAX) if interval else RETRY_INTERVAL
                )
            else:
                self._reconnected()

    async def _wait(self, seconds: float, error: AMQPError) -> None:
        LOG.error(
            "AMQP server on %s:5672 is unreachable: %s. Trying again in %d seconds.",
            *(self.broker.name, error, seconds),
        )
        self._next_try = self.clock.now + seconds
        self.expect()
        await self.clock.sleep(seconds)

    def _reconnected(self) -> None:
        """Declare and consume as before, and send again what the broker had not confirmed."""
        self._down = False
        LOG.info("Reconnected to AMQP server on %s:5672 via [amqp] client.", self.broker.name)
        for declare in self._subscriptions:
            declare(self._listening)
        unconfirmed, self._unconfirmed = self._unconfirmed, []
        for message in unconfirmed:
            self.connection.send(self._channel(message.exchange), message)
        self._wake()

    def _wake(self) -> None:
        """Whoever waits for the bus goes on."""
        stranded, self._stranded = self._stranded, []
        for signal in stranded:
            if not signal.triggered:
                signal.succeed()

    def expect(self) -> None:
        """Where the broker can be reached the way back to it is work in progress."""
        reached = self.broker.is_up and self.clock.network.passes(
            self.service.name, self.broker.name
        )
        if self._down and reached and self.service.alive:
            self.clock.after(max(self._next_try - self.clock.now, 0.0), lambda: None)

    # --- when nothing passes ---------------------------------------------------------------------

    def _watch(self, name: str) -> None:
        """This service, or the broker, has been cut off, or connected again."""
        if name not in (self.service.name, self.broker.name) or not self.service.alive:
            return
        if not self.clock.network.passes(self.service.name, self.broker.name):
            if self._down:
                return  # there is no connection that could be given up
            since = self.clock.network.cut.get(name)
            self.clock.after(HEARTBEAT, self._miss, name, since, self.connection, background=True)
        elif self._down:
            self.expect()
        else:
            self._wake()

    def _miss(self, name: str, since: Signal | None, connection: Connection) -> None:
        """No heartbeat has come for so long; unless the way was free in between, both ends give the connection up."""
        if self.clock.network.cut.get(name) is since and connection.is_open:
            self.broker.miss(connection)


_VERSION_4 = 0x4 << 76 | 0x8 << 60
_NOT_VERSION = ~(0xF << 76 | 0xC << 60)

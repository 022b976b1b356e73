"""Connections between a client and the broker: one ordered way there and one back."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from simnova.exceptions import UsageError
from simnova.kernel.clock import Service
from simnova.messaging.channels import Channel
from simnova.messaging.exceptions import AMQPError
from simnova.messaging.message import BasicProperties, Message, Origin

if TYPE_CHECKING:
    from simnova.kernel.clock import Clock
    from simnova.messaging.amqp import Broker

__door__ = True


class _Parcel:
    """One thing on its way: what is to be done on arrival."""

    __slots__ = ("action", "args")

    def __init__(self, action: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self.action: Callable[..., Any] | None = action
        self.args = args


class Pipe:
    """One direction of a connection. Nothing overtakes: what is slow holds up all that was sent
    after it.
    """

    __slots__ = ("clock", "ends", "flushed", "last", "parcels")

    def __init__(self, clock: Clock, ends: tuple[str, str]) -> None:
        self.clock = clock
        self.ends = ends
        self.last = 0.0
        self.flushed = False
        self.parcels: deque[_Parcel] = deque()

    def send(
        self, seconds: float, background: bool, action: Callable[..., Any], *args: Any
    ) -> None:
        """Do `action` at the other end, in that many seconds or right after
        what was sent before.
        """
        clock, parcel = self.clock, _Parcel(action, args)
        now = clock.now
        self.last = max(now + seconds, self.last)
        self.parcels.append(parcel)
        clock.after(self.last - now, self._come, parcel, background, background=background)

    def _come(self, parcel: _Parcel, background: bool) -> None:
        """Arrive, or wait on the wire until the ends reach each other."""
        network = self.clock.network
        if network.passes(*self.ends):
            self._arrive(parcel)
        else:
            network.hold(*self.ends, background, self._come, parcel, background)

    def _arrive(self, parcel: _Parcel) -> None:
        while parcel.action is not None:
            first = self.parcels.popleft()
            action, first.action = first.action, None
            if action is not None:
                action(*first.args)

    def take_back(self, wanted: Callable[..., Any]) -> list[tuple[Any, ...]]:
        """Have nothing under way arrive that is for this action; returns what it was to be called with."""
        taken = [parcel for parcel in self.parcels if parcel.action == wanted]
        for parcel in taken:
            parcel.action = None
            self.parcels.remove(parcel)
        return [parcel.args for parcel in taken]

    def flush(self) -> None:
        """Let everything under way arrive now, unless its way is cut."""
        if not self.clock.network.passes(*self.ends):
            return
        outer, self.flushed = self.flushed, True
        try:
            while self.parcels:
                self._arrive(self.parcels[0])
        finally:
            self.flushed = outer


class Connection:
    """A client's connection. It dies with its service: the broker then requeues what was not
    acknowledged.

    What a client had sent still arrives after its death; it was on the wire.
    """

    def __init__(self, broker: Broker, service: Service) -> None:
        self.broker = broker
        self.service = service
        self.name = service.name
        self.is_open = True
        self.error: AMQPError | None = None
        self.channels: dict[int, Channel] = {}
        self.outgoing = Pipe(broker.clock, (service.name, broker.name))
        self.incoming = Pipe(broker.clock, (broker.name, service.name))
        self.on_lost: list[Callable[[AMQPError], Any]] = []
        self.cut = False
        self._numbers = 0
        service.at_end.append(self.close)

    def channel(self) -> Channel:
        """Open a channel."""
        if not self.is_open:
            raise self.error or UsageError(
                f"the connection of {self.name} is closed: connect again"
            )
        self._numbers += 1
        channel = self.channels[self._numbers] = Channel(self, self._numbers)
        return channel

    def publish(
        self,
        channel: Channel,
        exchange: str,
        routing_key: str,
        body: str | bytes,
        properties: BasicProperties,
        mandatory: bool,
        origin: Origin | None,
    ) -> None:
        """Send a message off; from outside the running clock it is there at once."""
        broker = self.broker
        inside = origin or broker.origin()
        message = Message(
            broker.next_id(),
            exchange,
            routing_key,
            body,
            properties,
            mandatory,
            self.name,
            inside or OUTSIDE,
        )
        verdict = broker.judge("publish", message, self.name, None)
        if verdict.lose:
            broker.lost(message, verdict.reason, None)
            return
        if verdict.aside is not None:
            verdict.aside(partial(broker.arrived, channel, message))
            return
        for _ in range(verdict.copies):
            if inside is None and not verdict.delay and not self.outgoing.parcels:
                broker.accept(channel, message)
            else:
                self.send(channel, message, verdict.delay)

    def send(self, channel: Channel, message: Message, delay: float = 0.0) -> None:
        """Put a message on the wire."""
        broker, background = self.broker, message.origin.background
        seconds = broker.latency(self.name) + delay + broker.clock.network.late(broker.name)
        self.outgoing.send(seconds, background, broker.arrived, channel, message)

    def unconfirmed(self) -> list[Message]:
        """Take back what is on the wire to the broker: a publisher that waits for confirmations knows what it is."""
        return [args[1] for args in self.outgoing.take_back(self.broker.arrived)]

    def close(self) -> None:
        """Close it with all its channels."""
        self.end(None)

    def end(self, error: AMQPError | None) -> None:
        """The end of the connection for whatever reason: exclusive queues go, unacknowledged
        messages are requeued.
        """
        if not self.is_open:
            return
        self.is_open, self.error = False, error
        self.broker.connections.pop(self, None)
        for channel in list(self.channels.values()):
            channel.end(error)
        self.broker.disowned(self)
        if error is not None:
            for action in self.on_lost:
                action(error)

    def __repr__(self) -> str:
        state = "open" if self.is_open else "closed"
        channels = f"{len(self.channels)} channels"
        return f"<Connection of {self.name} to {self.broker.name}, {state}, {channels}>"


OUTSIDE = Origin(None, None, False)
"""The origin of what is published from outside the running clock, in a notebook."""

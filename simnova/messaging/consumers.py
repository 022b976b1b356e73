"""Consumers, and the messages a channel holds until they are acknowledged."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from simnova.kernel.clock import Crashed
from simnova.messaging.exceptions import AMQPError, refusal
from simnova.messaging.message import Delivery, Entry
from simnova.messaging.queues import Queue

if TYPE_CHECKING:
    from simnova.messaging.channels import Channel
    from simnova.messaging.connections import Connection

__door__ = True

Callback = Callable[[Delivery], Any]


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


class Holding(ABC):
    """The half of a channel that holds what was delivered on it until it is acknowledged."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.broker = connection.broker
        self.is_open = True
        self.prefetch = 0
        self.shared_prefetch = 0
        self.consumed = 0
        self.consumers: dict[str, Consumer] = {}
        self.unacked: dict[int, Held] = {}
        self._tag = 0

    @abstractmethod
    def check_open(self) -> None:
        """Raise where the channel is closed."""

    @abstractmethod
    def fail(self, error: AMQPError) -> None:
        """The broker closes the channel."""

    def basic_ack(self, delivery_tag: int = 0, multiple: bool = False) -> None:
        """Acknowledge a delivery, or all up to it; 406 for a tag that is not open."""
        self.check_open()
        held = self._settle(delivery_tag, multiple)
        for one in held:
            self._acked(one)
        self._pump(held)

    def _acked(self, held: Held) -> None:
        try:
            self.broker.acked(held)
        except Crashed:
            self.broker.refused([held], requeue=True)
            raise

    def basic_nack(
        self, delivery_tag: int = 0, multiple: bool = False, requeue: bool = True
    ) -> None:
        """Refuse a delivery, or all up to it: back into the queue, or dropped (dead-lettered
        where it is set up).
        """
        self.check_open()
        held = self._settle(delivery_tag, multiple)
        self.broker.refused(held, requeue)
        self._pump(held)

    def basic_reject(self, delivery_tag: int, requeue: bool = True) -> None:
        """Refuse one delivery."""
        self.basic_nack(delivery_tag, requeue=requeue)

    def hold(
        self, queue: Queue, entry: Entry, consumer: Consumer | None, auto_ack: bool
    ) -> Delivery:
        """Give a message of a queue the channel's next delivery tag, and hold it until it is
        acknowledged.
        """
        self._tag += 1
        delivery = Delivery(cast("Channel", self), consumer, self._tag, queue.name, entry)
        if not auto_ack:
            self.unacked[self._tag] = Held(queue, entry, consumer, delivery)
            queue.unacked[entry] = None
            if consumer is not None:
                consumer.unacked += 1
                self.consumed += 1
        return delivery

    def _settle(self, tag: int, multiple: bool) -> list[Held]:
        if tag in self.unacked and not multiple:
            return [self.release(tag)]
        tags = [open_tag for open_tag in self.unacked if open_tag <= tag or tag == 0]
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
        for queue in {one.queue: None for one in held}:
            if queue.ready:
                self.broker.pump(queue)

    def _unblock(self) -> None:
        for consumer in self.consumers.values():
            if consumer.blocked and consumer.can_take():
                consumer.queue.rejoin(consumer)
                self.broker.pump(consumer.queue)

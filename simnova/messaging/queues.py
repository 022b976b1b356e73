"""Queues and their consumers: what waits, who gets it next, and when it dies.

Checked against RabbitMQ 3.10.8: a requeued message goes back to its old place; ready consumers
take turns, one that was held up by its prefetch joins at the end; messages expire at the head
only, so one that lives longer keeps dead ones behind it; a message that expires at once still
reaches a consumer that is ready.
"""

from __future__ import annotations

import bisect
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from simnova.messaging.exceptions import refusal
from simnova.messaging.message import Entry, Message
from simnova.messaging.tables import table

if TYPE_CHECKING:
    from simnova.kernel.clock import Clock
    from simnova.messaging.amqp import Connection
    from simnova.messaging.consumers import Consumer
    from simnova.messaging.exchanges import Binding

__door__ = True

OPTIONS = (
    "x-expires",
    "x-message-ttl",
    "x-dead-letter-exchange",
    "x-dead-letter-routing-key",
    "x-max-length",
    "x-overflow",
)
"""The optional arguments of a queue that mean something here; RabbitMQ compares them on a second
declaration.
"""

Send = Callable[["Queue", Entry, "Consumer"], None]
Bury = Callable[["Queue", Entry, str], None]


class Queue:
    """Messages in order, and the consumers that take turns. Times are in seconds, the `x-`
    arguments in milliseconds.
    """

    def __init__(
        self,
        clock: Clock,
        name: str,
        durable: bool = False,
        owner: Connection | None = None,
        auto_delete: bool = False,
        arguments: Mapping[str, Any] | None = None,
    ) -> None:
        self.clock = clock
        self.name = name
        self.durable = durable
        self.owner = owner
        self.auto_delete = auto_delete
        self.arguments = dict(arguments or {})
        check_arguments_valid(name, self.arguments)
        self.ready: deque[Entry] = deque()
        self.unacked: dict[Entry, None] = {}
        self.consumers: dict[Consumer, None] = {}
        self.turns: deque[Consumer] = deque()
        self.bindings: dict[str, list[Binding]] = {}
        self.deleted = False
        self.used = clock.now
        self.watched = False
        self._ttl = _seconds(self.arguments.get("x-message-ttl"))
        self._position = 0
        self._timer: float | None = None

    @property
    def exclusive(self) -> bool:
        """Whether it belongs to one connection and goes with it."""
        return self.owner is not None

    # --- messages ------------------------------------------------------------------------------

    def put(self, message: Message, cause: int | None, send: Send, bury: Bury) -> None:
        """Take a message in, and hand it on at once where a consumer is ready."""
        self._position += 1
        entry = Entry(message, self._position, self._expiry(message), cause)
        consumer = None if self.ready else self.turn()
        if consumer is not None:
            send(self, entry, consumer)
            return
        limit = self.arguments.get("x-max-length")
        full = limit is not None and len(self.ready) >= limit
        if full and self.arguments.get("x-overflow") == "reject-publish":
            bury(self, entry, "rejected")
            return
        self.ready.append(entry)
        if full:
            bury(self, self.ready.popleft(), "maxlen")
        self.expire(bury)

    def _expiry(self, message: Message) -> float | None:
        own = message.properties.expiration
        if own is None:
            return None if self._ttl is None else self.clock.now + self._ttl
        lives = int(own) / 1000
        return self.clock.now + (lives if self._ttl is None else min(lives, self._ttl))

    def pump(self, send: Send, bury: Bury) -> None:
        """Hand out what is ready, as long as a consumer can take it."""
        self.expire(bury)
        while self.ready:
            consumer = self.turn()
            if consumer is None:
                return
            send(self, self.ready.popleft(), consumer)
            self.expire(bury)

    def take(self, bury: Bury) -> Entry | None:
        """The message at the head, for `basic_get`."""
        self.expire(bury)
        return self.ready.popleft() if self.ready else None

    def requeue(self, entry: Entry) -> None:
        """Put a message back where it stood."""
        entry.redelivered = True
        bisect.insort(self.ready, entry, key=lambda other: other.position)

    def purge(self) -> list[Entry]:
        """Empty it of what is ready; returns what was."""
        gone, self.ready = list(self.ready), deque()
        return gone

    # --- consumers -----------------------------------------------------------------------------

    def turn(self) -> Consumer | None:
        """The consumer whose turn it is; one that may not take more leaves the circle until it
        may.
        """
        turns = self.turns
        if len(turns) > 1:
            turns.rotate(-self.clock.decide("worker", self.name, among=range(len(turns))))
        while turns:
            consumer = turns.popleft()
            if consumer.can_take():
                turns.append(consumer)
                return consumer
            consumer.blocked = True
        return None

    def rejoin(self, consumer: Consumer) -> None:
        """Let a consumer back in, at the end, that has room again."""
        consumer.blocked = False
        self.turns.append(consumer)

    def add(self, consumer: Consumer) -> None:
        """Let a consumer in; raises 403 against an exclusive one, or for one
        that wants to be it.
        """
        if self.consumers and (
            consumer.exclusive or any(other.exclusive for other in self.consumers)
        ):
            raise refusal(403, f"queue '{self.name}' in vhost '/' in exclusive use")
        self.consumers[consumer] = None
        self.turns.append(consumer)

    def remove(self, consumer: Consumer) -> bool:
        """Let a consumer go; True where the queue is to go with its last one."""
        del self.consumers[consumer]
        if consumer in self.turns:
            self.turns.remove(consumer)
        self.used = self.clock.now
        return self.auto_delete and not self.consumers

    # --- time ----------------------------------------------------------------------------------

    def expire(self, bury: Bury) -> None:
        """Drop what is dead at the head, and come back when the next head dies."""
        ready, now = self.ready, self.clock.now
        while ready and (expires := ready[0].expires) is not None and expires <= now:
            bury(self, ready.popleft(), "expired")
        if ready and ready[0].expires is not None:
            self._come_back(ready[0].expires, bury)

    def _come_back(self, at: float, bury: Bury) -> None:
        if self._timer is not None and self.clock.now < self._timer <= at:
            return
        self._timer = at
        self.clock.after(at - self.clock.now, self._due, at, bury, background=True)

    def _due(self, at: float, bury: Bury) -> None:
        if self._timer == at:
            self._timer = None
        self.expire(bury)

    def idle_until(self) -> float | None:
        """When it goes if nobody uses it: no consumer, declaration or get for `x-expires`."""
        expires = _seconds(self.arguments.get("x-expires"))
        return None if expires is None or self.consumers or self.deleted else self.used + expires

    def __repr__(self) -> str:
        marks = [m for m in ("durable", "exclusive", "auto_delete") if getattr(self, m)]
        counts = (
            f"{len(self.ready)} ready, {len(self.unacked)} unacked, {len(self.consumers)} consumers"
        )
        rows = [
            (e.position, e.message.id, "again" if e.redelivered else "", _short(e))
            for e in self.ready
        ]
        head = " ".join([f"queue '{self.name}':", counts, *marks])
        return (
            f"{head}\n{table(('place', 'message', 'redelivered', 'body'), rows)}" if rows else head
        )


def _short(entry: Entry, width: int = 60) -> str:
    text = str(entry.message.body)
    return text if len(text) <= width else text[: width - 1] + "…"


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def check_arguments_valid(name: str, arguments: Mapping[str, Any]) -> None:
    """Raise 406 as RabbitMQ does for optional arguments that make no sense."""
    for key in ("x-expires", "x-message-ttl", "x-max-length"):
        if key in arguments:
            _check_number(name, key, arguments[key], least=1 if key == "x-expires" else 0)
    if "x-dead-letter-routing-key" in arguments and "x-dead-letter-exchange" not in arguments:
        raise _invalid(name, "x-dead-letter-routing-key", "routing_key_but_no_dlx_defined")


def _check_number(name: str, key: str, value: object, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        kind = "bool" if isinstance(value, bool) else "longstr"
        raise _invalid(name, key, f'"expected integer, got {kind}"')
    if value < least:
        raise _invalid(name, key, f"{{{'value_negative' if value < 0 else 'value_zero'},{value}}}")


def _invalid(name: str, key: str, why: str) -> Exception:
    return refusal(406, f"invalid arg '{key}' for queue '{name}' in vhost '/': {why}")


def check_expiration(expiration: str) -> None:
    """Raise 406 as RabbitMQ does for a per-message TTL that is not a whole number from zero."""
    try:
        value = int(expiration)
    except ValueError:
        raise refusal(406, f"invalid expiration '{expiration}': no_integer") from None
    if value < 0:
        raise refusal(406, f"invalid expiration '{expiration}': {{value_negative,{value}}}")

"""The exchanges, queues and bindings of a broker: who may declare, bind and delete what.

Codes and texts are those of RabbitMQ 3.10.8.
"""

from __future__ import annotations

import base64
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simnova.messaging.exceptions import (
    check_arguments,
    check_equivalent,
    locked,
    not_found,
    refusal,
)
from simnova.messaging.exchanges import TYPES, Binding, Exchange, predeclared
from simnova.messaging.message import PERSISTENT, Entry
from simnova.messaging.queues import OPTIONS, Queue
from simnova.messaging.tables import table

if TYPE_CHECKING:
    from simnova.kernel.clock import Clock
    from simnova.messaging.connections import Connection
    from simnova.messaging.consumers import Consumer

__door__ = True


class Topology(ABC):
    """What is declared on a broker. The broker itself, which moves the
    messages, derives from it.
    """

    def __init__(self, clock: Clock, name: str) -> None:
        self.clock = clock
        self.name = name
        self.queues: dict[str, Queue] = {}
        self.exchanges: dict[str, Exchange] = predeclared(self.queues)

    @abstractmethod
    def dropped(self, queue: Queue, entry: Entry, reason: str) -> int | None:
        """A message came to its end in a queue."""

    # --- exchanges -----------------------------------------------------------------------------

    def exchange(self, name: str) -> Exchange:
        """The exchange of that name; raises 404."""
        found = self.exchanges.get(name)
        if found is None:
            raise not_found("exchange", name)
        return found

    def declare_exchange(
        self,
        name: str,
        exchange_type: str,
        passive: bool,
        durable: bool,
        auto_delete: bool,
        internal: bool,
        arguments: Mapping[str, Any],
    ) -> None:
        """Make an exchange or check that it is the same; raises 403, 404, 406, 503."""
        _not_default(name)
        if passive:
            self.exchange(name)
            return
        if exchange_type not in TYPES:
            raise refusal(503, f"unknown exchange type '{exchange_type}'")
        wanted = {
            "type": exchange_type,
            "durable": durable,
            "auto_delete": auto_delete,
            "internal": internal,
        }
        found = self.exchanges.get(name)
        if found is not None:
            check_equivalent("exchange", name, wanted, {key: getattr(found, key) for key in wanted})
            return
        _not_reserved("exchange", name)
        self.exchanges[name] = TYPES[exchange_type](name, durable, auto_delete, internal, arguments)

    def delete_exchange(self, name: str, if_unused: bool) -> None:
        """Delete an exchange with its bindings; raises 403, and 406 where it is in use."""
        _not_default(name)
        if name.startswith("amq."):
            raise refusal(403, f"deletion of system exchange '{name}' in vhost '/' not allowed")
        found = self.exchanges.get(name)
        if found is None:
            return
        if if_unused and found.bindings:
            raise refusal(406, f"exchange '{name}' in vhost '/' in use")
        found.unbind(list(found.bindings))
        del self.exchanges[name]

    # --- bindings ------------------------------------------------------------------------------

    def bind(
        self, queue: Queue, exchange: str, routing_key: str, arguments: Mapping[str, Any]
    ) -> None:
        """Bind a queue; raises 403, 404 or, for a bad x-match, 406."""
        _not_default(exchange)
        self.exchange(exchange).bind(Binding(queue, routing_key, arguments))

    def unbind(
        self, queue: str, exchange: str, routing_key: str, arguments: Mapping[str, Any]
    ) -> None:
        """Undo a binding; what is not there is no error."""
        _not_default(exchange)
        found = self.queues.get(queue)
        if found is None:
            return
        wanted = Binding(found, routing_key, arguments)
        self._unbind(exchange, [b for b in found.bindings.get(exchange, ()) if b.same(wanted)])

    def _unbind(self, exchange: str, bindings: list[Binding]) -> None:
        if bindings and self.exchanges[exchange].unbind(bindings):
            del self.exchanges[exchange]

    # --- queues --------------------------------------------------------------------------------

    def queue(self, name: str, connection: Connection) -> Queue:
        """The queue of that name; raises 404, and 405 where another connection owns it."""
        found = self.queues.get(name)
        if found is None:
            raise not_found("queue", name)
        if found.owner not in (None, connection):
            raise locked(name)
        return found

    def declare_queue(
        self,
        connection: Connection,
        name: str,
        passive: bool,
        durable: bool,
        exclusive: bool,
        auto_delete: bool,
        arguments: Mapping[str, Any],
    ) -> Queue:
        """Make a queue or check that it is the same; raises 403, 404, 405, 406."""
        if passive:
            found = self.queue(name, connection)
        elif name in self.queues:
            found = self.queue(name, connection)
            self._same(found, durable, exclusive, auto_delete, arguments)
        else:
            _not_reserved("queue", name)
            owner = connection if exclusive else None
            made = name or self._server_named()
            found = Queue(self.clock, made, durable, owner, auto_delete, arguments)
            self.queues[made] = found
        self.touch(found)
        return found

    def _same(
        self,
        queue: Queue,
        durable: bool,
        exclusive: bool,
        auto_delete: bool,
        arguments: Mapping[str, Any],
    ) -> None:
        _not_reserved("queue", queue.name)
        if exclusive != queue.exclusive:
            raise locked(queue.name)
        wanted = {"durable": durable, "auto_delete": auto_delete}
        check_equivalent("queue", queue.name, wanted, {key: getattr(queue, key) for key in wanted})
        check_arguments("queue", queue.name, OPTIONS, arguments, queue.arguments)

    def _server_named(self) -> str:
        number = self.clock.rng("amqp", self.name, "queues").getrandbits(128)
        return "amq.gen-" + base64.urlsafe_b64encode(number.to_bytes(16, "big")).decode().rstrip(
            "="
        )

    def delete_queue(self, queue: Queue, if_unused: bool, if_empty: bool) -> int:
        """Delete a queue; raises 406 where it is in use or not empty. Returns how many messages
        went with it.
        """
        if if_unused and queue.consumers:
            raise refusal(406, f"queue '{queue.name}' in vhost '/' in use")
        if if_empty and queue.ready:
            raise refusal(406, f"queue '{queue.name}' in vhost '/' not empty")
        return self.remove(queue, "queue deleted")

    def remove(self, queue: Queue, reason: str) -> int:
        """Take a queue away with its messages and bindings; its consumers are cancelled."""
        if queue.deleted:
            return 0
        queue.deleted = True
        del self.queues[queue.name]
        for exchange, bindings in queue.bindings.items():
            self._unbind(exchange, list(bindings))
        for consumer in list(queue.consumers):
            consumer.channel.consumers.pop(consumer.tag, None)
            consumer.channel.cancelled.append(consumer.tag)
        return self._emptied(queue, reason)

    def purge_queue(self, queue: Queue) -> int:
        """Empty a queue of what is ready; returns how many messages went."""
        return self._emptied(queue, "purged")

    def _emptied(self, queue: Queue, reason: str) -> int:
        gone = queue.purge()
        for entry in gone:
            self.dropped(queue, entry, reason)
        return len(gone)

    def leave(self, consumer: Consumer) -> None:
        """A consumer goes; an auto-delete queue goes with its last one."""
        queue = consumer.queue
        if queue.deleted:
            return
        if queue.remove(consumer):
            self.remove(queue, "queue deleted")
        else:
            self.touch(queue)

    def touch(self, queue: Queue) -> None:
        """A queue was used: see to it that it goes when nobody uses it any more."""
        queue.used = self.clock.now
        if not queue.watched:
            self._watch(queue)

    def _watch(self, queue: Queue) -> None:
        until = queue.idle_until()
        queue.watched = until is not None
        if until is None:
            return
        if until <= self.clock.now:
            self.remove(queue, "queue expired")
        else:
            self.clock.after(until - self.clock.now, self._watch, queue, background=True)

    def disowned(self, connection: Connection) -> None:
        """A connection is gone, and its exclusive queues with it."""
        for queue in [queue for queue in self.queues.values() if queue.owner is connection]:
            self.remove(queue, "queue deleted")

    def forget_transient(self) -> None:
        """Keep what is durable, and of its messages those that are persistent."""
        for queue in list(self.queues.values()):
            if not queue.durable:
                self.remove(queue, "broker restarted")
                continue
            for entry in queue.purge():
                if entry.message.properties.delivery_mode == PERSISTENT:
                    queue.ready.append(entry)
                else:
                    self.dropped(queue, entry, "broker restarted")
        for exchange in list(self.exchanges.values()):
            if not exchange.durable:
                exchange.unbind(list(exchange.bindings))
                self.exchanges.pop(exchange.name, None)

    def __repr__(self) -> str:
        titles = ("queue", "ready", "unacked", "consumers", "bindings")
        rows = [
            (q.name, len(q.ready), len(q.unacked), len(q.consumers), _bound(q))
            for q in self.queues.values()
        ]
        own = [
            x.name or "(default)" for x in self.exchanges.values() if not x.name.startswith("amq.")
        ]
        return f"{self.name}, exchanges {', '.join(own)}\n{table(titles, rows)}"


def _bound(queue: Queue) -> str:
    return ", ".join(
        f"{exchange}/{binding.routing_key}"
        for exchange, all in queue.bindings.items()
        for binding in all
    )


def _not_default(exchange: str) -> None:
    if exchange == "":
        raise refusal(403, "operation not permitted on the default exchange")


def _not_reserved(what: str, name: str) -> None:
    if name.startswith("amq."):
        raise refusal(403, f"{what} name '{name}' contains reserved prefix 'amq.*'")

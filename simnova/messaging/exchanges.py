"""Exchanges: which queues a message goes to.

Checked against RabbitMQ 3.10.8: an empty key has no words (`*` does not match it, `#` does), `a.`
has two; with `x-match: all` and nothing to match every message passes, with `any` none; headers
compare with their type (1 is not True), and a binding's None asks only that the header is there;
headers whose name begins with `x-` count only with `all-with-x` and `any-with-x`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from simnova.messaging.exceptions import refusal
from simnova.messaging.message import Message
from simnova.messaging.tables import table

if TYPE_CHECKING:
    from simnova.messaging.queues import Queue

X_MATCH = ("all", "any", "all-with-x", "any-with-x")


class Binding:
    """A queue's wish to get what an exchange sees under a routing key, or with certain headers."""

    __slots__ = ("arguments", "queue", "routing_key")

    def __init__(self, queue: Queue, routing_key: str, arguments: Mapping[str, Any]) -> None:
        self.queue = queue
        self.routing_key = routing_key
        self.arguments = dict(arguments)

    def same(self, other: Binding) -> bool:
        """Whether the other binding asks for the same; a second one of the same changes nothing."""
        return (self.queue, self.routing_key, self.arguments) == (
            other.queue,
            other.routing_key,
            other.arguments,
        )


def words(key: str) -> list[str]:
    """The words of a routing key; an empty key has none."""
    return key.split(".") if key else []


def topic_matches(pattern: str, key: str) -> bool:
    """Whether a topic pattern (`*` one word, `#` any number of words) matches a routing key."""
    parts = words(pattern)
    reached = _past_hashes({0}, parts)
    for word in words(key):
        fit = [at for at in reached if at < len(parts) and parts[at] in ("#", "*", word)]
        reached = _past_hashes({at if parts[at] == "#" else at + 1 for at in fit}, parts)
    return len(parts) in reached


def _past_hashes(reached: set[int], parts: Sequence[str]) -> set[int]:
    for at, part in enumerate(parts):
        if part == "#" and at in reached:
            reached.add(at + 1)
    return reached


def headers_match(wanted: Mapping[str, Any], headers: Mapping[str, Any]) -> bool:
    """Whether a message's headers fit the arguments of a binding to a headers exchange."""
    mode = wanted.get("x-match", "all")
    names = [
        n for n in wanted if n != "x-match" and (mode.endswith("-with-x") or not n.startswith("x-"))
    ]
    fits = (_header_fits(wanted[name], name, headers) for name in names)
    return any(fits) if mode.startswith("any") else all(fits)


def _header_fits(value: Any, name: str, headers: Mapping[str, Any]) -> bool:
    if name not in headers:
        return False
    return value is None or (type(value) is type(headers[name]) and value == headers[name])


class Exchange:
    """An exchange and its bindings; a subclass says which of them a message follows."""

    type = "direct"

    def __init__(
        self,
        name: str,
        durable: bool = False,
        auto_delete: bool = False,
        internal: bool = False,
        arguments: Mapping[str, Any] | None = None,
    ) -> None:
        self.name = name
        self.durable = durable
        self.auto_delete = auto_delete
        self.internal = internal
        self.arguments = dict(arguments or {})
        self.bindings: list[Binding] = []
        self._exact: dict[str, list[Binding]] = {}
        self._patterns: list[Binding] = []
        self._routes: dict[str, list[Queue]] = {}

    def bind(self, binding: Binding) -> None:
        """Add a binding."""
        if not any(binding.same(other) for other in binding.queue.bindings.get(self.name, ())):
            self.bindings.append(binding)
            self._shelf(binding).append(binding)
            binding.queue.bindings.setdefault(self.name, []).append(binding)
            self._routes.clear()

    def unbind(self, gone: Iterable[Binding]) -> bool:
        """Remove bindings; True where the exchange is to go with its last one."""
        for binding in gone:
            self.bindings.remove(binding)
            self._shelf(binding).remove(binding)
            binding.queue.bindings[self.name].remove(binding)
        self._routes.clear()
        return self.auto_delete and not self.bindings

    def route(self, message: Message) -> list[Queue]:
        """The queues a message goes to, each once, in the order of their bindings."""
        key = message.routing_key
        found = self._routes.get(key)
        if found is None:
            found = self._routes[key] = self._follow(message)
        return found

    def _follow(self, message: Message) -> list[Queue]:
        exact = self._exact.get(message.routing_key, [])
        others = [b for b in self._patterns if self.follows(b, message)]
        return list(dict.fromkeys(binding.queue for binding in (*exact, *others)))

    def _shelf(self, binding: Binding) -> list[Binding]:
        return (
            self._exact.setdefault(binding.routing_key, [])
            if self.exact(binding)
            else self._patterns
        )

    def exact(self, binding: Binding) -> bool:
        """Whether the binding takes just the messages with its own routing key."""
        return True

    def follows(self, binding: Binding, message: Message) -> bool:
        """Whether a message follows a binding that is not exact."""
        return True

    def __repr__(self) -> str:
        head = f"exchange '{self.name}' ({self.type})"
        rows = [(b.routing_key, b.queue.name, b.arguments or "") for b in self.bindings]
        return f"{head}\n{table(('routing_key', 'queue', 'arguments'), rows)}"


class DefaultExchange(Exchange):
    """The nameless exchange: every queue is bound to it by its name, and nothing else can be."""

    def __init__(self, queues: dict[str, Queue]) -> None:
        super().__init__("", durable=True)
        self.queues = queues

    def route(self, message: Message) -> list[Queue]:
        """To the queue whose name is the routing key."""
        queue = self.queues.get(message.routing_key)
        return [] if queue is None else [queue]


class FanoutExchange(Exchange):
    """To every bound queue."""

    type = "fanout"

    def exact(self, binding: Binding) -> bool:
        """No: every message follows."""
        return False


class TopicExchange(Exchange):
    """By the words of the routing key."""

    type = "topic"

    def exact(self, binding: Binding) -> bool:
        """Where the pattern has no wildcard."""
        return not {"*", "#"} & set(words(binding.routing_key))

    def follows(self, binding: Binding, message: Message) -> bool:
        """By the words of the key."""
        return topic_matches(binding.routing_key, message.routing_key)


class HeadersExchange(Exchange):
    """By the headers; the routing key is ignored."""

    type = "headers"

    def bind(self, binding: Binding) -> None:
        """Add a binding; raises 406 for an `x-match` that does not exist."""
        mode = binding.arguments.get("x-match", "all")
        if mode not in X_MATCH:
            expected = "expected all, any, all-with-x, or any-with-x"
            raise refusal(406, f'Invalid x-match field value <<"{mode}">>; {expected}')
        super().bind(binding)

    def exact(self, binding: Binding) -> bool:
        """No: the routing key is ignored."""
        return False

    def route(self, message: Message) -> list[Queue]:
        """By the headers of each message."""
        return self._follow(message)

    def follows(self, binding: Binding, message: Message) -> bool:
        """Where the headers fit the binding's arguments."""
        return headers_match(binding.arguments, message.properties.headers)


TYPES: dict[str, type[Exchange]] = {
    kind.type: kind for kind in (Exchange, FanoutExchange, TopicExchange, HeadersExchange)
}
"""The exchange types a broker knows."""


def predeclared(queues: dict[str, Queue]) -> dict[str, Exchange]:
    """The exchanges every broker has from the start."""
    own: list[Exchange] = [DefaultExchange(queues), Exchange("amq.direct", durable=True)]
    own += [FanoutExchange("amq.fanout", durable=True), TopicExchange("amq.topic", durable=True)]
    own += [
        HeadersExchange("amq.headers", durable=True),
        HeadersExchange("amq.match", durable=True),
    ]
    own += [TopicExchange("amq.rabbitmq.trace", durable=True, internal=True)]
    return {exchange.name: exchange for exchange in own}

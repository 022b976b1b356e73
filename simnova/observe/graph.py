"""The topology of the message bus, as messages have shown it: services, exchanges, bindings,
queues.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from simnova.kernel.journal import Event, Journal
from simnova.observe import graph_svg
from simnova.observe.index import follow, last
from simnova.observe.names import natural
from simnova.observe.pairs import Pairs
from simnova.observe.queues import Queues, on_its_bus
from simnova.observe.table import Table

if TYPE_CHECKING:
    import networkx as nx

DEFAULT = "(default)"
"""What the default exchange, whose name is empty, is called in pictures."""


class Edge(NamedTuple):
    """A way that messages took; `kind` is publishes, routes (with the routing key as label) or
    delivers.
    """

    kind: str
    source: str
    target: str
    label: str = ""


class Ways:
    """The ways that messages took, and at which steps; `follow(journal, Ways)`."""

    def __init__(self) -> None:
        self.at: list[tuple[int, Edge]] = []
        self.of: dict[Edge, list[int]] = {}
        self._actors: dict[int, str] = {}

    def add(self, event: Event) -> None:
        """Take in the next event."""
        if event.kind.startswith("rpc."):
            self._actors[event.seq] = event.actor
        elif event.kind == "amqp.publish":
            self._publish(event)
        elif event.kind == "amqp.deliver":
            queue = on_its_bus(str(event.data.get("queue")), event)
            self._take(event, Edge("delivers", queue, event.actor))

    def _take(self, event: Event, edge: Edge) -> None:
        self.at.append((event.seq, edge))
        self.of.setdefault(edge, []).append(event.seq)

    def _publish(self, event: Event) -> None:
        exchange = on_its_bus(event.data.get("exchange") or DEFAULT, event)
        sender = self._actors.get(-1 if event.cause is None else event.cause)
        if sender is not None:
            self._take(event, Edge("publishes", sender, exchange))
        key = str(event.data.get("routing_key") or "")
        for queue in event.data.get("queues") or ():
            self._take(event, Edge("routes", exchange, on_its_bus(queue, event), key))


@dataclass(frozen=True)
class Topology:
    """Edges with the number of messages that took them; `depths` are the queues' messages at that
    step; `current` are the edges that the last message took.
    """

    edges: dict[Edge, int]
    depths: dict[str, int]
    current: frozenset[Edge] = frozenset()

    def names(self, kind: str, end: str) -> list[str]:
        """The sources or targets of the edges of a kind, sorted."""
        return sorted({getattr(edge, end) for edge in self.edges if edge.kind == kind}, key=natural)

    def graph(self) -> nx.MultiDiGraph[str]:
        """For networkx: nodes have a `kind` (service, exchange, queue), edges a `label` and
        `messages`.
        """
        import networkx as nx

        found: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        for edge, messages in self.edges.items():
            for name, kind in ends(edge):
                found.add_node(name, kind=kind)
            (source, _), (target, _) = ends(edge)
            found.add_edge(source, target, key=edge.label, label=edge.label, messages=messages)
        return found

    def table(self) -> Table:
        """The edges."""
        rows = [
            (edge.kind, edge.source, edge.target, edge.label, self.edges[edge])
            for edge in self.edges
        ]
        return Table(("what", "from", "to", "routing key", "messages"), rows)

    def __str__(self) -> str:
        return str(self.table())

    __repr__ = __str__

    def svg(self) -> str:
        """Four columns: who publishes, exchanges, queues with their depth, who consumes."""
        return graph_svg.draw(self)

    def _repr_svg_(self) -> str:
        return self.svg()


def ends(edge: Edge) -> Iterable[tuple[str, str]]:
    """The two nodes of an edge as unmistakable names with their kinds."""
    exchange, queue = f"exchange {edge.source}", f"queue {edge.target}"
    if edge.kind == "publishes":
        return (edge.source, "service"), (f"exchange {edge.target}", "exchange")
    if edge.kind == "routes":
        return (exchange, "exchange"), (queue, "queue")
    return (f"queue {edge.source}", "queue"), (edge.target, "service")


def topology(journal: Journal, seq: int | None = None, *, background: bool = False) -> Topology:
    """The ways that messages had taken up to step `seq`; those of heartbeats only with
    `background`.
    """
    end = last(journal, seq)
    taken = [
        (step, edge)
        for step, edge in follow(journal, Ways).at
        if step <= end and (background or not journal[step].background)
    ]
    edges = Counter(edge for _, edge in taken)
    newest = taken[-1][0] if taken else -1
    shown = {edge.source for edge in edges} | {edge.target for edge in edges}
    depths = {name: sum(queue.depth(end)) for name, queue in follow(journal, Queues).of.items()}
    order = sorted(edges, key=lambda edge: (edge.kind != "publishes", edge.kind != "routes", edge))
    return Topology(
        {edge: edges[edge] for edge in order},
        {name: depth for name, depth in sorted(depths.items()) if name in shown},
        frozenset(edge for step, edge in taken if step == newest)
        if near(journal, newest, end)
        else frozenset(),
    )


def near(journal: Journal, seq: int, end: int) -> bool:
    """Whether step `end` is about the message that took its way at `seq`."""
    if seq < 0:
        return False
    asked = follow(journal, Pairs).rpc.get(seq)
    return end in (seq, asked) or journal[end].cause == seq

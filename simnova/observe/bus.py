"""The message bus of a whole run, as a picture of it needs it: brokers, what is on each, and who listens there.

It is read from the ways that messages took (`graph.Ways`), the steps ahead of the cursor too, so that nothing that is
drawn moves when it is first used.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from simnova.kernel.journal import Journal
from simnova.observe.company import Company, is_compute
from simnova.observe.graph import DEFAULT, Edge, Ways
from simnova.observe.index import follow
from simnova.observe.names import natural, place

MAIN: Final = "rabbitmq"
"""The broker whose name stands in front of nothing: the one that a cloud has, or its API level."""
NOBODY: Final = ""
"""The owner of queues that nobody has taken anything from."""
REPLY, FANOUT, NAMED = "reply", "fanout", "named"
"""What a queue is for: answers to one process, what goes to all of a kind, or a topic."""


@dataclass
class Bus:
    """One broker: its exchanges, the queues by who listens to them, and the services that are at home there."""

    name: str
    exchanges: list[str] = field(default_factory=list)
    queues: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    members: list[str] = field(default_factory=list)

    @property
    def hosts(self) -> list[str]:
        """The nova-computes among the members."""
        return [name for name in self.members if is_compute(name)]


def broker_of(name: str) -> str:
    """The broker that an exchange or a queue of that name is on."""
    head, known, _ = name.partition(": ")
    return head if known and head.startswith(f"{MAIN}-") else MAIN


def bare(name: str) -> str:
    """The name of an exchange or a queue without its broker's."""
    return name.partition(": ")[2] if broker_of(name) != MAIN else name


def purpose(queue: str) -> str:
    """What a queue is for."""
    name = bare(queue)
    return REPLY if name.startswith("reply_") else FANOUT if "_fanout_" in name else NAMED


def buses(journal: Journal) -> tuple[list[Bus], list[str]]:
    """The brokers, the main one first, and the services that talk but have nothing to do with any."""
    ways = follow(journal, Ways).of
    known = {
        name: Bus(name) for name in sorted({MAIN, *map(broker_of, _places(ways))}, key=natural)
    }
    listeners, homes = _listeners(ways), _homes(ways)
    since = follow(journal, Company).since
    others = []
    for name in sorted({*since, *homes}, key=place):
        home = homes.get(name) or (_computes_home(homes) if is_compute(name) else "")
        known[home].members.append(name) if home else others.append(name)
    for exchange in sorted(_exchanges(ways), key=_order):
        known[broker_of(exchange)].exchanges.append(exchange)
    for queue in sorted(_queues(ways), key=natural):
        bus = known[broker_of(queue)]
        owner = min(listeners.get(queue, [_namesake(queue, bus.members)]), key=place)
        bus.queues.setdefault(owner, {}).setdefault(purpose(queue), []).append(queue)
        if owner not in bus.members:
            bus.members.append(owner)
    return [bus for bus in known.values() if bus.exchanges or bus.members], others


def _exchanges(ways: dict[Edge, list[int]]) -> set[str]:
    to = {edge.target for edge in ways if edge.kind == "publishes"}
    return to | {edge.source for edge in ways if edge.kind == "routes"}


def _queues(ways: dict[Edge, list[int]]) -> set[str]:
    to = {edge.target for edge in ways if edge.kind == "routes"}
    return to | {edge.source for edge in ways if edge.kind == "delivers"}


def _places(ways: dict[Edge, list[int]]) -> set[str]:
    return _exchanges(ways) | _queues(ways)


def _listeners(ways: dict[Edge, list[int]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for edge in ways:
        if edge.kind == "delivers":
            found.setdefault(edge.source, []).append(edge.target)
    return found


def _homes(ways: dict[Edge, list[int]]) -> dict[str, str]:
    """The broker of each service: the one it listens to most, or, if to none, publishes to most."""
    heard: dict[str, Counter[str]] = {}
    for edge, seqs in ways.items():
        if edge.kind == "delivers":
            heard.setdefault(edge.target, Counter())[broker_of(edge.source)] += len(seqs) + 10**9
        elif edge.kind == "publishes":
            heard.setdefault(edge.source, Counter())[broker_of(edge.target)] += len(seqs)
    return {name: brokers.most_common(1)[0][0] for name, brokers in heard.items()}


def _computes_home(homes: dict[str, str]) -> str:
    return next((home for name, home in homes.items() if is_compute(name)), MAIN)


def _namesake(queue: str, members: list[str]) -> str:
    """Who would listen to a queue, by its name: `compute.compute1` is nova-compute@compute1's."""
    topic, _, host = bare(queue).partition(".")
    topic = topic.partition("_fanout_")[0]
    wanted = f"nova-{topic}@{host}" if host else f"nova-{topic}"
    return wanted if wanted in members else NOBODY


def _order(exchange: str) -> tuple[bool, bool, str]:
    """Exchanges that route by name first, then the fanouts, the default one last."""
    name = bare(exchange)
    return name == DEFAULT, name.endswith("_fanout"), name

"""The broker's queues: what waits in them at a step, and how deep they were over time."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any

from simnova.kernel.journal import Event, Journal
from simnova.observe.index import follow, last
from simnova.observe.pairs import Pairs
from simnova.observe.table import Table

READY, UNACKED, GONE = "ready", "unacknowledged", "gone"
"""What a message is in a queue: waiting, with a consumer that has not acknowledged it, or not there
any more.
"""

_MOVES = {"amqp.deliver": UNACKED, "amqp.requeue": READY, "amqp.ack": GONE, "amqp.drop": GONE}


@dataclass
class Stay:
    """A message's stay in one queue: what it was from which step on."""

    message: Any
    seqs: list[int] = field(default_factory=list)
    states: list[str] = field(default_factory=list)

    def at(self, seq: int) -> str:
        """What it was after step `seq`."""
        place = bisect_right(self.seqs, seq) - 1
        return self.states[place] if place >= 0 else GONE

    def to(self, seq: int, state: str) -> str:
        """It becomes `state` at step `seq`; returns what it was."""
        before = self.states[-1] if self.states else GONE
        self.seqs.append(seq)
        self.states.append(state)
        return before


class Queue:
    """One queue's history: its messages, and its depth after each step that changed it."""

    def __init__(self) -> None:
        self.stays: dict[Any, Stay] = {}
        self.seqs: list[int] = []
        self.depths: list[tuple[float, int, int]] = []

    def move(self, event: Event, message: Any, state: str) -> None:
        """A message enters, is delivered, comes back or is gone."""
        stay = self.stays.setdefault(message, Stay(message))
        before = stay.to(event.seq, state)
        _, ready, held = self.depths[-1] if self.depths else (0.0, 0, 0)
        ready += (state == READY) - (before == READY)
        held += (state == UNACKED) - (before == UNACKED)
        self.seqs.append(event.seq)
        self.depths.append((event.time, ready, held))

    def depth(self, seq: int) -> tuple[int, int]:
        """Messages ready and unacknowledged after step `seq`."""
        place = bisect_right(self.seqs, seq) - 1
        return self.depths[place][1:] if place >= 0 else (0, 0)


class Queues:
    """All queues that a message was ever put into, by name; `follow(journal, Queues)`."""

    def __init__(self) -> None:
        self.of: dict[str, Queue] = {}

    def add(self, event: Event) -> None:
        """Take in the next event."""
        data = event.data
        if event.kind == "amqp.publish":
            for name in data.get("queues") or ():
                queue = self.of.setdefault(on_its_bus(name, event), Queue())
                queue.move(event, data.get("message"), READY)
        elif event.kind in _MOVES:
            known = self.of.get(on_its_bus(str(data.get("queue")), event))
            if known is not None:
                state = GONE if data.get("auto_ack") else _MOVES[event.kind]
                known.move(event, data.get("message"), state)


def on_its_bus(name: str, event: Event) -> str:
    """A queue or exchange that a message passes, with the broker in front where it is a cell's own."""
    broker = str(event.data.get("message") or "").rpartition(".")[0]
    return f"{broker}: {name}" if broker.startswith("rabbitmq-") else name


def at(journal: Journal, seq: int | None = None, *, empty: bool = False) -> Table:
    """The queues after step `seq` with their depth; the empty ones, too, where `empty` is true."""
    end = last(journal, seq)
    known = follow(journal, Queues).of
    rows = [(name, *known[name].depth(end)) for name in sorted(known) if known[name].seqs[0] <= end]
    return Table(("queue", READY, UNACKED), [row for row in rows if empty or row[1] or row[2]])


def contents(journal: Journal, seq: int | None = None, queue: str | None = None) -> Table:
    """The messages in a queue, or in all, after step `seq`, in the order in which they came."""
    end = last(journal, seq)
    known = follow(journal, Queues).of
    rows = [
        (name, stay.message, method(journal, stay.message), state)
        for name in sorted(known)
        if queue in (None, name)
        for stay in known[name].stays.values()
        if (state := stay.at(end)) != GONE
    ]
    return Table(("queue", "message", "carries", "state"), rows)


def method(journal: Journal, message: Any) -> str:
    """What a message carries: `cast build_and_run_instance`."""
    pairs = follow(journal, Pairs)
    rpc = pairs.rpc.get(pairs.sent.get(message, -1))
    if rpc is None:
        return ""
    return f"{journal[rpc].kind.partition('.')[2]} {journal[rpc].data.get('method') or ''}".rstrip()


def depths(journal: Journal, queue: str | None = None) -> Table:
    """How deep the queues were after each change, over time in seconds."""
    known = follow(journal, Queues).of
    rows = [
        (name, seq, *depth)
        for name in sorted(known)
        if queue in (None, name)
        for seq, depth in zip(known[name].seqs, known[name].depths, strict=True)
    ]
    return Table(("queue", "event", "time", READY, UNACKED), rows)

"""How busy the services were for a while: what each process and each database did, how long work waited for it, and how
long boots took meanwhile. Of a cloud in which work costs time (`Cloud(costs=…)`), for the journal notes each piece.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from simnova.exceptions import UsageError
from simnova.kernel.journal import Event, Journal
from simnova.observe.index import last, step
from simnova.observe.markup import element
from simnova.observe.names import natural
from simnova.observe.table import Table

DATABASE, TRANSACTION, REQUEST = "database", "transaction", "request"
MANY = "nova-compute"


@dataclass
class Busy:
    """What a process, all processes of one kind, or a database has done: how often, in how many seconds."""

    did: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    waited: list[float] = field(default_factory=list)
    processes: set[str] = field(default_factory=set)

    def add(self, what: str, process: str, data: dict[str, Any]) -> None:
        """Take in one piece of work; of a database `process` is who asked it."""
        self.did[what] += 1
        self.seconds += data["seconds"]
        self.waited.append(data["waited"])
        self.processes.add(process)

    def waits(self) -> tuple[float, float]:
        """How long work waited for its turn in ms: the median, and what 95 % of it did not exceed."""
        return 1e3 * quantile(self.waited, 0.5), 1e3 * quantile(self.waited, 0.95)


class Load:
    """The work of a span of a run, from step `first` to step `upto`, with all that went on in the background."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.began, self.ended = events[0].time, events[-1].time
        self._processes: dict[str, Busy] = defaultdict(Busy)
        self._databases: dict[str, Busy] = defaultdict(Busy)
        self._buses: dict[str, tuple[set[Any], set[str]]] = defaultdict(lambda: (set(), set()))
        self._asked: dict[str | None, float] = {}
        self._names: dict[tuple[Any, Any], str] = {}
        self.latencies: dict[str, float] = {}
        for event in events:
            self._add(event)

    @property
    def seconds(self) -> float:
        """How long the span is."""
        return self.ended - self.began

    def _add(self, event: Event) -> None:
        data = event.data
        if event.kind == "cost":
            busy = self._databases if data["what"] == DATABASE else self._processes
            what = family(event.actor) if data["what"] == DATABASE else data["what"]
            name = data["of"] if data["what"] == DATABASE else folded(data["of"])
            busy[name].add(what, event.actor, data)
        elif event.kind == "amqp.deliver":
            messages, processes = self._buses[str(data["message"]).rpartition(".")[0]]
            messages.add(data["message"])
            processes.add(event.actor)
        elif event.kind == "http.request" and data["method"] == "POST":
            self._asked.setdefault(event.request_id, event.time)
        elif data.get("table") == "instances":
            self._row(event)

    def _row(self, event: Event) -> None:
        """A server's row: its name, and when it became ACTIVE after its request."""
        key, after = (event.data["db"], event.data["key"]), event.data.get("after") or {}
        if event.kind == "db.insert":
            self._names[key] = str(after.get("display_name"))
        building = (event.data.get("before") or {}).get("vm_state") == "building"
        if building and after.get("vm_state") == "active" and event.request_id in self._asked:
            name = self._names.get(key, str(key[1]))
            self.latencies[name] = event.time - self._asked[event.request_id]

    # --- what it shows ----------------------------------------------------------------------------------------

    def utilisation(self, name: str) -> float:
        """The share of the time for which a process (nova-compute: all hosts on average) or a database was at work."""
        found = {**self._processes, **self._databases}.get(name)
        if found is None or not self.seconds:
            return 0.0
        return found.seconds / (len(found.processes) if name == MANY else 1) / self.seconds

    def transactions(self, by: str, database: str = "nova_cell1") -> int:
        """How many a service (all its processes) made with a database."""
        return self._databases[database].did[by] if database in self._databases else 0

    def connections(self, database: str, by: str = "") -> int:
        """The processes that used a database, of one service or of all: each has a connection to it at least."""
        found = self._databases[database].processes if database in self._databases else set()
        return sum(by in ("", family(name)) for name in found)

    def processes(self) -> Table:
        """Each process; the computes of all hosts together."""
        rows = [
            (
                f"{name}, {several(one.processes)}" if name == MANY else name,
                one.did[REQUEST],
                one.did[TRANSACTION],
                round(one.seconds, 3),
                f"{self.utilisation(name):.0%}",
                *(round(wait, 1) for wait in one.waits()),
            )
            for name, one in in_order(self._processes)
        ]
        columns = ("process", "requests", "transactions", "busy s", "busy", *_WAITS)
        return Table(columns, rows, f"processes in {self.seconds:.3f} s{_WAITED}")

    def databases(self) -> Table:
        """Each database, and who came to it how often."""
        rows = [
            (
                name,
                one.did.total(),
                ", ".join(f"{who} {count}" for who, count in one.did.most_common()),
                len(one.processes),
                f"{self.utilisation(name):.0%}",
                *(round(wait, 1) for wait in one.waits()),
            )
            for name, one in in_order(self._databases)
        ]
        columns = ("database", "transactions", "by", "connections", "busy", *_WAITS)
        return Table(columns, rows, f"databases{_WAITED}")

    def buses(self) -> Table:
        """Each message bus: messages delivered, and to how many processes."""
        rows = [
            (name, len(messages), len(processes))
            for name, (messages, processes) in sorted(self._buses.items())
        ]
        return Table(("bus", "messages", "connections"), rows, "message buses")

    def boots(self) -> Table:
        """From the request to ACTIVE in seconds: how many servers, the quickest, the median, 95 %, the slowest."""
        took = list(self.latencies.values())
        points = [round(quantile(took, point), 3) for point in (0.0, 0.5, 0.95, 1.0)]
        rows = [(len(took), *points)] if took else []
        return Table(("servers", "quickest", "median", "95 %", "slowest"), rows, "boots, seconds")

    def _tables(self) -> list[Table]:
        return [self.processes(), self.databases(), self.buses(), self.boots()]

    def __repr__(self) -> str:
        return "\n\n".join(str(table) for table in self._tables())

    def _repr_html_(self) -> str:
        return element("div", "".join(table._repr_html_() for table in self._tables()))


_WAITS = ("waited ms", "95 % ms")
_WAITED = "; waited: for a turn, median and 95 %"


def of(journal: Journal, first: int = 0, upto: int | None = None) -> Load:
    """The load from one step to another; raises UsageError where no work took any time."""
    begin = step(journal, first)
    end = last(journal) if upto is None else step(journal, upto)
    load = Load(journal.events[begin : end + 1])
    if not load._processes:
        raise UsageError(
            'no work has cost any time in these steps: Cloud(costs="measured") has work take as long as in Nova'
        )
    return load


def family(process: str) -> str:
    """The service that a process belongs to: `nova-compute` of any host, `nova-conductor` with any number."""
    return process.partition("@")[0].partition(":")[0]


def folded(process: str) -> str:
    """The row of a process in the table: its own, but for computes."""
    return MANY if family(process) == MANY else process


def several(hosts: set[str]) -> str:
    """How many hosts."""
    return f"{len(hosts)} host{'s' * (len(hosts) != 1)}"


def in_order(named: dict[str, Busy]) -> Iterable[tuple[str, Busy]]:
    """By name, nova-compute last."""
    return sorted(named.items(), key=lambda one: (one[0] == MANY, natural(one[0])))


def quantile(values: Iterable[float], point: float) -> float:
    """The least value that so large a share of all does not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(point * len(ordered)) - 1)] if ordered else 0.0

"""What can be counted along a trace: how deep queues are, and what of each host is sold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from simnova.kernel.journal import Event, Journal
from simnova.observe.index import follow
from simnova.observe.markup import plain, short
from simnova.observe.placed import ALLOCATIONS, CLASSES, PROVIDERS, STANDARD
from simnova.observe.queues import Queues

BROKER: Final = "rabbitmq"
_COUNTED: Final = {"vcpus_used": "VCPU", "memory_mb_used": "MEMORY_MB", "local_gb_used": "DISK_GB"}
"""What nova-compute counts in its compute_nodes row."""


def counters(journal: Journal) -> Iterator[dict[str, Any]]:
    """Counter events of Chrome's Trace Event Format, told once more at the end; times are in nanoseconds."""
    latest: dict[tuple[str, str], dict[str, Any]] = {}
    for one in (*depths(journal), *sold(journal)):
        latest[one["pid"], one["name"]] = one
        yield one
    for one in latest.values():
        yield {**one, "ts": round(journal[-1].time * 10**9)}


def depths(journal: Journal) -> Iterator[dict[str, Any]]:
    """The messages that wait in each queue, and those that a consumer has not acknowledged yet."""
    for named, queue in follow(journal, Queues).of.items():
        broker, cell, name = named.rpartition(": ")
        for time, ready, unacknowledged in queue.depths:
            values = {"ready": ready, "unacknowledged": unacknowledged}
            yield _counter(broker if cell else BROKER, f"queue {short(plain(name))}", time, values)


def sold(journal: Journal) -> Iterator[dict[str, Any]]:
    """What of each host is sold, as Placement has it; without a Placement, as the host itself counts."""
    books = _Books()
    for event in journal:
        if event.kind in ("db.insert", "db.update", "db.delete"):
            for host, kind, amount in books.changed(event):
                name = f"sold {plain(kind)}"
                yield _counter(f"nova-compute@{host}", name, event.time, {"sold": amount})


class _Books:
    """Placement's allocations, row by row."""

    def __init__(self) -> None:
        self._hosts: dict[Any, str] = {}
        self._kinds: dict[Any, str] = dict(STANDARD)
        self._rows: dict[str, dict[str, Any]] = {}
        self._sold: dict[tuple[Any, Any], int] = {}

    def changed(self, event: Event) -> Iterator[tuple[str, str, int]]:
        """Host, resource and what of it is sold, where a row has changed that."""
        data, after = event.data, event.data.get("after") or {}
        table, key = f"{data.get('db')}.{data.get('table')}", str(data.get("key"))
        if table in (PROVIDERS, CLASSES) and "id" in after and "name" in after:
            (self._hosts if table == PROVIDERS else self._kinds)[after["id"]] = str(after["name"])
        elif table == ALLOCATIONS:
            old = self._rows.pop(key, {})
            if event.kind != "db.delete":
                self._rows[key] = {**old, **after}
            yield from self._moved(old, -1)
            yield from self._moved(self._rows.get(key, {}), 1)
        elif table.endswith(".compute_nodes") and not self._hosts:
            yield from self._counted(f"{table} {key}", after)

    def _moved(self, row: dict[str, Any], sign: int) -> Iterator[tuple[str, str, int]]:
        provider, kind = row.get("resource_provider_id"), row.get("resource_class_id")
        if provider in self._hosts and isinstance(row.get("used"), int):
            self._sold[provider, kind] = self._sold.get((provider, kind), 0) + sign * row["used"]
            name = self._kinds.get(kind, str(kind))
            yield self._hosts[provider], name, self._sold[provider, kind]

    def _counted(self, node: str, after: dict[str, Any]) -> Iterator[tuple[str, str, int]]:
        row = self._rows[node] = {**self._rows.get(node, {}), **after}
        for column, kind in _COUNTED.items():
            if isinstance(after.get(column), int):
                yield str(row.get("host")), kind, after[column]


def _counter(service: str, name: str, time: float, values: dict[str, int]) -> dict[str, Any]:
    at = {"pid": service, "tid": 0, "ts": round(time * 10**9)}
    return {"ph": "C", **at, "name": name, "args": values}

"""A cloud in a few lines: what is up, what runs where, what is broken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from simnova import Cloud
from simnova.observe import rows
from simnova.observe.cursor import cursor
from simnova.observe.markup import element, escape
from simnova.observe.table import Table

FEW = 6
"""Hosts and servers that are told one by one; of more it is said how many."""


@dataclass(frozen=True)
class Status:
    """What a cloud was like when it was asked; it shows itself as text and as HTML."""

    name: str
    lines: tuple[tuple[str, str], ...]

    def table(self) -> Table:
        """The same as a table."""
        return Table((self.name, ""), self.lines)

    def __repr__(self) -> str:
        width = max(len(what) for what, _ in self.lines)
        return "\n".join([self.name, *(f"  {what:<{width}}  {said}" for what, said in self.lines)])

    def _repr_html_(self) -> str:
        head = element("caption", escape(self.name), style="text-align:left;font-weight:bold")
        return element("table", head + "".join(_row(what, said) for what, said in self.lines))


def _row(what: str, said: str) -> str:
    cells = element("th", escape(what)) + element("td", escape(said), style="text-align:left")
    return element("tr", cells)


def status(name: str, cloud: Cloud) -> Status:
    """How a cloud is, now; `name` is the variable that holds it."""
    return Status(name, tuple(_lines(cloud)))


def _lines(cloud: Cloud) -> Iterator[tuple[str, str]]:
    closed = ", closed" if cloud.closed else "" if cloud.clock.quiet else ", at work"
    yield "now", f"{cloud.now:.3f} s, {len(cloud.journal)} events{closed}"
    seq = cursor(cloud.journal)
    if seq is not None:
        yield "cursor", f"event {seq}, at {cloud.journal[seq].time:.3f} s"
    yield "hosts", few(f"{one.name} {one.status}" for one in cloud.hosts_at()) or "none"
    yield "servers", few(map(server, rows.in_cells(cloud.journal, None, "instances"))) or "none"
    yield "down", ", ".join(cloud._down()) or "nothing"
    yield "faults", "; ".join(map(str, cloud.faults)) or "none"


def server(row: Mapping[str, Any]) -> str:
    """A server's row in a few words: its name, its state, and its host."""
    doing = f" ({row['task_state']})" if row.get("task_state") else ""
    where = f" on {row['host']}" if row.get("host") else ""
    return f"{row.get('display_name')} {row.get('vm_state')}{doing}{where}"


def few(told: Iterable[str]) -> str:
    """Each by itself; of many how many there are in which state: `40 up, 2 down`."""
    found = list(told)
    if len(found) <= FEW:
        return ", ".join(found)
    ends = Counter(one.partition(" ")[2].partition(" on ")[0] for one in found)
    return ", ".join(f"{count} {what}" for what, count in ends.items())

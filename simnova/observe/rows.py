"""The databases as they were at any step: a cursor over row changes that goes both ways.

A change holds the row before and after, so one step forward applies it and one step back takes it
away again.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

from simnova.kernel.journal import Event, Journal
from simnova.observe import schema
from simnova.observe.index import follow, last, step
from simnova.observe.table import Table

Row = dict[str, Any]
CHANGES = {"db.insert", "db.update", "db.delete"}


def full_name(event: Event) -> str:
    """The table of a row change, as SQL names it: nova_cell1.instances."""
    return f"{event.data.get('db')}.{event.data.get('table')}"


def row_key(event: Event) -> Any:
    """The primary key of a changed row, as something that can be looked up."""
    key = event.data.get("key")
    return key if isinstance(key, int | str | None) else repr(key)


class Reading:
    """One table as it stands after some number of its changes."""

    def __init__(self) -> None:
        self._changes: list[Event] = []
        self._seqs: list[int] = []
        self._born: dict[Any, int] = {}
        self._rows: dict[Any, Row] = {}
        self._applied = 0
        self._in_order: list[Row] | None = None

    def add(self, change: Event) -> None:
        """Take in the table's next change."""
        self._changes.append(change)
        self._seqs.append(change.seq)
        self._born.setdefault(row_key(change), change.seq)

    def begun(self, seq: int) -> bool:
        """Whether anything was written by step `seq`."""
        return self._seqs[0] <= seq

    def to(self, seq: int) -> dict[Any, Row]:
        """The rows by key right after step `seq`. A row is never changed once handed out."""
        goal = bisect_right(self._seqs, seq)
        if goal != self._applied:
            self._in_order = None
        while self._applied < goal:
            self._put(self._changes[self._applied], "after", "db.delete", fresh="db.insert")
            self._applied += 1
        while self._applied > goal:
            self._applied -= 1
            self._put(self._changes[self._applied], "before", "db.insert", fresh="db.delete")
        return self._rows

    def in_order(self, seq: int) -> list[Row]:
        """The rows right after step `seq` in the order in which they were made."""
        rows = self.to(seq)
        if self._in_order is None:
            self._in_order = [rows[key] for key in sorted(rows, key=self._born.__getitem__)]
        return list(self._in_order)

    def _put(self, change: Event, side: str, removed: str, fresh: str) -> None:
        key = row_key(change)
        if change.kind == removed:
            self._rows.pop(key, None)
        else:
            kept = {} if change.kind == fresh else self._rows.get(key, {})
            row = {**kept, **(change.data.get(side) or {})}
            self._rows[key] = {name: value for name, value in row.items() if value is not None}


class Cursor:
    """Every table by its name, each read as far as somebody asked; `follow(journal, Cursor)`."""

    def __init__(self) -> None:
        self.of: dict[str, Reading] = {}

    def add(self, event: Event) -> None:
        """Take in the next event."""
        if event.kind in CHANGES:
            self.of.setdefault(full_name(event), Reading()).add(event)

    def to(self, seq: int) -> dict[str, dict[Any, Row]]:
        """The tables right after step `seq`: rows by key, by table."""
        return {name: one.to(seq) for name, one in self.of.items() if one.begun(seq)}


def at(journal: Journal, seq: int | None, table: str) -> list[Row]:
    """The rows of `nova_cell1.instances`, say, as they were after step `seq`, in the order in which
    they were made; a column that is NULL is left out.
    """
    reading = follow(journal, Cursor).of.get(table)
    return reading.in_order(last(journal, seq)) if reading else []


def one(journal: Journal, change: Event) -> Row:
    """The row that a change is about as it was right after it; empty where it is gone."""
    reading = follow(journal, Cursor).of.get(full_name(change))
    return reading.to(change.seq).get(row_key(change), {}) if reading else {}


def in_cells(journal: Journal, seq: int | None, table: str) -> list[Row]:
    """The rows of that table in all cells, cell0 first, as they were after step `seq`."""
    known = sorted(follow(journal, Cursor).of)
    names = [name for name in known if name.startswith("nova_cell") and name.endswith(f".{table}")]
    return [row for name in names for row in at(journal, seq, name)]


def tables(journal: Journal, seq: int | None = None) -> Table:
    """How many rows each table had after step `seq`."""
    counted = follow(journal, Cursor).to(last(journal, seq))
    return Table(("table", "rows"), [(name, len(counted[name])) for name in sorted(counted)])


def table(journal: Journal, seq: int | None, name: str) -> Table:
    """A table as it was after step `seq`; columns that are None in every row are left out.

    Raises `UsageError` for a table or a step that is not there.
    """
    known = schema.names(journal, set(follow(journal, Cursor).of))
    if not isinstance(name, str) or name not in known:
        raise schema.no_table(name, known)
    seq = None if seq is None else step(journal, seq)
    rows = at(journal, seq, name)
    columns = list(
        dict.fromkeys(key for row in rows for key, value in row.items() if value is not None)
    )
    return Table(columns, [[row.get(column) for column in columns] for row in rows], title=name)


def changed(journal: Journal, seq: int) -> Table:
    """What the event at `seq` did to a row, column by column; empty where it changed none.

    Raises `UsageError` for a step that is not there.
    """
    event = journal[step(journal, seq)]
    columns = ("table", "key", "column", "before", "after")
    if event.kind not in CHANGES:
        return Table(columns, [])
    before, after = event.data.get("before") or {}, event.data.get("after") or {}
    names = dict.fromkeys((*before, *after))
    place = full_name(event), str(event.data.get("key"))
    told = [(*place, name, before.get(name), after.get(name)) for name in names]
    return Table(columns, [row for row in told if row[3] != row[4]])

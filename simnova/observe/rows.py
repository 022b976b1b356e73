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


class Cursor:
    """All tables as they stand after some number of row changes; `follow(journal, Cursor)`."""

    def __init__(self) -> None:
        self.changes: list[Event] = []
        self.seqs: list[int] = []
        self.tables: dict[str, dict[Any, Row]] = {}
        self.born: dict[tuple[str, Any], int] = {}
        self.names: set[str] = set()
        self.applied = 0
        self._in_order: dict[str, list[Row]] = {}

    def add(self, event: Event) -> None:
        """Take in the next event."""
        if event.kind in CHANGES:
            self.changes.append(event)
            self.seqs.append(event.seq)
            self.names.add(full_name(event))
            self.born.setdefault((full_name(event), row_key(event)), event.seq)

    def to(self, seq: int) -> dict[str, dict[Any, Row]]:
        """The tables right after step `seq`: rows by key, by table. A row is never changed once
        handed out.
        """
        goal = bisect_right(self.seqs, seq)
        while self.applied < goal:
            self._put(self.changes[self.applied], "after", removed="db.delete", fresh="db.insert")
            self.applied += 1
        while self.applied > goal:
            self.applied -= 1
            self._put(self.changes[self.applied], "before", removed="db.insert", fresh="db.delete")
        return self.tables

    def in_order(self, table: str) -> list[Row]:
        """The rows of a table in the order in which they were made, where the cursor is."""
        if table not in self._in_order:
            rows = self.tables.get(table, {})
            keys = sorted(rows, key=lambda key: self.born[table, key])
            self._in_order[table] = [rows[key] for key in keys]
        return list(self._in_order[table])

    def _put(self, change: Event, side: str, removed: str, fresh: str) -> None:
        table, key = full_name(change), row_key(change)
        rows = self.tables.setdefault(table, {})
        self._in_order.pop(table, None)
        if change.kind == removed:
            rows.pop(key, None)
        else:
            kept = {} if change.kind == fresh else rows.get(key, {})
            row = {**kept, **(change.data.get(side) or {})}
            rows[key] = {name: value for name, value in row.items() if value is not None}


def at(journal: Journal, seq: int | None, table: str) -> list[Row]:
    """The rows of `nova_cell1.instances`, say, as they were after step `seq`, in the order in which
    they were made; a column that is NULL is left out.
    """
    cursor = follow(journal, Cursor)
    cursor.to(last(journal, seq))
    return cursor.in_order(table)


def one(journal: Journal, change: Event) -> Row:
    """The row that a change is about as it was right after it; empty where it is gone."""
    rows = follow(journal, Cursor).to(change.seq).get(full_name(change), {})
    return rows.get(row_key(change), {})


def in_cells(journal: Journal, seq: int | None, table: str) -> list[Row]:
    """The rows of that table in all cells, cell0 first, as they were after step `seq`."""
    known = sorted(follow(journal, Cursor).to(last(journal, seq)))
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
    known = schema.names(journal, follow(journal, Cursor).names)
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

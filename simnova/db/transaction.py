"""What a work does in one transaction: read rows, add, change and remove them, and note what
changed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from sqlite3 import Cursor
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from simnova.db.condition import read
from simnova.db.exception import translate
from simnova.db.prepared import Prepared, Row
from simnova.db.statements import Layout
from simnova.exceptions import UsageError, unknown
from simnova.kernel.journal import declare

if TYPE_CHECKING:
    from simnova.db.database import Database

INSERT = declare(
    "db.insert", "a row was added; `after` is the row without its NULLs", payload=("after",)
)
UPDATE = declare("db.update", "a row was changed; before and after hold the changed columns")
DELETE = declare(
    "db.delete", "a row was removed; `before` is the row without its NULLs", payload=("before",)
)
REFUSED = declare(
    "db.refused", "a change was not made, because the row is not as it was expected to be"
)

Where = Mapping[str, Any]
"""Column names and what they must hold: a value, None for NULL, or a list of values of which one
(None included).
"""

Table = str | sa.Table

__door__ = True


class Transaction:
    """One transaction of one database. It begins with its first write; until then SQLite needs
    none.

    Rows are dicts by column name. A row returned is a copy: changing it changes nothing.
    """

    __slots__ = ("_begun", "_cursor", "_database", "_statements", "changes", "refusals")

    def __init__(self, database: Database) -> None:
        self._database = database
        self._statements = database.statements
        self._cursor = database.connection.cursor
        self._begun = False
        self.changes: list[tuple[str, Row]] = []
        self.refusals: list[tuple[str, Row]] = []

    def get(self, table: Table, /, **key: Any) -> Row | None:
        """The row with that key, or None. The key may be any columns that are unique together."""
        form, values = read(key)
        statement = self._statements.select(_name(table), form)
        found = self._run(statement, values).fetchall()
        return statement.row(found[0]) if found else None

    def select(
        self,
        table: Table,
        where: Where | None = None,
        *,
        order_by: str | Sequence[str] = (),
        limit: int | None = None,
    ) -> list[Row]:
        """The rows that fit, whole; ordered by columns, descending where one is a `-name`."""
        form, values = read(where or {})
        order = (order_by,) if isinstance(order_by, str) else tuple(order_by)
        statement = self._statements.select(_name(table), form, order, limit)
        return [statement.row(found) for found in self._run(statement, values).fetchall()]

    def totals(
        self,
        table: Table,
        of: Sequence[str] = (),
        where: Where | None = None,
        *,
        by: Sequence[str] = (),
    ) -> list[Row]:
        """How many rows fit (`count`) and the sums of the columns `of`, for each group that the
        columns `by` make; without `by` it is one row.
        """
        form, values = read(where or {})
        statement = self._statements.totals(_name(table), tuple(of), form, tuple(by))
        return [statement.row(found) for found in self._run(statement, values).fetchall()]

    def insert(self, table: Table, /, **values: Any) -> Row:
        """Add a row and return it whole, with its key and defaults.

        Raises `DBDuplicateEntry` where a unique constraint forbids it; the transaction can go on.
        """
        layout = self._statements.layout(_name(table))
        row = {**layout.defaults, **values}
        if len(row) > len(layout.defaults):
            raise _unknown_column(layout, values)
        self._stamp(row, "created_at", layout.defaults)
        statement = self._statements.insert(layout.table.name)
        arguments = statement.arguments(list(row.values()))
        self._write(statement, arguments)
        row = statement.row(arguments)
        if layout.counted is not None and row[layout.counted] is None:
            row[layout.counted] = self._cursor.lastrowid
        self._note(INSERT, layout.table.name, layout.key(row), None, _without_nulls(row))
        return row

    def update(
        self,
        table: Table,
        where: Where,
        values: Mapping[str, Any],
        *,
        expected: Where | None = None,
    ) -> int:
        """Change the rows that fit and return how many they were: one UPDATE, so it compares and
        swaps.

        `expected` is a further condition. Where rows fit `where` but not that, the refusal is
        journalled.
        """
        name = _name(table)
        layout = self._statements.layout(name)
        new = dict(values)
        self._stamp(new, "updated_at", layout.defaults)
        form, wanted = read({**where, **expected} if expected else where)
        reading, change = self._statements.update(name, tuple(new), form)
        held = [reading.row(found) for found in self._run(reading, list(wanted)).fetchall()]
        given = [*new.values(), *wanted]
        self._write(change, change.arguments(given))
        count = self._cursor.rowcount
        after = change.row(given[: len(new)])
        for row in held:
            self._note_change(name, layout.key(row), row, after)
        if expected and not count:
            self._refuse(name, where, expected)
        return count

    def delete(self, table: Table, where: Where) -> int:
        """Remove the rows that fit and return how many they were."""
        name = _name(table)
        layout = self._statements.layout(name)
        rows = self.select(name, where)
        if rows:
            form, values = read(where)
            statement = self._statements.delete(name, form)
            self._write(statement, statement.arguments(values))
        for row in rows:
            self._note(DELETE, name, layout.key(row), _without_nulls(row), None)
        return len(rows)

    def execute(self, statement: sa.Select[Any], /, **values: Any) -> list[Row]:
        """Run a SELECT built with SQLAlchemy, for what the other methods cannot say (joins,
        ranges).

        Its tables are those of the schema modules: they name no database and mean this one. One
        whose `bindparam`s are given as `values` is compiled once, so build it once.
        """
        if not values:
            return self._execute(statement)
        prepared, names = self._statements.query(statement)
        found = self._run(prepared, [values[name] for name in names]).fetchall()
        return [prepared.row(row) for row in found]

    def _execute(self, statement: sa.Select[Any]) -> list[Row]:
        core, schema = self._database.connection.core, self._database.schema
        try:
            return [
                dict(row) for row in core.execute(statement, execution_options=schema).mappings()
            ]
        except sa.exc.DBAPIError as error:
            raise translate(error.orig or error) from error

    def commit(self) -> None:
        """Make the changes last."""
        if self._begun:
            self._cursor.execute("COMMIT")

    def rollback(self) -> None:
        """Undo everything."""
        self.changes.clear()
        if self._begun:
            self._cursor.execute("ROLLBACK")

    def _run(self, statement: Prepared, values: list[Any]) -> Cursor:
        try:
            return self._cursor.execute(statement.text, statement.arguments(values))
        except sqlite3.Error as error:
            raise translate(error) from error

    def _write(self, statement: Prepared, arguments: list[Any]) -> None:
        if not self._begun:
            self._cursor.execute("BEGIN")
            self._begun = True
        try:
            self._cursor.execute(statement.text, arguments)
        except sqlite3.Error as error:
            raise translate(error) from error

    def _stamp(self, row: Row, name: str, columns: Row) -> None:
        if name in columns and row.get(name) is None:
            row[name] = self._database.utcnow()

    def _note(self, kind: str, table: str, key: Any, before: Row | None, after: Row | None) -> None:
        data = {
            "db": self._database.name,
            "table": table,
            "key": key,
            "before": before,
            "after": after,
        }
        self.changes.append((kind, data))

    def _note_change(self, table: str, key: Any, held: Row, new: Row) -> None:
        changed = [name for name in new if held[name] != new[name]]
        if changed:
            before = {name: held[name] for name in changed}
            self._note(UPDATE, table, key, before, {name: new[name] for name in changed})

    def _refuse(self, table: str, where: Where, expected: Where) -> None:
        row = self.get(table, **where)
        reason = "no such row" if row is None else _differences(row, expected)
        wanted = {"where": dict(where), "expected": dict(expected), "reason": reason}
        self.refusals.append((REFUSED, {"db": self._database.name, "table": table, **wanted}))


def _name(table: Table) -> str:
    return table if isinstance(table, str) else table.name


def _without_nulls(row: Row) -> Row:
    return {name: value for name, value in row.items() if value is not None}


def _differences(row: Row, expected: Where) -> str:
    """Which columns are not as expected: `task_state is 'deleting'`."""
    held = [
        f"{name} is {row[name]!r}"
        for name, wanted in expected.items()
        if not _fits(row[name], wanted)
    ]
    return ", ".join(held)


def _fits(value: Any, wanted: Any) -> bool:
    return value in wanted if isinstance(wanted, (list, tuple)) else value == wanted


def _unknown_column(layout: Layout, values: Mapping[str, Any]) -> UsageError:
    wrong = next(name for name in values if name not in layout.defaults)
    return unknown(f"column of {layout.table.name}", wrong, layout.defaults)

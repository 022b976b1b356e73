"""The statements of one database, each prepared when it is first needed and kept."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import cache
from typing import Any, NamedTuple, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.schema import ScalarElementColumnDefault
from sqlalchemy.sql.visitors import iterate

from simnova.db.condition import Form, clauses, parameter
from simnova.db.prepared import Prepared, Row
from simnova.exceptions import unknown

S = TypeVar("S")

__door__ = True


class Layout(NamedTuple):
    """What must be known of a table to write to it."""

    table: sa.Table
    defaults: Row
    """Every column in order, with the value that a new row has where none is given."""
    keys: tuple[str, ...]
    counted: str | None
    """The key that the database counts up."""

    def key(self, row: Row) -> Any:
        """The primary key of a row; several columns are joined by a slash."""
        if len(self.keys) == 1:
            return row[self.keys[0]]
        return "/".join(str(row[name]) for name in self.keys)


class Statements:
    """Makes and keeps the prepared statements of the tables of one schema."""

    def __init__(self, metadata: sa.MetaData, dialect: Dialect) -> None:
        self._tables = {table.name: table for table in metadata.tables.values()}
        self._schema = metadata.schema
        self._dialect = dialect
        self._kept: dict[Hashable, Any] = {}

    def _keep(self, key: Hashable, made: Callable[[], S]) -> S:
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = made()
        return cast(S, found)

    def layout(self, table: str) -> Layout:
        """What the table looks like; raises `UsageError` where there is none of that name."""
        return self._keep(table, lambda: _layout(self._table(table)))

    def select(
        self, table: str, form: Form, order_by: tuple[str, ...] = (), limit: int | None = None
    ) -> Prepared:
        """Whole rows; an `order_by` of `-name` is descending."""
        key = (table, form, order_by, limit)
        found: Prepared | None = self._kept.get(key)
        if found is None:
            found = self._kept[key] = self._select(table, form, order_by, limit)
        return found

    def _select(
        self, table: str, form: Form, order_by: tuple[str, ...], limit: int | None
    ) -> Prepared:
        source = self._table(table)
        where, parameters = self._where(source, form)
        order = [self._ordered(source, name) for name in order_by]
        statement = source.select().where(*where).order_by(*order)
        if limit is not None:
            statement = statement.limit(_literal(limit)).offset(_literal(0))
        return Prepared(statement, self._dialect, parameters, list(source.c))

    def totals(self, table: str, of: tuple[str, ...], form: Form, by: tuple[str, ...]) -> Prepared:
        """The number of rows as `count` and the sums of columns, for each group and in its order."""
        key = ("totals", table, of, form, by)
        return self._keep(key, lambda: self._totals(self._table(table), of, form, by))

    def _totals(
        self, table: sa.Table, of: tuple[str, ...], form: Form, by: tuple[str, ...]
    ) -> Prepared:
        where, parameters = self._where(table, form)
        groups = [self._column(table, name) for name in by]
        sums = [_sum(self._column(table, name)) for name in of]
        columns = [*groups, sa.func.count().label("count"), *sums]
        statement = sa.select(*columns).select_from(table).where(*where)
        grouped = statement.group_by(*groups).order_by(*groups)
        return Prepared(grouped, self._dialect, parameters, columns)

    def query(self, statement: sa.Select[Any]) -> tuple[Prepared, list[str]]:
        """A SELECT of one's own, and the names of its parameters."""
        return self._keep(statement, lambda: self._query(statement))

    def _query(self, statement: sa.Select[Any]) -> tuple[Prepared, list[str]]:
        found = [part for part in iterate(statement) if isinstance(part, sa.BindParameter)]
        columns: list[Any] = list(statement.selected_columns)
        prepared = Prepared(statement, self._dialect, found, columns, self._schema)
        return prepared, [parameter.key for parameter in found]

    def insert(self, table: str) -> Prepared:
        """A whole row, every column of it."""
        return self._keep(("insert", table), lambda: self._insert(self._table(table)))

    def _insert(self, table: sa.Table) -> Prepared:
        parameters = [parameter(column, column.name) for column in table.c]
        statement = table.insert().values({p.key: p for p in parameters})
        return Prepared(statement, self._dialect, parameters, list(table.c))

    def update(self, table: str, columns: tuple[str, ...], form: Form) -> tuple[Prepared, Prepared]:
        """Two: what these columns hold now (with the key), and the change of them."""
        key = ("update", table, columns, form)
        found: tuple[Prepared, Prepared] | None = self._kept.get(key)
        if found is None:
            found = self._kept[key] = self._update(self._table(table), columns, form)
        return found

    def _update(
        self, table: sa.Table, columns: tuple[str, ...], form: Form
    ) -> tuple[Prepared, Prepared]:
        where, parameters = self._where(table, form)
        changed = [self._column(table, name) for name in columns]
        keys = [column for column in table.primary_key.columns if column not in set(changed)]
        new = [parameter(column, f"new_{column.name}") for column in changed]
        reading = sa.select(*keys, *changed).where(*where)
        change = (
            table.update()
            .where(*where)
            .values({c.name: p for c, p in zip(changed, new, strict=True)})
        )
        return (
            Prepared(reading, self._dialect, parameters, [*keys, *changed]),
            Prepared(change, self._dialect, [*new, *parameters], changed),
        )

    def delete(self, table: str, form: Form) -> Prepared:
        """Rows to take away."""
        return self._keep(("delete", table, form), lambda: self._delete(self._table(table), form))

    def _delete(self, table: sa.Table, form: Form) -> Prepared:
        where, parameters = self._where(table, form)
        return Prepared(table.delete().where(*where), self._dialect, parameters)

    def _table(self, name: str) -> sa.Table:
        if name not in self._tables:
            raise unknown("table", name, self._tables)
        return self._tables[name]

    def _where(self, table: sa.Table, form: Form) -> Any:
        for name, _ in form:
            self._column(table, name)
        return clauses(table, form)

    def _column(self, table: sa.Table, name: str) -> sa.Column[Any]:
        if name not in table.c:
            raise unknown(f"column of {table.name}", name, table.c.keys())
        return table.c[name]

    def _ordered(self, table: sa.Table, name: str) -> sa.ColumnElement[Any]:
        column = self._column(table, name.removeprefix("-"))
        return column.desc() if name.startswith("-") else column.asc()


def _sum(column: sa.Column[Any]) -> sa.Label[Any]:
    return sa.func.coalesce(sa.func.sum(column), _literal(0)).label(column.name)


@cache
def statements(metadata: sa.MetaData, dialect: type[Dialect]) -> Statements:
    """The statements of a schema, shared by all databases that have it: they hold no connection."""
    return Statements(metadata, dialect())


def _literal(number: int) -> sa.ColumnElement[int]:
    return sa.literal_column(str(int(number)), sa.Integer)


def _layout(table: sa.Table) -> Layout:
    keys = tuple(column.name for column in table.primary_key.columns)
    counted = table.autoincrement_column
    return Layout(table, _defaults(list(table.c)), keys, None if counted is None else counted.name)


def _defaults(columns: Sequence[sa.Column[Any]]) -> Row:
    return {column.name: _default(column) for column in columns}


def _default(column: sa.Column[Any]) -> Any:
    default = column.default
    return default.arg if isinstance(default, ScalarElementColumnDefault) else None

"""All databases of a cloud, and SQL over all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from simnova.db.connection import Connection
from simnova.db.database import Database
from simnova.db.files import Files
from simnova.db.sql import query
from simnova.exceptions import UsageError
from simnova.kernel.clock import Clock

if TYPE_CHECKING:
    from simnova.observe.table import Table

__door__ = True


class Schemas:
    """Databases that one SELECT can name together, as far as SQLite attaches them to one connection
    (ten).
    """

    def __init__(self, url: str = "sqlite://") -> None:
        self._files = Files(url)
        self._connections = [Connection(self._files)]
        self.metadata: dict[str, sa.MetaData] = {}

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {', '.join(self.metadata)}>"

    def attach(self, name: str, metadata: sa.MetaData) -> Connection:
        """Create the tables of a new database and return the connection that it is on."""
        if name in self.metadata:
            raise UsageError(f"there is a database '{name}' already: choose another name")
        if self._connections[-1].full:
            self._connections.append(Connection(self._files))
        connection = self._connections[-1]
        self.metadata[name] = named(metadata, name)
        connection.attach(name, self.metadata[name])
        return connection

    def sql(self, text: str) -> Table:
        """Ask with SQL, as in `SELECT host, vm_state FROM nova_cell1.instances`; it only reads.

        Raises `UsageError` where the SQL is wrong or would change something.
        """
        return query(self._connections, text)

    def close(self) -> None:
        """Give up the connections."""
        for connection in self._connections:
            connection.close()


class Databases(Schemas):
    """The databases of one cloud. `url` is `sqlite://` (in memory) or `sqlite:///PATH`: see
    `Files`.
    """

    def __init__(self, clock: Clock, url: str = "sqlite://") -> None:
        super().__init__(url)
        self.clock = clock
        self._open: dict[str, Database] = {}

    def open(self, name: str, metadata: sa.MetaData) -> Database:
        """Make a database of that name with these tables. One `metadata` can serve several: every
        cell has the same.
        """
        connection = self.attach(name, metadata)
        database = self._open[name] = Database(self.clock, name, self.metadata[name], connection)
        return database

    def __getitem__(self, name: str) -> Database:
        return self._open[name]


@cache
def named(metadata: sa.MetaData, name: str) -> sa.MetaData:
    """A copy of the tables in the schema of that name."""
    copy = sa.MetaData(schema=name)
    for table in metadata.sorted_tables:
        table.to_metadata(copy, schema=name)
    return copy


Rows = Mapping[tuple[str, str, Any], Mapping[str, Any]]
"""Rows by database, table and key, as a fold over the journal gives them."""


def rows_as_databases(rows: Rows, metadata: Mapping[str, sa.MetaData]) -> Schemas:
    """Throw-away databases that hold just these rows, so that SQL can be asked of any moment of a
    run.

    `metadata` says which tables there are, as `Databases.metadata` does; a column that a row lacks
    is NULL.
    """
    made = Schemas()
    found: defaultdict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for (db, of, _), row in rows.items():
        found[db, of].append(row)
    for name, tables in metadata.items():
        connection = made.attach(name, tables)
        connection.cursor.execute("PRAGMA foreign_keys = OFF")
        for table in tables.tables.values():
            _fill(connection, table, found[name, table.name])
    return made


def _fill(connection: Connection, table: sa.Table, rows: Iterable[Mapping[str, Any]]) -> None:
    whole = [{column.name: row.get(column.name) for column in table.c} for row in rows]
    if whole:
        connection.core.execute(table.insert(), whole)

"""One SQLite connection and the databases attached to it, in memory or each in its own file."""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Iterator
from functools import cache
from typing import cast

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.pool import StaticPool

from simnova.db.files import Files

ATTACHED_AT_MOST = 10
"""What SQLite allows unless it was built otherwise (SQLITE_MAX_ATTACHED)."""
STATEMENTS = 1024
"""How many the driver keeps compiled. Its own 128 are fewer than all operations on a server need."""

__door__ = True


class Connection:
    """One held connection. The driver commits by itself, so a transaction is what says BEGIN and
    COMMIT.

    `core` runs what SQLAlchemy builds, `cursor` is the driver's own for prepared statements: both
    see the same.
    """

    def __init__(self, files: Files) -> None:
        self._files = files
        self._engine = sa.create_engine(
            "sqlite://",
            poolclass=StaticPool,
            isolation_level="AUTOCOMMIT",
            connect_args={"check_same_thread": False, "cached_statements": STATEMENTS},
        )
        self.core = self._engine.connect()
        self.dialect = self._engine.dialect
        self.driver = cast(sqlite3.Connection, self.core.connection.driver_connection)
        self.cursor = self.driver.cursor()
        self.cursor.execute("PRAGMA foreign_keys = ON")
        # A cloud that nobody closed is thrown away whole.
        self.close = weakref.finalize(self, _give_up, self.core, self._engine)
        """Give up the connection; databases in memory are gone with it."""
        self.names: list[str] = []

    @property
    def full(self) -> bool:
        """Whether no further database can be attached."""
        return len(self.names) >= ATTACHED_AT_MOST

    def attach(self, name: str, metadata: sa.MetaData) -> None:
        """Attach a new database and create its tables, whose schema name must be `name`.

        SQLite copies them from one that was made before, where it was built to do so.
        """
        self._add(name)
        if self._files.in_memory and hasattr(self.driver, "deserialize"):
            self.driver.deserialize(_image(name, metadata), name=name)
        else:
            self._create(metadata)

    def image(self, name: str, metadata: sa.MetaData) -> bytes:
        """A new database with its tables, as SQLite would write it into a file."""
        self._add(name)
        self._create(metadata)
        return self.driver.serialize(name=name)

    def _add(self, name: str) -> None:
        self.cursor.execute(f"ATTACH DATABASE ? AS {_quoted(name)}", [self._files.make(name)])
        self.names.append(name)
        self._files.mark(self.cursor, name)

    def _create(self, metadata: sa.MetaData) -> None:
        for element in _elements(metadata):
            self.cursor.execute(str(element.compile(dialect=sqlite.dialect())))
        for table in metadata.sorted_tables:
            table.dispatch.after_create(table, self.core)


@cache
def _image(name: str, metadata: sa.MetaData) -> bytes:
    """Every cloud of a process begins with the same tables, so they are made once and copied."""
    connection = Connection(Files("sqlite://"))
    try:
        return connection.image(name, metadata)
    finally:
        connection.close()


def _elements(metadata: sa.MetaData) -> Iterator[sa.schema.CreateTable | sa.schema.CreateIndex]:
    for table in metadata.sorted_tables:
        yield sa.schema.CreateTable(table)
        yield from (sa.schema.CreateIndex(index) for index in sorted(table.indexes, key=_name))


def _name(index: sa.Index) -> str:
    return str(index.name)


def _give_up(core: sa.Connection, engine: sa.Engine) -> None:
    core.close()
    engine.dispose()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

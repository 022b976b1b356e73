"""The databases of one scenario, and what stands in them: Nova's rows, Placement's rows.

Making tables takes longer than a decision, so a stage is kept for the next scenario; it is emptied before each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from simnova.db.api_schema import METADATA as API
from simnova.db.cell_schema import METADATA as CELL
from simnova.db.connection import Connection
from simnova.db.database import Database
from simnova.db.databases import Schemas
from simnova.kernel.clock import Clock
from simnova.nova.cmd.manage import API_DB, CELL1_DB
from simnova.placement.schema import METADATA as PLACEMENT
from simnova.standards import RESOURCE_CLASSES, TRAITS

__door__ = True

PLACEMENT_DB = "placement"
_SCHEMAS = {API_DB: API, CELL1_DB: CELL, PLACEMENT_DB: PLACEMENT}
_STANDARD = {"resource_classes": len(RESOURCE_CLASSES) - 1, "traits": len(TRAITS)}
"""The last id of the rows that Placement starts with."""

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
"""Rows by table; those of one table have the same columns."""


class Stage:
    """Databases in memory that one scenario at a time plays on."""

    def __init__(self) -> None:
        self._schemas = Schemas()
        self._connections: dict[str, Connection] = {
            name: self._schemas.attach(name, metadata) for name, metadata in _SCHEMAS.items()
        }
        for connection in self._connections.values():
            connection.cursor.execute("PRAGMA foreign_keys = OFF")

    def databases(self, clock: Clock) -> dict[str, Database]:
        """The databases as a cloud with that clock sees them."""
        return {
            name: Database(clock, name, self._schemas.metadata[name], connection)
            for name, connection in self._connections.items()
        }

    def fill(self, rows: Mapping[str, Rows]) -> None:
        """Put these rows, by database, in the place of all that was there."""
        for name, connection in self._connections.items():
            connection.cursor.execute("BEGIN")
            for table in self._schemas.metadata[name].sorted_tables:
                last = _STANDARD.get(table.name) if name == PLACEMENT_DB else None
                kept = f" WHERE id > {last}" if last is not None else ""
                connection.cursor.execute(f"DELETE FROM {name}.{table.name}{kept}")
            for table_name, found in rows[name].items():
                self._insert(connection, name, table_name, found)
            connection.cursor.execute("COMMIT")

    def _insert(
        self, connection: Connection, name: str, table: str, rows: Sequence[Mapping[str, Any]]
    ) -> None:
        if not rows:
            return
        columns = self._schemas.metadata[name].tables[f"{name}.{table}"].c
        defaults = {
            column.name: column.default.arg
            for column in columns
            if isinstance(column.default, sa.ColumnDefault) and column.default.is_scalar
        }
        names = list({**defaults, **rows[0]})
        holes = ", ".join("?" * len(names))
        text = f"INSERT INTO {name}.{table} ({', '.join(names)}) VALUES ({holes})"
        full = ({**defaults, **row} for row in rows)
        connection.cursor.executemany(text, [[row[one] for one in names] for row in full])


_spare: list[Stage] = []


@contextmanager
def stage() -> Iterator[Stage]:
    """A stage that nobody else uses meanwhile, be it in another thread or within a filter of one's own.

    One on which something went wrong is not used again.
    """
    try:
        found = _spare.pop()
    except IndexError:
        found = Stage()
    yield found
    _spare.append(found)

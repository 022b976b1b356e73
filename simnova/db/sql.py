"""SQL as a learner types it: it only reads, and what is wrong with it is said in a sentence."""

from __future__ import annotations

import difflib
import re
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from simnova.db.connection import Connection
from simnova.exceptions import UsageError

if TYPE_CHECKING:
    from simnova.observe.table import Table

PATIENCE = 10.0
"""Seconds of the wall clock after which a query is given up."""

_READING = frozenset(
    {
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_FUNCTION,
        sqlite3.SQLITE_RECURSIVE,
    }
)
_SCHEMA = re.compile(r"""["`\[]?(\w+)["`\]]?\s*\.""")
_CELL = "nova_cell1"
"""Where most of what is asked for lies; cell0 has the same tables."""
_EXAMPLE = "SELECT host, vm_state FROM nova_cell1.instances"

__door__ = True


def query(connections: Sequence[Connection], text: str) -> Table:
    """The answer to one SELECT. Raises `UsageError` where it is wrong or would change something."""
    from simnova.observe.table import Table

    if not isinstance(text, str) or not text.strip():
        raise UsageError(f"SQL is needed as text, not {text!r}: {_EXAMPLE}")
    connection = _connection(connections, text)
    read: set[tuple[str, str]] = set()
    try:
        columns, rows = _run(connection, text, read)
    except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
        raise UsageError(_explained(connections, str(error))) from None
    _check_named(text, read, _tables(connections))
    return Table(columns, rows)


def _connection(connections: Sequence[Connection], text: str) -> Connection:
    """The connection whose databases the text names; it cannot be several."""
    named = {match[1] for match in _SCHEMA.finditer(text)}
    found = [connection for connection in connections if named & set(connection.names)]
    if len(found) > 1:
        groups = " | ".join(", ".join(connection.names) for connection in connections)
        raise UsageError(f"one SELECT cannot join across the bars of: {groups}; ask twice")
    return found[0] if found else connections[0]


def _check_named(text: str, read: set[tuple[str, str]], known: list[str]) -> None:
    """Raise `UsageError` for a table that several databases have, where the text does not say which is meant."""
    quote = r"""["`\]]?\s*\.\s*["`\[]?"""
    for database, table in sorted(read):
        others = [name for name in known if name.partition(".")[2] == table]
        name = rf"\b{re.escape(database)}{quote}{re.escape(table)}\b"
        said = database and re.search(name, text, re.IGNORECASE)
        if len(others) > 1 and not said:
            meant = f"{_CELL}.{table}" if f"{_CELL}.{table}" in others else others[-1]
            raise UsageError(f"table '{table}' is in several databases: write {meant}")


def _run(
    connection: Connection, text: str, read: set[tuple[str, str]]
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Columns and rows; the database (where SQLite tells it) and name of what is read go to `read`."""

    def judge(action: int, *about: str | None) -> int:
        if action == sqlite3.SQLITE_READ and about[0]:
            read.add((about[2] or "", about[0]))
        return _judge(action)

    with _reading(connection.driver, judge):
        cursor = connection.driver.execute(text)
        if cursor.description is None:
            raise UsageError(f"that SQL asks nothing: {_EXAMPLE}")
        return [column[0] for column in cursor.description], cursor.fetchall()


@contextmanager
def _reading(driver: sqlite3.Connection, judge: Callable[..., int]) -> Iterator[None]:
    end = time.monotonic() + PATIENCE
    driver.set_authorizer(judge)
    driver.set_progress_handler(lambda: time.monotonic() > end, 100_000)
    try:
        yield
    finally:
        driver.set_authorizer(None)
        driver.set_progress_handler(None, 0)


def _judge(action: int) -> int:
    return sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY


def _explained(connections: Sequence[Connection], error: str) -> str:
    """SQLite's error as a sentence with the remedy."""
    if error.startswith("no such table: "):
        return _nearest(error.removeprefix("no such table: "), _tables(connections))
    if "not authorized" in error or "prohibited" in error:
        return f"SQL here only reads: {_EXAMPLE}; to change the cloud, ask its API"
    if error == "interrupted":
        return f"that took more than {PATIENCE:g} s: join on fewer rows, or add a LIMIT"
    return f"the SQL is wrong: {error}"


def _nearest(table: str, known: list[str]) -> str:
    """What to ask instead of a table that is not there; a name without a database fits any."""
    bare = table.rpartition(".")[2]
    near = difflib.get_close_matches(bare, sorted({name.partition(".")[2] for name in known}), n=1)
    meant = [name for name in known if name.partition(".")[2] in near]
    same = [name for name in meant if name.partition(".")[0] == table.partition(".")[0]]
    remedy = f"did you mean {' or '.join(same or meant)}?" if near else f"as in {_EXAMPLE}"
    return f"there is no table '{table}': {remedy}"


def _tables(connections: Sequence[Connection]) -> list[str]:
    found: list[str] = []
    for connection in connections:
        for name in connection.names:
            rows = connection.cursor.execute(
                f'SELECT name FROM "{name}".sqlite_master WHERE type = ?', ["table"]
            )
            found += [f"{name}.{row[0]}" for row in rows]
    return found

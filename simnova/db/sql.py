"""SQL as a learner types it: it only reads, and what is wrong with it is said in a sentence."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from simnova.db.connection import Connection
from simnova.exceptions import UsageError

if TYPE_CHECKING:
    from simnova.observe.table import Table

_READING = frozenset(
    {
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_FUNCTION,
        sqlite3.SQLITE_RECURSIVE,
    }
)
_SCHEMA = re.compile(r"""["`\[]?(\w+)["`\]]?\s*\.""")
_EXAMPLE = "SELECT host, vm_state FROM nova_cell1.instances"

__door__ = True


def query(connections: Sequence[Connection], text: str) -> Table:
    """The answer to one SELECT. Raises `UsageError` where it is wrong or would change something."""
    from simnova.observe.table import Table

    if not isinstance(text, str) or not text.strip():
        raise UsageError(f"SQL is needed as text, not {text!r}: {_EXAMPLE}")
    cursor = _run(_connection(connections, text), text)
    if cursor.description is None:
        raise UsageError(f"that SQL asks nothing: {_EXAMPLE}")
    return Table([column[0] for column in cursor.description], cursor.fetchall())


def _connection(connections: Sequence[Connection], text: str) -> Connection:
    """The connection whose databases the text names; it cannot be several."""
    named = {match[1] for match in _SCHEMA.finditer(text)}
    found = [connection for connection in connections if named & set(connection.names)]
    if len(found) > 1:
        groups = " | ".join(", ".join(connection.names) for connection in connections)
        raise UsageError(f"one SELECT cannot join across the bars of: {groups}; ask twice")
    return found[0] if found else connections[0]


def _run(connection: Connection, text: str) -> sqlite3.Cursor:
    with _reading(connection.driver):
        try:
            return connection.driver.execute(text)
        except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
            raise UsageError(_explained(connection, str(error))) from None


@contextmanager
def _reading(driver: sqlite3.Connection) -> Iterator[None]:
    driver.set_authorizer(_judge)
    try:
        yield
    finally:
        driver.set_authorizer(None)


def _judge(action: int, *_: str | None) -> int:
    return sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY


def _explained(connection: Connection, error: str) -> str:
    return error

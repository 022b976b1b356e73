"""Which rows have changed since: for whoever keeps a copy of a table."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from simnova.db.databases import Databases
from simnova.db.exception import DBError
from simnova.db.written import BEGINNING, Changed
from simnova.kernel.clock import Clock

METADATA = sa.MetaData()
sa.Table(
    "hosts", METADATA, sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String)
)
sa.Table("zones", METADATA, sa.Column("name", sa.String, primary_key=True))


@pytest.fixture
def database() -> Any:
    """A database with three hosts, each written by itself."""
    database = Databases(Clock()).open("test", METADATA)
    for name in "abc":
        database.run(lambda tx, name=name: tx.insert("hosts", name=name))
    return database


def since(database: Any, version: int, table: str = "hosts") -> Changed:
    return asyncio.run(database.changed_since(table, version))


def test_every_row_has_changed_since_the_beginning(database: Any) -> None:
    assert since(database, BEGINNING) == Changed(3, [1, 2, 3])


def test_only_what_was_written_later_has_changed_each_row_once(database: Any) -> None:
    version = since(database, BEGINNING).version
    for name in ("d", "e"):
        database.run(lambda tx, name=name: tx.update("hosts", {"id": 2}, {"name": name}))
    database.run(lambda tx: tx.delete("hosts", {"id": 1}))
    database.run(lambda tx: tx.insert("zones", name="north"))
    changed = since(database, version)
    assert changed.keys == [2, 1]
    assert since(database, changed.version).keys == []
    assert since(database, version, "zones").keys == ["north"]


def test_what_was_undone_or_changed_nothing_is_no_change(database: Any) -> None:
    version = since(database, BEGINNING).version

    def failing(tx: Any) -> None:
        tx.insert("hosts", name="d")
        raise ValueError("on second thoughts")

    with pytest.raises(ValueError, match="second thoughts"):
        database.run(failing)
    database.run(lambda tx: tx.update("hosts", {"id": 2}, {"name": "b"}))
    assert since(database, version) == Changed(version, [])


def test_a_database_that_is_down_does_not_answer(database: Any) -> None:
    database.refusing = "connection lost"
    with pytest.raises(DBError, match="connection lost"):
        since(database, BEGINNING)

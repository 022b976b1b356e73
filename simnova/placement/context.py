"""What the logic of one request works with: a transaction, and the names of the service (`placement/context.py`)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from simnova.db.database import Database
from simnova.db.transaction import Transaction
from simnova.placement.columns import Columns
from simnova.placement.errors import NotFound


class AttributeCache:
    """The ids of one table's names (`placement/attribute_cache.py`): read once, and again where one is missing."""

    def __init__(self, table: str, missing: str) -> None:
        self.table = table
        self.missing = missing
        self._ids: dict[str, int] = {}
        self._names: dict[int, str] = {}

    def id(self, tx: Transaction, name: str) -> int:
        """The id of a name; raises `NotFound` in Placement's words."""
        if name not in self._ids:
            self.refresh(tx)
        if name not in self._ids:
            raise NotFound(self.missing % name)
        return self._ids[name]

    def name(self, tx: Transaction, number: int) -> str:
        """The name of an id."""
        if number not in self._names:
            self.refresh(tx)
        return self._names[number]

    def known(self, tx: Transaction, name: str) -> bool:
        """Whether there is such a name."""
        if name not in self._ids:
            self.refresh(tx)
        return name in self._ids

    def refresh(self, tx: Transaction) -> None:
        """Read the table."""
        rows = tx.select(self.table)
        self._ids = {row["name"]: row["id"] for row in rows}
        self._names = {row["id"]: row["name"] for row in rows}


class Providers:
    """The columns of a database's providers, made when somebody first asks for them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @cached_property
    def columns(self) -> Columns:
        """The columns."""
        return Columns(self._database)


@dataclass
class Context:
    """One request's transaction, the caches of resource class and trait names, and the providers as columns."""

    tx: Transaction
    rc_cache: AttributeCache
    trait_cache: AttributeCache
    providers: Providers

    @property
    def columns(self) -> Columns:
        """All providers as they were when the request began."""
        return self.providers.columns

"""Which rows of a cell's database have changed since they were read last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnova.db.written import BEGINNING

if TYPE_CHECKING:
    from simnova.db.database import Database

MANY = 10_000
"""From this many changed rows on the whole table is read again."""


class Rows:
    """The versions up to which tables of a database are known."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._known: dict[str, int] = {}

    async def changed(self, table: str) -> list[int] | None:
        """The ids of the rows that have changed since this was asked last; None stands for all of them."""
        before = self._known.get(table, BEGINNING)
        self._known[table], keys = await self.database.changed_since(table, before)
        return None if before == BEGINNING or len(keys) > MANY else keys

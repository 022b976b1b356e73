"""Which rows were written when, so that whoever keeps a copy of a table reads again only what has changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from simnova.db.prepared import Row

BEGINNING = -1
"""The version before there was a database: everything has changed since."""


class Changed(NamedTuple):
    """The keys of the rows that were added, changed or removed, and the version up to which that is so."""

    version: int
    keys: list[Any]


class Written:
    """The version at which each row was last written. Every transaction that changes something is a version."""

    def __init__(self) -> None:
        self.version = 0
        self._tables: dict[str, dict[Any, int]] = {}

    def note(self, changes: Iterable[tuple[str, Row]]) -> None:
        """These changes were committed together."""
        self.version += 1
        for _, data in changes:
            table = self._tables.setdefault(data["table"], {})
            table.pop(data["key"], None)
            table[data["key"]] = self.version

    def since(self, table: str, version: int) -> Changed:
        """The rows of a table written after a version, the first written first."""
        keys = []
        written = self._tables.get(table, {})
        for key in reversed(written):
            if written[key] <= version:
                break
            keys.append(key)
        return Changed(self.version, keys[::-1])

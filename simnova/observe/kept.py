"""What was computed last, kept as long as it would come out the same.

From one step to the next most of a cloud stays as it was, however many hosts and servers there are.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any, Final, TypeVar

from simnova.kernel.journal import Event, Journal
from simnova.observe.index import follow
from simnova.observe.rows import CHANGES

T = TypeVar("T")
SERVICES_LIVES: Final = "service"
"""Stands for a table where a service that comes or goes counts as well."""


class Kept:
    """The last result of each work, and when each table changed; `follow(journal, Kept)`.

    Whatever was made may look at the whole journal (what a server is called, say), so it is made anew once that has
    grown.
    """

    def __init__(self) -> None:
        self.made: dict[object, tuple[Hashable, Any]] = {}
        self._changed: dict[str, list[int]] = {}

    def add(self, event: Event) -> None:
        """Take in the next event."""
        self.made.clear()
        if event.kind in CHANGES:
            self._changed.setdefault(str(event.data.get("table")), []).append(event.seq)
        elif event.kind.startswith(f"{SERVICES_LIVES}."):
            self._changed.setdefault(SERVICES_LIVES, []).append(event.seq)

    def version(self, seq: int, tables: tuple[str, ...]) -> Hashable:
        """The same for two steps between which none of these tables has changed in any database."""
        return tuple(bisect_right(self._changed.get(name, ()), seq) for name in tables)


def once(journal: Journal, work: object, key: Hashable, make: Callable[[], T]) -> T:
    """What was made for this work and this key last, or what is made now. Nobody may change it."""
    made = follow(journal, Kept).made
    if work not in made or made[work][0] != key:
        made[work] = key, make()
    return made[work][1]  # type: ignore[no-any-return]


def of_tables(
    *tables: str,
) -> Callable[[Callable[[Journal, int], T]], Callable[[Journal, int], T]]:
    """Of a function of a journal and a step that reads these tables alone, by their names without a database: it is
    asked again only where one of their rows has changed. Nobody may change what it returned.
    """

    def keeping(work: Callable[[Journal, int], T]) -> Callable[[Journal, int], T]:
        @wraps(work)
        def kept(journal: Journal, seq: int) -> T:
            version = follow(journal, Kept).version(seq, tables)
            return once(journal, work, version, lambda: work(journal, seq))

        return kept

    return keeping

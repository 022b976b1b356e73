"""Placement's providers as columns: what its tables say, kept beside them so that ten thousand can be asked at once.

The tables are what counts. The columns are read from them once and follow every transaction as it commits
(`Database.watch`), so they are never behind. A provider has a *place* in all columns; places are in the order in which
the providers were made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from simnova.db.database import Change, Database
from simnova.db.transaction import DELETE, INSERT, UPDATE, Transaction
from simnova.placement.stock import Stock

if TYPE_CHECKING:
    from simnova.placement.stock import Mask

Row = dict[str, Any]
_ROOM = 64
"""Providers that the first columns have room for."""


class Columns:
    """Inventories, usages, traits, aggregates and trees of all providers by place."""

    def __init__(self, database: Database) -> None:
        import numpy as np

        self.uuids: list[str] = []
        self.parents: list[int | None] = []
        self.roots: list[int] = []
        self.trees: dict[int, list[int]] = {}
        """The places of a tree by that of its root."""
        self.classes: list[dict[int, int]] = []
        """For each provider its resource classes, with the capacity of each."""
        self.traits_of: list[set[int]] = []
        self.shown: list[str | None] = []
        """For each provider the text of its summary, None where it must be written anew."""
        self.alive: Mask = np.zeros(_ROOM, np.bool_)
        self.stocks: dict[int, Stock] = {}
        self.traits: dict[int, Mask] = {}
        self.aggregates: dict[int, Mask] = {}
        self._places: dict[int, int] = {}
        self._by_uuid: dict[str, int] = {}
        self._inventories: dict[int, Row] = {}
        self._changed: dict[str, Callable[[str, Any, Row], None]] = {
            "resource_providers": self._provider,
            "inventories": self._inventory,
            "allocations": self._allocation,
            "resource_provider_traits": self._trait,
            "resource_provider_aggregates": self._aggregate,
        }
        database.run(self._read)
        database.watch(self.follow)

    def _read(self, tx: Transaction) -> None:
        providers = tx.select("resource_providers", order_by="id")
        for row in providers:
            self._add(row["id"], row)
        for row in providers:
            self._provider(UPDATE, row["id"], row)
        for table in ("inventories", "allocations"):
            for row in tx.select(table, order_by="id"):
                self._changed[table](INSERT, row["id"], row)
        for table in ("resource_provider_traits", "resource_provider_aggregates"):
            for row in tx.select(table):
                self._changed[table](INSERT, None, row)

    def follow(self, changes: Sequence[Change]) -> None:
        """Take in what a transaction has changed."""
        for kind, data in changes:
            changed = self._changed.get(data["table"])
            if changed is not None:
                changed(kind, data["key"], data["before"] if kind == DELETE else data["after"])

    @property
    def nested(self) -> bool:
        """Whether there is a provider below another one."""
        return len(self.trees) < len(self._places)

    def place(self, uuid: str) -> int | None:
        """The place of a provider, None where there is none of that UUID."""
        return self._by_uuid.get(uuid)

    def root_mask(self) -> Mask:
        """The providers that have no parent."""
        mask = self.none()
        mask[list(self.trees)] = True
        return mask

    def ancestors(self, place: int) -> set[int]:
        """A provider, its parent, and so on to the root."""
        found: set[int] = set()
        above: int | None = place
        while above is not None:
            found.add(above)
            above = self.parents[above]
        return found

    def none(self) -> Mask:
        """A mask without any provider."""
        import numpy as np

        return np.zeros(len(self.alive), np.bool_)

    def having(self, masks: dict[int, Mask], ids: Sequence[int]) -> Mask:
        """The providers with one of these traits or aggregates; `masks` is `traits` or `aggregates`."""
        found = self.none()
        for each in ids:
            if each in masks:
                found |= masks[each]
        return found

    # --- one change -------------------------------------------------------------------------------------------

    def _provider(self, kind: str, rp_id: int, row: Row) -> None:
        if kind == INSERT:
            self._add(rp_id, row)
        if kind == DELETE:
            self._remove(rp_id)
        elif row.get("root_provider_id") is not None:
            self._plant(self._places[rp_id], self._places[row["root_provider_id"]])
        if kind != DELETE and "parent_provider_id" in row:
            parent = row["parent_provider_id"]
            self.parents[self._places[rp_id]] = None if parent is None else self._places[parent]
            self.shown[self._places[rp_id]] = None

    def _add(self, rp_id: int, row: Row) -> None:
        place = self._places[rp_id] = self._by_uuid[row["uuid"]] = len(self.uuids)
        if place == len(self.alive):
            self._grow()
        self.alive[place] = True
        self.uuids.append(row["uuid"])
        self.parents.append(None)
        self.roots.append(place)
        self.trees[place] = [place]
        self.classes.append({})
        self.traits_of.append(set())
        self.shown.append(None)

    def _grow(self) -> None:
        import numpy as np

        size = 2 * len(self.alive)
        self.alive = np.resize(self.alive, size)
        self.alive[size // 2 :] = False
        for stock in self.stocks.values():
            stock.grow(size)
        for masks in (self.traits, self.aggregates):
            for key, mask in masks.items():
                masks[key] = np.concatenate([mask, np.zeros(size - len(mask), np.bool_)])

    def _plant(self, place: int, root: int) -> None:
        """Put a provider into the tree of that root."""
        members = self.trees[self.roots[place]]
        members.remove(place)
        if not members:
            del self.trees[self.roots[place]]
        self.roots[place] = root
        self.trees.setdefault(root, []).append(place)
        self.trees[root].sort()
        self.shown[place] = None

    def _remove(self, rp_id: int) -> None:
        place = self._places.pop(rp_id)
        del self._by_uuid[self.uuids[place]]
        members = self.trees[self.roots[place]]
        members.remove(place)
        if not members:
            del self.trees[self.roots[place]]
        self.alive[place] = False

    def _inventory(self, kind: str, key: int, row: Row) -> None:
        if kind == DELETE:
            del self._inventories[key]
            place, rc_id = self._places[row["resource_provider_id"]], row["resource_class_id"]
            self._stock(rc_id).drop(place)
            del self.classes[place][rc_id]
        else:
            row = self._inventories[key] = {**self._inventories.get(key, {}), **row}
            place, rc_id = self._places[row["resource_provider_id"]], row["resource_class_id"]
            stock = self._stock(rc_id)
            stock.put(place, row)
            self.classes[place][rc_id] = int(stock.capacity[place])
        self.shown[place] = None

    def _stock(self, rc_id: int) -> Stock:
        stock = self.stocks.get(rc_id)
        if stock is None:
            stock = self.stocks[rc_id] = Stock(len(self.alive))
        return stock

    def _allocation(self, kind: str, key: int, row: Row) -> None:
        place = self._places[row["resource_provider_id"]]
        sign = -1 if kind == DELETE else 1
        self._stock(row["resource_class_id"]).used[place] += sign * row["used"]
        self.shown[place] = None

    def _trait(self, kind: str, key: Any, row: Row) -> None:
        place, trait_id = self._places[row["resource_provider_id"]], row["trait_id"]
        self._mask(self.traits, trait_id)[place] = kind == INSERT
        (self.traits_of[place].add if kind == INSERT else self.traits_of[place].discard)(trait_id)
        self.shown[place] = None

    def _aggregate(self, kind: str, key: Any, row: Row) -> None:
        place = self._places[row["resource_provider_id"]]
        self._mask(self.aggregates, row["aggregate_id"])[place] = kind == INSERT

    def _mask(self, masks: dict[int, Mask], key: int) -> Mask:
        if key not in masks:
            masks[key] = self.none()
        return masks[key]

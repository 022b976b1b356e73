"""A client's view of the providers it looks after (`nova/compute/provider_tree.py`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

Inventories = dict[str, dict[str, Any]]


@dataclass
class ProviderData:
    """One provider as it was last seen in Placement, or as somebody wants it to be."""

    uuid: str
    name: str
    generation: int
    parent_uuid: str | None = None
    inventory: Inventories = field(default_factory=dict)
    traits: set[str] = field(default_factory=set)
    aggregates: set[str] = field(default_factory=set)

    def copy(self) -> ProviderData:
        """The same, to change without changing this one."""
        inventory = {name: dict(values) for name, values in self.inventory.items()}
        traits, aggregates = set(self.traits), set(self.aggregates)
        return replace(self, inventory=inventory, traits=traits, aggregates=aggregates)


class ProviderTree:
    """Providers by UUID, parents before children; a provider is also found by its name."""

    def __init__(self) -> None:
        self._providers: dict[str, ProviderData] = {}

    def exists(self, uuid: str) -> bool:
        """Whether that provider is known here."""
        return uuid in self._providers

    def get_provider_uuids(self) -> list[str]:
        """All providers, parents first."""
        return list(self._providers)

    def data(self, name_or_uuid: str) -> ProviderData:
        """The provider; raises `ValueError` for one that is not known."""
        for provider in self._providers.values():
            if name_or_uuid in (provider.uuid, provider.name):
                return provider
        raise ValueError(f"No such provider {name_or_uuid}")

    def populate_from_iterable(self, providers: Iterable[Mapping[str, Any]]) -> None:
        """Take in providers as Placement shows them."""
        for shown in providers:
            known = self._providers.get(shown["uuid"])
            if known is not None:
                known.name, known.generation = shown["name"], shown["generation"]
            else:
                parent = shown.get("parent_provider_uuid")
                self._providers[shown["uuid"]] = ProviderData(
                    shown["uuid"], shown["name"], shown["generation"], parent
                )

    def remove(self, uuid: str) -> None:
        """Forget a provider and those below it."""
        for child in [p.uuid for p in self._providers.values() if p.parent_uuid == uuid]:
            self.remove(child)
        self._providers.pop(uuid, None)

    def has_inventory_changed(self, uuid: str, wanted: Mapping[str, Mapping[str, Any]]) -> bool:
        """Whether the inventory differs from this one; fields that are not given are Placement's defaults."""
        present = self.data(uuid).inventory
        return set(present) != set(wanted) or any(
            present[name].get(key) != value
            for name, given in wanted.items()
            for key, value in given.items()
        )

    def update_inventory(
        self, uuid: str, inventory: Mapping[str, Mapping[str, Any]], generation: int | None = None
    ) -> None:
        """Note an inventory, and the generation at which it was so."""
        self.data(uuid).inventory = {name: dict(values) for name, values in inventory.items()}
        self._at(uuid, generation)

    def update_traits(
        self, uuid: str, traits: Iterable[str], generation: int | None = None
    ) -> None:
        """Note the traits."""
        self.data(uuid).traits = set(traits)
        self._at(uuid, generation)

    def update_aggregates(
        self, uuid: str, aggregates: Iterable[str], generation: int | None = None
    ) -> None:
        """Note the aggregates."""
        self.data(uuid).aggregates = set(aggregates)
        self._at(uuid, generation)

    def _at(self, uuid: str, generation: int | None) -> None:
        if generation is not None:
            self.data(uuid).generation = generation

    def copy(self) -> ProviderTree:
        """A tree to change without changing this one."""
        made = ProviderTree()
        made._providers = {uuid: provider.copy() for uuid, provider in self._providers.items()}
        return made

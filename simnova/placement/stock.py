"""One resource class of all providers as columns, so that one comparison of arrays asks all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]
    Numbers = NDArray[np.int64]

LARGEST = 2147483647
"""The largest amount that Placement's schemas let an inventory have."""
_COLUMNS = ("min_unit", "max_unit", "step_size", "used")


class Stock:
    """Inventories of one class: an element for each provider; one that has none has a `max_unit` of 0."""

    def __init__(self, size: int) -> None:
        import numpy as np

        self.capacity = np.zeros(size)
        self.min_unit: Numbers = np.zeros(size, np.int64)
        self.max_unit: Numbers = np.zeros(size, np.int64)
        self.step_size: Numbers = np.ones(size, np.int64)
        self.used: Numbers = np.zeros(size, np.int64)
        self._stepped = False

    def grow(self, size: int) -> None:
        """Make room for more providers."""
        bigger = Stock(size)
        for name in ("capacity", *_COLUMNS):
            old = getattr(self, name)
            getattr(bigger, name)[: len(old)] = old
            setattr(self, name, getattr(bigger, name))

    def put(self, place: int, inventory: Mapping[str, Any]) -> None:
        """Note the inventory of one provider."""
        free = inventory["total"] - inventory["reserved"]
        self.capacity[place] = free * inventory["allocation_ratio"]
        self.min_unit[place] = inventory["min_unit"]
        self.max_unit[place] = inventory["max_unit"]
        self.step_size[place] = inventory["step_size"]
        self._stepped = self._stepped or inventory["step_size"] != 1

    def drop(self, place: int) -> None:
        """A provider has no inventory of this class any more."""
        self.capacity[place] = self.max_unit[place] = 0
        self.step_size[place] = 1

    def room_for(self, amount: int) -> Mask:
        """Which providers could give that much to one consumer now."""
        import numpy as np

        if amount > LARGEST:
            return np.zeros(len(self.used), np.bool_)
        mask: Mask = self.capacity >= self.used + amount
        mask &= self.max_unit >= amount
        mask &= self.min_unit <= amount
        if self._stepped:
            mask &= amount % self.step_size == 0
        return mask

"""The hosts of one request as numbers in arrays: what is left of them, in which order, at which weights.

A host is a slot. While one request takes host after host only the slot that was taken changes, so a weight is added up
anew only where a weigher's scale has moved, and a host that changed alone is moved to its new place. The numbers are
bit for bit those of working everything out again.

Every method that changes something is an operation: the same operations on a copy give the same ranking, which is how
`history` tells later how things stood at any moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from simnova.nova.scheduler.packed import Packed
from simnova.nova.scheduler.scale import Scale

if TYPE_CHECKING:
    import numpy as np

AMOUNTS = ("free_ram_mb", "free_disk_mb", "num_io_ops", "num_instances", "candidates")
"""What the text of a host shows of it."""


class Ranking:
    """Hosts by slot, `order` as slots from the first to the last, `weights` by slot once they were added up."""

    def __init__(self, names: np.ndarray[Any, Any], amounts: Sequence[Packed]) -> None:
        import numpy as np

        self.names = names
        self.amounts = [each.unpacked() for each in amounts]
        self.scales: list[Scale] = []
        self.order = np.arange(len(names))
        self.weights = np.zeros(len(names))
        self._stale = True
        self._sorted = False
        self._touched: list[int] = []

    def __len__(self) -> int:
        return len(self.order)

    # --- operations -------------------------------------------------------------------------------------------

    def keep(self, left: np.ndarray[Any, Any]) -> None:
        """Only these slots are left, in this order, and are numbered anew; one host alone is not weighed."""
        import numpy as np

        mask = np.zeros(len(self.names), dtype=bool)
        mask[left] = True
        self.order = (np.cumsum(mask) - 1)[left]
        self.names = self.names[mask]
        self.amounts = [each[mask] for each in self.amounts]
        self.weights = self.weights[mask]
        for scale in self.scales:
            scale.keep(mask)
        self._stale = True
        if len(left) <= 1:
            self.scales.clear()
            self.weights[:] = 0.0

    def amount(self, slot: int, amounts: Sequence[Any]) -> None:
        """A host has other amounts now."""
        for held, amount in zip(self.amounts, amounts, strict=True):
            held[slot] = amount

    def put(
        self,
        index: int,
        name: str,
        ends: tuple[float | None, float | None],
        raw: Packed,
        multipliers: list[float],
        steady: bool,
    ) -> None:
        """All numbers of one weigher."""
        self.scales[index : index + 1] = [Scale(name, ends, raw.unpacked(), multipliers, steady)]
        self._stale = True

    def change(self, index: int, slots: Sequence[int], raw: Sequence[Any]) -> None:
        """A weigher gives some hosts other raw weights."""
        for slot, weight in zip(slots, raw, strict=True):
            if self.scales[index].change(slot, weight):
                self._stale = True
            else:
                self._touched.append(slot)

    def multiply(self, index: int, multipliers: list[float]) -> None:
        """A weigher counts otherwise."""
        self.scales[index].multiply(multipliers)
        self._stale = True

    def sort(self) -> None:
        """Add up the weights, heaviest first; among equals the order stays."""
        if self._stale:
            self._weigh_all()
        else:
            self._weigh_touched()
        if not self._sorted:
            self._sort_all()
        self._stale, self._sorted = False, True
        self._touched.clear()

    def promote(self, slots: Sequence[int]) -> None:
        """Put some slots in front, in that order."""
        import numpy as np

        rest = self.order[~np.isin(self.order, slots)]
        self.order = np.concatenate([np.array(slots, dtype=self.order.dtype), rest])
        self._sorted = False

    # --- adding up --------------------------------------------------------------------------------------------

    def _weigh_all(self) -> None:
        import numpy as np

        self.weights = np.zeros(len(self.names))
        for scale in self.scales:
            if not scale.idle:
                self.weights += scale.scores()
        self._sorted = False

    def _weigh_touched(self) -> None:
        touched = set(self._touched)
        self._sorted = self._sorted and len(touched) <= 1
        for slot in touched:
            held, weight = self.weights[slot], self._weight(slot)
            self.weights[slot] = weight
            if weight != held and self._sorted:
                self._move(slot, held, weight)

    def _weight(self, slot: int) -> float:
        weight = 0.0
        for scale in self.scales:
            if not scale.idle:
                weight += scale.score(slot)
        return weight

    def _sort_all(self) -> None:
        heaviest_first = (-self.weights[self.order]).argsort(kind="stable")
        self.order = self.order[heaviest_first]

    def _move(self, slot: int, held: float, weight: float) -> None:
        """One host has another weight: among its new equals it stands as it stood to them before."""
        order = self.order
        old = 0 if order[0] == slot else int((order == slot).nonzero()[0][0])
        if weight < held:
            new = self._place(weight, old + 1, len(order), before_equals=True)
            order[old : new - 1] = order[old + 1 : new]
            order[new - 1] = slot
        else:
            new = self._place(weight, 0, old, before_equals=False)
            order[new + 1 : old + 1] = order[new:old]
            order[new] = slot

    def _place(self, weight: float, first: int, last: int, *, before_equals: bool) -> int:
        """Where in `order[first:last]`, which is sorted, a weight belongs."""
        while first < last:
            middle = (first + last) // 2
            here = self.weights[self.order[middle]]
            if here > weight or (here == weight and not before_equals):
                first = middle + 1
            else:
                last = middle
        return first

"""One weigher's numbers of many hosts, scaled between their ends (`normalize` of `nova/weights.py`)."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


def normalize(
    weights: Sequence[float], minval: float | None = None, maxval: float | None = None
) -> list[float]:
    """The weights scaled so that `minval` is 0 and `maxval` is 1, by default the least and the greatest of them.

    All zeros where the two are equal.
    """
    if not weights:
        return []
    low = float(min(weights) if minval is None else minval)
    high = float(max(weights) if maxval is None else maxval)
    if low == high:
        return [0.0] * len(weights)
    return [(weight - low) / (high - low) for weight in weights]


class Scale:
    """A weigher's raw weights by slot, and what they come to; after a change only what it moves is worked out again.

    Numbers are as the weigher gave them; those of one that answers for all hosts at once are clamped here. Anything
    else than numbers of one type is held as objects and scaled by `normalize`.
    """

    def __init__(
        self,
        name: str,
        ends: tuple[float | None, float | None],
        raw: np.ndarray[Any, Any],
        multipliers: list[float],
        steady: bool,
    ) -> None:
        self.name = name
        self.steady = steady
        self.minval, self.maxval = ends
        self.raw = raw
        self.objects = raw.dtype == object
        self.multipliers = multipliers
        self.low = self.high = 0.0
        self.value = raw
        self._scaled: np.ndarray[Any, Any] | None = None
        self._settle()

    def takes(self, raw: np.ndarray[Any, Any], steady: bool) -> bool:
        """Whether new raw weights are of the same sort."""
        return bool(raw.dtype == self.raw.dtype) and steady == self.steady

    @property
    def same(self) -> bool:
        """Whether the multiplier is the same for every host."""
        return len(self.multipliers) == 1

    @property
    def idle(self) -> bool:
        """Whether it changes no weight: times 0, or all scaled to 0."""
        if not all(map(isfinite, self.multipliers)):
            return False
        return (self.same and self.multipliers[0] == 0) or (
            not self.objects and self.low == self.high
        )

    def clamp(self, weight: float) -> float:
        """A weight within the ends."""
        weight = weight if self.minval is None else max(weight, self.minval)
        return weight if self.maxval is None else min(weight, self.maxval)

    def given(self) -> list[Any]:
        """The raw weights, clamped, as Python's numbers."""
        held: list[Any] = self.raw.tolist()
        if self.objects or self.minval is self.maxval is None:
            return held
        return [self.clamp(weight) for weight in held]

    def scaled(self) -> np.ndarray[Any, Any]:
        """The weights between 0 and 1."""
        import numpy as np

        if self._scaled is None:
            if self.objects:
                self._scaled = np.array(normalize(self.raw.tolist(), self.minval, self.maxval))
            elif self.low == self.high:
                self._scaled = np.zeros(len(self.raw))
            else:
                self._scaled = (self.value - self.low) / (self.high - self.low)
        return self._scaled

    def scores(self) -> np.ndarray[Any, Any]:
        """What the weigher adds to each host's weight."""
        import numpy as np

        factor: Any = self.multipliers[0] if self.same else np.array(self.multipliers, dtype=float)
        product: np.ndarray[Any, Any] = factor * self.scaled()
        return product

    def score(self, slot: int) -> float:
        """What it adds to one host's."""
        return float(self.multipliers[0 if self.same else slot] * self.scaled()[slot])

    def differing(self, raw: np.ndarray[Any, Any]) -> list[int]:
        """The slots at which these raw weights are others; 0 and 0.0 are two things, since the log shows them."""
        if not self.objects:
            slots: list[int] = (self.raw != raw).nonzero()[0].tolist()
            return slots
        pairs = enumerate(zip(self.raw, raw, strict=True))
        return [slot for slot, (held, new) in pairs if held != new or type(held) is not type(new)]

    def change(self, slot: int, raw: Any) -> bool:
        """Another raw weight for one host; whether that moved an end, and with it every other host."""
        self.raw[slot] = raw
        if self.objects:
            self._scaled = None
            return True
        held, new = self.value[slot], float(self.clamp(raw))
        self.value[slot] = new
        inner = self.low < held < self.high and self.low < new < self.high
        if not inner and self._ends_moved():
            return True
        if self._scaled is not None and self.low != self.high:
            self._scaled[slot] = (new - self.low) / (self.high - self.low)
        return False

    def keep(self, mask: np.ndarray[Any, Any]) -> None:
        """Only those hosts are left."""
        self.raw = self.raw[mask]
        if not self.same:
            kept = [one for one, here in zip(self.multipliers, mask, strict=True) if here]
            self.multipliers = kept if len(set(kept)) > 1 else kept[:1]
        self._settle()

    def multiply(self, multipliers: list[float]) -> None:
        """Other multipliers: one for all hosts, or one for each."""
        self.multipliers = multipliers

    def _settle(self) -> None:
        import numpy as np

        self._scaled = None
        self.low = self.high = 0.0
        if self.objects or not len(self.raw):
            return
        self.value = self.raw.astype(float)
        if self.minval is not None or self.maxval is not None:
            self.value = np.clip(self.value, self.minval, self.maxval)
        self._ends_moved()

    def _ends_moved(self) -> bool:
        low = float(self.value.min() if self.minval is None else self.minval)
        high = float(self.value.max() if self.maxval is None else self.maxval)
        if (low, high) == (self.low, self.high):
            return False
        self.low, self.high, self._scaled = low, high, None
        return True

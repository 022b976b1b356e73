"""A column of numbers put away in as little room as it needs: decisions are kept for as long as the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


class Packed:
    """An array that nobody changes: one value where all are equal, half as wide where that holds everything."""

    __slots__ = ("_dtype", "_held", "_size")

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self._size, self._dtype = len(array), array.dtype
        self._held = _narrow(array)

    def unpacked(self) -> np.ndarray[Any, Any]:
        """The column as it was, to be changed at will."""
        import numpy as np

        if len(self._held) == self._size:
            return self._held.astype(self._dtype)
        return np.full(self._size, self._held[0], dtype=self._dtype)


def _narrow(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    import numpy as np

    if array.dtype == object or not len(array):
        return array.copy()
    if (array == array[0]).all():
        return array[:1].copy()
    small = array.astype(np.int32) if array.dtype == np.int64 else array
    return small.copy() if small is array or (small != array).any() else small

"""What a player says to a page: JSON that every browser takes, whatever names and numbers a journal holds."""

from __future__ import annotations

import math
from typing import Any, Final

from simnova.observe.markup import clean


def sound(value: Any) -> Any:
    """A value of JSON without what its text cannot hold: half characters, control characters, NaN and infinity."""
    if isinstance(value, str):
        return value if value.isascii() and value.isprintable() else clean(value)
    if isinstance(value, dict):
        return {sound(str(name)): sound(held) for name, held in value.items()}
    if isinstance(value, list | tuple):
        return list(map(sound, value))
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


TOLD: Final[dict[str, Any]] = {"sync": True, "to_json": lambda value, _: sound(value)}
"""The tags of a trait that a page is told of."""

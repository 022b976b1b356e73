"""JSON in which nothing stands twice: frames that follow each other are nearly the same."""

from __future__ import annotations

import base64
import json
import math
import zlib
from typing import Any

Key = tuple[Any, ...]


class Parts:
    """JSON values, each kept once: a list or an object holds the places of what is in it."""

    def __init__(self) -> None:
        self.kept: list[Any] = []
        self._places: dict[Key, int] = {}

    def put(self, value: Any) -> int:
        """The place of a value, which is kept where nothing equal to it is yet."""
        if isinstance(value, dict):
            inside = {str(name): self.put(one) for name, one in value.items()}
            return self._place(("dict", *inside.items()), inside)
        if isinstance(value, list | tuple):
            places = list(map(self.put, value))
            return self._place(("list", *places), places)
        if isinstance(value, float) and not math.isfinite(value):
            value = str(value)  # JSON has no such number; in a picture it is a text
        return self._place((type(value).__name__, value), value)

    def value(self, place: int) -> Any:
        """What is kept at a place, with all that is in it."""
        part = self.kept[place]
        if isinstance(part, dict):
            return {name: self.value(one) for name, one in part.items()}
        return [self.value(one) for one in part] if isinstance(part, list) else part

    def _place(self, key: Key, value: Any) -> int:
        place = self._places.setdefault(key, len(self.kept))
        if place == len(self.kept):
            self.kept.append(value)
        return place


def packed(value: Any) -> str:
    """A JSON value as deflated text in base64; the same value gives the same text."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return base64.b64encode(zlib.compress(text.encode("utf-8", "replace"), 9)).decode()

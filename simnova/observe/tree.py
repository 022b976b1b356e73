"""A value as a tree that can be folded: objects by their names, uuids by what they are of, what is too much cut."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, Final

from simnova.observe.markup import clean, shorten

CHILDREN, DEPTH, TEXT, ALL = 40, 9, 240, 600
"""Entries of one value, levels, characters of a text, and entries in all that are told."""
_NAME: Final = "nova_object.name"


class Tree:
    """Branches of values, up to a number in all; `names` say what uuids are of."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._left = ALL

    def branch(self, key: object, value: Any, depth: int = 0) -> dict[str, Any]:
        """A value under its key: `text` is what is said in one line, `of` are its entries, `more` counts those that
        are left out.
        """
        self._left -= 1
        said = {"key": shorten(clean(key), TEXT), "text": self._said(value)}
        entries = _entries(value)
        if not entries:
            return said
        room = 0 if depth >= DEPTH else min(CHILDREN, max(0, self._left))
        of = [self.branch(name, one, depth + 1) for name, one in islice(entries, room)]
        return {**said, "of": of, "more": len(entries) - len(of)}

    def _said(self, value: Any) -> str:
        if isinstance(value, Mapping):
            if _NAME in value:
                return clean(f"{value[_NAME]} {value.get('nova_object.version', '')}").rstrip()
            return "{}" if not value else f"{{{len(value)}}}"
        if isinstance(value, list | tuple):
            return f"[{len(value)}]"
        if value is None or isinstance(value, bool):
            return {None: "null", True: "true", False: "false"}[value]
        text = clean(value) or '""'
        name = self._names.get(text)
        return shorten(text, TEXT) + (
            f" ({shorten(clean(name), 60)})" if name and name != text else ""
        )


def _entries(value: Any) -> list[tuple[object, Any]]:
    """What is in a value; of one of Nova's objects, its fields."""
    if isinstance(value, Mapping):
        inside: Iterable[tuple[object, Any]] = (
            value["nova_object.data"].items()
            if _NAME in value and isinstance(value.get("nova_object.data"), Mapping)
            else value.items()
        )
        return list(inside)
    return list(enumerate(value)) if isinstance(value, list | tuple) else []

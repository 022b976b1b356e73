"""How a check says no: with what to look at, never with the answer."""

from __future__ import annotations

from typing import Any


class Hint(AssertionError):
    """An answer is missing or wrong; the message says where to look. A notebook shows the message alone."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in the place of a traceback."""
        return [f"✗ {self}"]


def expect(right: bool, hint: str) -> None:
    """Raise the hint unless the answer is right."""
    if not right:
        raise Hint(hint)


def agree(answer: object, found: object, hint: str) -> None:
    """Raise the hint unless the answer is what was found; lists and tuples count as equal, sets as sorted lists."""
    expect(plain(answer) == plain(found), hint)


def wrong(answer: object, found: dict[str, Any]) -> list[str]:
    """The keys under which a dict does not say what was found; all of them where it is no dict."""
    given = answer if isinstance(answer, dict) else {}
    return [key for key, value in found.items() if plain(given.get(key)) != plain(value)]


def plain(value: object) -> object:
    """An answer with its tuples as lists and its sets as sorted lists."""
    if isinstance(value, (set, frozenset)):
        return sorted((plain(one) for one in value), key=repr)
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return value


def passed(sentence: str) -> None:
    """Say that an answer is right, and what it means."""
    print(f"✓ {sentence}")

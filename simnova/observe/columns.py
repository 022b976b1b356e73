"""Columns of text that fit a line: prose goes on below in its own column, a long name is cut."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from textwrap import wrap

from simnova.observe.markup import shorten

WIDTH = 100
"""Characters of a line of text."""
NARROWEST = 16
"""Prose is not wrapped in a narrower column than this while another one has room to give."""
DEEPEST = 8
"""Lines of one cell; what goes on longer is cut there."""


def lay_out(rows: Sequence[Sequence[str]], fixed: Sequence[bool]) -> tuple[list[int], list[int]]:
    """The widths that cells of text need, each column once, and the least that they can do with."""
    columns = list(zip(*rows, strict=True))
    needed = [max(map(len, column)) for column in columns]
    words = [max(map(_longest, column)) for column in columns]
    least = [
        full if whole else min(full, max(word, NARROWEST))
        for full, word, whole in zip(needed, words, fixed, strict=True)
    ]
    return needed, least


def _longest(text: str) -> int:
    return max(map(len, text.split()), default=0)


def fit(widths: Sequence[int], least: Sequence[int], fixed: Sequence[bool]) -> list[int]:
    """Widths that fit into a line: the widest column gives way first, to its longest word, then further.

    A column that is `fixed` gives nothing.
    """
    fitted = _narrow(widths, least)
    return _narrow(fitted, [w if f else 4 for w, f in zip(fitted, fixed, strict=True)])


def _narrow(widths: Sequence[int], least: Sequence[int]) -> list[int]:
    fitted, room = list(widths), WIDTH - 2 * (len(widths) - 1)
    while sum(fitted) > room:
        giving = [place for place in range(len(fitted)) if fitted[place] > least[place]]
        if not giving:
            break
        fitted[max(giving, key=fitted.__getitem__)] -= 1
    return fitted


def lines(values: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> list[str]:
    """The lines of one row: each value in its column, where it is too long on several lines."""
    deep = [_fold(value, width) for value, width in zip(values, widths, strict=True)]
    return [_line(texts, widths, right) for texts in zip_longest(*deep, fillvalue="")]


def _fold(text: str, width: int) -> list[str]:
    if len(text) <= width:
        return [text]
    folded = wrap(text, width, break_long_words=False, break_on_hyphens=False)
    kept = [shorten(one, width) for one in folded[:DEEPEST]]
    return [*kept[:-1], shorten(kept[-1] + " " * width, width)] if folded[DEEPEST:] else kept


def _line(texts: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    cells = [
        text.rjust(width) if end else text.ljust(width)
        for text, width, end in zip(texts, widths, right, strict=True)
    ]
    return "  ".join(cells).rstrip()

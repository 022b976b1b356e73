"""The lines of source around a place that an event names, read from the installed package and from nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from simnova.exceptions import UsageError, quoted
from simnova.observe.functions import PACKAGE, function_at

AROUND: Final = 7
"""Lines that are shown before and after the one that is named."""


@dataclass(frozen=True)
class Source:
    """Some lines of a file, the first of which has the number `first`; `line` is the one that was named."""

    file: str
    function: str
    line: int
    first: int
    lines: tuple[str, ...]

    def __str__(self) -> str:
        head = f"{self.file}, {self.function}" if self.function else self.file
        numbered = (
            f"{'>' if number == self.line else ' '} {number:>4}  {text}"
            for number, text in enumerate(self.lines, self.first)
        )
        return "\n".join([head, *numbered])

    __repr__ = __str__


def source(where: object, around: int = AROUND) -> Source:
    """The lines around `nova/compute/manager/build.py:169`, as an event names it.

    Raises `UsageError` for what names no line of a module of this package.
    """
    name, _, number = str(where).rpartition(":")
    lines = text(name)
    line = int(number) if number.isascii() and number.isdigit() and len(number) < 8 else 0
    if not 1 <= line <= len(lines):
        raise UsageError(
            f"{quoted(where)} names no line of simnova's: an event's `where` does, "
            "such as nova/compute/manager/build.py:169; a notebook's cell stands in the notebook"
        )
    first = max(1, line - around)
    return Source(name, function_at(str(where)), line, first, lines[first - 1 : line + around])


@cache
def text(name: str) -> tuple[str, ...]:
    """The lines of a module of this package; none for any other file."""
    try:
        path = (PACKAGE / name).resolve()
        inside = path.is_relative_to(PACKAGE.resolve()) and path.suffix == ".py"
        return tuple(path.read_text().splitlines()) if inside else ()
    except (OSError, ValueError):
        return ()

"""A table: columns and rows, as text that fits a terminal and as HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from simnova.observe.columns import WIDTH, fit, lay_out, lines
from simnova.observe.markup import element, escape, plain

__all__ = ["WIDTH", "Table"]

NAME, HEAD = 24, 12
"""Characters of a name that stays on one line of HTML, and of the head of a column that does."""
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True)
class Table:
    """Rows under named columns; its HTML is whole and escaped, its text fits lines of 100 characters: prose goes on in
    the next line of its column, a name or number that is too long is cut.

    Columns named in `whole` stay on one line, uncut; in HTML those of names alone.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    title: str = field(default="", compare=False)
    whole: Sequence[str] = field(default=(), compare=False)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Sequence[Any]]:
        return iter(self.rows)

    def column(self, name: str) -> list[Any]:
        """The values of one column."""
        place = list(self.columns).index(name)
        return [row[place] for row in self.rows]

    def only(self, *columns: str) -> Table:
        """The same rows with these columns alone, in this order; one that is not there is empty."""
        return Table(
            columns, [[row.get(name) for name in columns] for row in self.as_dicts()], self.title
        )

    def as_dicts(self) -> list[dict[str, Any]]:
        """Each row as a dict by column."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def __str__(self) -> str:
        if not self.columns:
            return f"{self.title}: no rows".removeprefix(": ")
        if crowded(self.columns):
            return str(upright(self))
        cells = [[cell(value) for value in row] for row in self.rows]
        fixed = [name in self.whole for name in self.columns]
        needed, least = lay_out([list(self.columns), *cells], fixed)
        widths = fit(needed, least, fixed)
        right = [numeric(values) for values in self._columns()]
        rows = [list(self.columns), ["-" * width for width in widths], *cells]
        texts = [text for row in rows for text in lines(row, widths, right)]
        return "\n".join([self.title, *texts] if self.title else texts)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        if not self.columns:
            return element("p", escape(str(self)))
        styles = [
            style(values, name in self.whole)
            for name, values in zip(self.columns, self._columns(), strict=True)
        ]
        head = html_row("th", self.columns, styles)
        body = "".join(html_row("td", row, styles) for row in self.rows)
        title = element("caption", escape(self.title), style="text-align:left")
        caption = title if self.title else ""
        return element("table", f"{caption}<thead>{head}</thead><tbody>{body}</tbody>")

    def _columns(self) -> list[tuple[Any, ...]]:
        return list(zip(*self.rows, strict=True)) if self.rows else [() for _ in self.columns]


ABREAST = 4
"""Rows of a table of many columns that stand side by side."""


def crowded(columns: Sequence[str]) -> bool:
    """Whether so many columns cannot be read beside each other in one line."""
    return sum(min(len(name), 6) + 2 for name in columns) - 2 > WIDTH


def upright(table: Table) -> Table:
    """The first rows of a wide table side by side, its columns downwards; those that are NULL in
    each of them are left out.
    """
    first = list(table.rows[:ABREAST])
    body = [
        (name, *(cell(row[place]) for row in first))
        for place, name in enumerate(table.columns)
        if any(row[place] is not None for row in first)
    ]
    more = len(table.rows) - len(first)
    title = f"{len(first)} of {len(table.rows)} rows, one a column" if more else ""
    names = ["column", *(f"row {number}" for number in range(1, len(first) + 1))]
    return Table(names, body, ": ".join(filter(None, (table.title, title))))


def numeric(values: Sequence[Any]) -> bool:
    """Whether a column holds numbers, so that it stands to the right."""
    given = [value for value in values if value is not None]
    return bool(given) and all(isinstance(value, int | float) for value in given)


def cell(value: Any) -> str:
    """A value as it stands in a table."""
    if value is None:
        return "-"
    return f"{value:.6g}" if isinstance(value, float) else plain(value)


def style(values: Sequence[Any], whole: bool) -> str:
    """How the cells of a column stand in HTML: numbers and their head to the right."""
    side = "right" if numeric(values) else "left"
    names = whole and all(len(cell(value)) <= NAME for value in values)
    return f"text-align:{side}{';white-space:nowrap' if names else ''}"


def heading(name: str) -> str:
    """The head of a column in HTML: a long class name may go on in the next line."""
    return _HUMP.sub("<wbr>", escape(name)) if len(name) > HEAD else escape(name)


def html_row(name: str, values: Sequence[Any], styles: Sequence[str]) -> str:
    """One row of HTML."""
    written = heading if name == "th" else escape
    cells = [
        element(name, written(cell(value)) or " ", style=style)
        for value, style in zip(values, styles, strict=True)
    ]
    return element("tr", "".join(cells) or " ")

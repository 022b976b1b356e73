"""Statements, built and compiled by SQLAlchemy once and run by the driver many times.

SQLAlchemy's own way through `Connection.execute` costs 12 to 28 microseconds a statement, two to
four times what the statement itself takes. So what services do all the time (a row by its key, a
change of some columns) is compiled once for each table and set of columns, with SQLAlchemy's
conversions of the types, and then handed to the driver's cursor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.elements import NamedColumn

Row = dict[str, Any]
_Convert = Callable[[Any], Any]

__door__ = True


class Prepared:
    """One compiled statement: its text, and what must be converted on the way in and out."""

    def __init__(
        self,
        statement: sa.ClauseElement,
        dialect: Dialect,
        parameters: Sequence[sa.BindParameter[Any]],
        columns: Sequence[NamedColumn[Any]] = (),
        schema: str | None = None,
    ) -> None:
        compiled = statement.compile(
            dialect=dialect, schema_translate_map={None: schema}, render_schema_translate=True
        )
        given = {parameter.key: index for index, parameter in enumerate(parameters)}
        self.text = str(compiled)
        self.names = [column.name for column in columns]
        self._order = [given[name] for name in getattr(compiled, "positiontup", None) or ()]
        self._straight = self._order == list(range(len(given)))
        self._into = _indexed(
            [_implementation(p, dialect).bind_processor(dialect) for p in parameters]
        )
        self._out = _indexed(
            [_implementation(c, dialect).result_processor(dialect, None) for c in columns]
        )

    def arguments(self, values: list[Any]) -> list[Any]:
        """The values as the driver takes them, in the order of the statement's text."""
        for index, convert in self._into:
            values[index] = convert(values[index])
        return values if self._straight else [values[index] for index in self._order]

    def row(self, values: Sequence[Any]) -> Row:
        """What the driver has read as a row, by column name."""
        if self._out:
            values = list(values)
            for index, convert in self._out:
                values[index] = convert(values[index])
        return dict(zip(self.names, values, strict=True))


def _implementation(element: sa.ColumnElement[Any], dialect: Dialect) -> sa.types.TypeEngine[Any]:
    return element.type.dialect_impl(dialect)


def _indexed(converts: Sequence[_Convert | None]) -> list[tuple[int, _Convert]]:
    return [(index, convert) for index, convert in enumerate(converts) if convert is not None]

"""Conditions on rows: a mapping from column to what it must hold, told apart by form so that
statements are reused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

Form = tuple[tuple[str, int], ...]
"""For each column EQUAL or IS_NULL, or for IN twice the number of its values, plus one where NULL
is among them.
"""

Parameters = list[sa.BindParameter[Any]]

EQUAL, IS_NULL = -1, -2

__door__ = True


def read(where: Mapping[str, Any]) -> tuple[Form, list[Any]]:
    """The form of a condition, and its values in order."""
    form: list[tuple[str, int]] = []
    values: list[Any] = []
    for name, wanted in where.items():
        if wanted is None:
            form.append((name, IS_NULL))
        elif isinstance(wanted, (list, tuple)):
            form.append((name, _one_of(wanted, values)))
        else:
            form.append((name, EQUAL))
            values.append(wanted)
    return tuple(form), values


def _one_of(wanted: list[Any] | tuple[Any, ...], values: list[Any]) -> int:
    """Add the values of an IN, the last one repeated up to a power of two, so that there are few
    forms.
    """
    chosen = [value for value in wanted if value is not None]
    size = 1 << (len(chosen) - 1).bit_length() if chosen else 0
    values += chosen + chosen[-1:] * (size - len(chosen))
    return 2 * size + (len(chosen) < len(wanted))


def clauses(table: sa.Table, form: Form) -> tuple[list[sa.ColumnElement[bool]], Parameters]:
    """A condition of that form on a table, and its parameters in order."""
    found: list[sa.ColumnElement[bool]] = []
    parameters: Parameters = []
    for name, kind in form:
        column = table.c[name]
        count = 1 if kind == EQUAL else max(kind, 0) // 2
        own = [parameter(column, f"where_{len(parameters) + n}") for n in range(count)]
        found.append(_clause(column, kind, own))
        parameters += own
    return found, parameters


def _clause(column: sa.Column[Any], kind: int, own: Parameters) -> sa.ColumnElement[bool]:
    if kind == EQUAL:
        return column == own[0]
    if kind == IS_NULL:
        return column.is_(None)
    one_of = column.in_(own) if own else sa.false()
    return sa.or_(one_of, column.is_(None)) if kind % 2 else one_of


def parameter(column: sa.Column[Any], name: str) -> sa.BindParameter[Any]:
    """A parameter whose values are converted as the column's are."""
    return sa.bindparam(name, type_=column.type)

"""The language of extra specs: `>= 4`, `s== true`, `<or> a <or> b` (`nova/scheduler/filters/extra_specs_ops.py`)."""

from __future__ import annotations

import operator
from collections.abc import Callable

OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "=": lambda has, wanted: float(has) >= float(wanted),
    "==": lambda has, wanted: float(has) == float(wanted),
    "!=": lambda has, wanted: float(has) != float(wanted),
    ">=": lambda has, wanted: float(has) >= float(wanted),
    "<=": lambda has, wanted: float(has) <= float(wanted),
    "s==": operator.eq,
    "s!=": operator.ne,
    "s<": operator.lt,
    "s<=": operator.le,
    "s>": operator.gt,
    "s>=": operator.ge,
    "<in>": lambda has, wanted: wanted in has,
}
"""What stands first in a requirement, and what it means: numbers, then texts; `=` is at least."""


def match(value: str, requirement: str) -> bool:
    """Whether a value fits a requirement; without an operator it has to be equal.

    Raises ValueError where numbers are to be compared and one is none, IndexError for `<or>` without a value.
    """
    sign, *words = requirement.split() or [""]
    if sign == "<or>":
        return words.pop(0) == value or value in words[1::2]
    if sign == "<all-in>":
        return bool(words) and all(word in value for word in words)
    if sign in OPERATORS:
        return bool(words) and OPERATORS[sign](value, words[0])
    return value == requirement

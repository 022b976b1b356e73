"""What the value of an extra spec can be (`nova/api/validation/extra_specs/base.py`)."""

from __future__ import annotations

import re
from typing import NamedTuple, Protocol

from simnova.nova import exception

_TRUTHS = {"1", "t", "true", "on", "y", "yes", "0", "f", "false", "off", "n", "no"}


class Form(Protocol):
    """A form that values can have."""

    def check(self, value: str) -> None:
        """Raise ValidationError for a value that has it not."""


class Text(NamedTuple):
    """Any text, or one of a pattern."""

    pattern: str = ""

    def check(self, value: str) -> None:
        """Raise ValidationError where the value does not fit the pattern."""
        if self.pattern and not re.fullmatch(self.pattern, value):
            raise _failed(f"'{value}' is not of the format '{self.pattern}'.")


class OneOf(NamedTuple):
    """One of these words."""

    words: tuple[str, ...]

    def check(self, value: str) -> None:
        """Raise ValidationError for any other."""
        if value not in self.words:
            raise _failed(f"'{value}' is not one of: {', '.join(self.words)}.")


class Number(NamedTuple):
    """A whole number within limits."""

    low: int | None = None
    high: int | None = None

    def check(self, value: str) -> None:
        """Raise ValidationError for what is none, or outside."""
        try:
            number = int(value)
        except ValueError:
            raise _failed(f"'{value}' is not a valid integer value.") from None
        if self.high is not None and number > self.high:
            raise _failed(f"'{value}' is greater than the max value of '{self.high}'.")
        if self.low is not None and number < self.low:
            raise _failed(f"'{value}' is less than the min value of '{self.low}'.")


class Truth(NamedTuple):
    """Yes or no, in any of oslo's spellings."""

    def check(self, value: str) -> None:
        """Raise ValidationError for anything else."""
        if value.strip().lower() not in _TRUTHS:
            raise _failed(f"'{value}' is not a valid boolean-like value.")


def _failed(why: str) -> exception.ValidationError:
    return exception.ValidationError(detail=f"Validation failed; {why}")

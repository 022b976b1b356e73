"""A mistake in a magic is one sentence, without the lines of code that found it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from simnova.exceptions import UsageError

P = ParamSpec("P")
T = TypeVar("T")


class Mistake(UsageError):
    """A `UsageError` that a notebook shows by its message alone."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in the place of a traceback."""
        return [f"UsageError: {self}"]


def in_a_sentence(magic: Callable[P, T]) -> Callable[P, T]:
    """The magic; whatever is wrong with what it was given is told in a sentence."""

    @functools.wraps(magic)
    def told(*args: Any, **kwargs: Any) -> T:
        try:
            return magic(*args, **kwargs)
        except UsageError as error:
            raise Mistake(str(error)) from None

    return told

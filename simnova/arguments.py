"""The names of arguments, checked when something is called: a slip is told with the name that may be meant."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from simnova.exceptions import unknown

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


def named(function: Callable[P, R]) -> Callable[P, R]:
    """The function; called with an argument that it does not have it raises `UsageError`, not TypeError."""
    parameters = inspect.signature(function).parameters
    names = [name for name in parameters if name != "self" and not name.startswith("_")]
    what = "argument of " + function.__qualname__.removesuffix(".__init__")

    @functools.wraps(function)
    def call(*args: P.args, **given: P.kwargs) -> R:
        for name in given:
            if name not in parameters:
                raise unknown(what, name, names)
        return function(*args, **given)

    return call


def named_fields(kind: type[T]) -> type[T]:
    """The same for what a class is made of."""
    made: Any = kind
    made.__init__ = named(made.__init__)
    return kind

"""Exceptions that a method is known to raise (`oslo_messaging/rpc/server.py`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Method = TypeVar("Method", bound=Callable[..., Any])


def expected_exceptions(*exceptions: type[Exception]) -> Callable[[Method], Method]:
    """Mark a method of an endpoint: where it raises one of these the caller is told as ever, but
    the server logs no error.
    """

    def mark(method: Method) -> Method:
        vars(method)["expected_exceptions"] = exceptions
        return method

    return mark


def is_expected(method: Callable[..., Any] | None, error: Exception) -> bool:
    """Whether that method is marked as raising that."""
    return isinstance(error, getattr(method, "expected_exceptions", ()))

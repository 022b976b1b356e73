"""A request and its answer, as they go over the wire between services."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, urlencode

__door__ = True

Query = str | Mapping[str, str | Iterable[str]] | None
"""A query string as it goes over the wire, or its parameters, encoded in the given order."""


class Fault(Exception):
    """An answer that is an error; a handler raises it and its app words the body."""

    def __init__(self, status: int, message: str = "", **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.more = more


class Request:
    """A request as the serving side sees it; header names are lower case."""

    def __init__(
        self,
        method: str,
        path: str,
        query: str = "",
        text: str | bytes = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.method = method
        self.path = path
        self.query_string = query
        self.query: dict[str, list[str]] = parse_qs(query, keep_blank_values=True) if query else {}
        self.text = text
        self.headers = {name.lower(): value for name, value in (headers or {}).items()}

    @cached_property
    def body(self) -> Any:
        """The parsed JSON, the bytes of an upload, or None. Raises `ValueError` where it is not JSON."""
        if isinstance(self.text, bytes):
            return self.text
        return json.loads(self.text) if self.text else None

    def param(self, name: str) -> str | None:
        """The last value of a query parameter, None where it is absent."""
        return self.query[name][-1] if name in self.query else None


class Response:
    """An answer: status, headers and the JSON text (or bytes) of the body. It is true below 400, as in requests."""

    def __init__(
        self, status: int, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> None:
        self.status = status
        self.headers = {name.lower(): value for name, value in (headers or {}).items()}
        self.text: str | bytes = body if isinstance(body, bytes) else encode(body)
        self._read: Callable[[], Any] | None = None

    @classmethod
    def of_text(
        cls,
        status: int,
        text: str | bytes,
        headers: Mapping[str, str] | None = None,
        read: Callable[[], Any] | None = None,
    ) -> Response:
        """An answer whose body is written already; `read` returns, anew each time, what `skimmed` is."""
        response = cls(status, None, headers)
        response.text, response._read = text, read
        return response

    @cached_property
    def body(self) -> Any:
        """The parsed JSON, bytes, or None."""
        if isinstance(self.text, bytes):
            return self.text
        return json.loads(self.text) if self.text else None

    @cached_property
    def skimmed(self) -> Any:
        """The body, but of a large one what lies deep in it is only parsed for whoever looks there."""
        return self.body if self._read is None else self._read()

    def __bool__(self) -> bool:
        return self.status < 400

    def __repr__(self) -> str:
        return f"<Response [{self.status}]>"


def encode(body: Any) -> str:
    """The JSON text of a body; None is no text."""
    return "" if body is None else json.dumps(body)


def query_string(query: Query) -> str:
    """The query as it goes over the wire."""
    if query is None or isinstance(query, str):
        return query or ""
    return urlencode(list(query.items()), doseq=True)

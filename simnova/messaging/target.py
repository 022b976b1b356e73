"""Where a message goes or what a server listens for, and how objects become JSON, as in
oslo.messaging.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Target:
    """A topic and, for one server of it, the server; `fanout` means all of them. An endpoint's
    has version and namespace.

    `oslo_messaging/target.py`.
    """

    topic: str = ""
    server: str | None = None
    fanout: bool = False
    exchange: str = "nova"
    version: str = "1.0"
    namespace: str | None = None

    def __repr__(self) -> str:
        names = ("exchange", "topic", "namespace", "version", "server", "fanout")
        shown = [f"{name}={value}" for name in names if (value := getattr(self, name))]
        return f"<Target {', '.join(shown)}>"


def compatible(offered: str, asked: str) -> bool:
    """Whether a server of version `offered` serves a request of version `asked`: same major,
    minor not above.
    """
    major, minor = (int(part) for part in offered.split(".")[:2])
    asked_major, asked_minor = (int(part) for part in asked.split(".")[:2])
    return asked_major == major and asked_minor <= minor


class Serializer(Protocol):
    """Turns a context and arguments into what JSON can carry, and back
    (`oslo_messaging/serializer.py`).
    """

    def serialize_context(self, ctxt: Any) -> dict[str, Any]:
        """A context as a dict."""

    def deserialize_context(self, ctxt: dict[str, Any]) -> Any:
        """The context out of a dict."""

    def serialize_entity(self, ctxt: Any, entity: Any) -> Any:
        """An argument or result as JSON's own types, and objects with `to_encode()`."""

    def deserialize_entity(self, ctxt: Any, entity: Any) -> Any:
        """The argument or result out of JSON's own types."""


class NoOpSerializer:
    """For what is JSON already."""

    def serialize_context(self, ctxt: Any) -> dict[str, Any]:
        """The context is a dict."""
        return dict(ctxt)

    def deserialize_context(self, ctxt: dict[str, Any]) -> Any:
        """As it came."""
        return ctxt

    def serialize_entity(self, ctxt: Any, entity: Any) -> Any:
        """As it is."""
        return entity

    def deserialize_entity(self, ctxt: Any, entity: Any) -> Any:
        """As it came."""
        return entity

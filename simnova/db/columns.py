"""The column types and column groups that Nova's tables share (`nova/db/types.py`, oslo.db's
mixins).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import Dialect


class Timestamp(sa.types.TypeDecorator[str]):
    """An instant, in Python always the text that Nova's objects carry: `2026-01-01T00:00:00Z`.

    SQLite keeps that text; other databases keep a naive UTC datetime in whole seconds, as Nova's
    do.
    """

    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Text on SQLite, a date and time elsewhere."""
        return dialect.type_descriptor(sa.String(32) if dialect.name == "sqlite" else sa.DateTime())

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """How a value read is converted: on SQLite it is the text already."""
        return None if dialect.name == "sqlite" else super().result_processor(dialect, coltype)

    def bind_processor(self, dialect: Dialect) -> Any:
        """How a value is converted before it is stored: on SQLite only what is no text yet."""
        return _text_if_not if dialect.name == "sqlite" else super().bind_processor(dialect)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """What is stored."""
        if isinstance(value, str):
            return datetime.fromisoformat(value).replace(tzinfo=None)
        return value

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        """What is read."""
        return text(value) if isinstance(value, datetime) else value


def text(instant: datetime) -> str:
    """An instant as Nova's objects carry it; one without a time zone is taken for UTC."""
    utc = instant.astimezone(UTC) if instant.tzinfo else instant
    return utc.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _text_if_not(value: Any) -> Any:
    return text(value) if isinstance(value, datetime) else value


def string(name: str, length: int = 255, **options: Any) -> sa.Column[str]:
    """A text column of limited length, 255 as nearly everywhere in Nova."""
    return sa.Column(name, sa.String(length), **options)


def uuid(name: str, **options: Any) -> sa.Column[str]:
    """A column for a UUID."""
    return string(name, 36, **options)


def integer(name: str, **options: Any) -> sa.Column[int]:
    """A whole number."""
    return sa.Column(name, sa.Integer, **options)


def boolean(name: str, **options: Any) -> sa.Column[bool]:
    """True, false or unknown."""
    return sa.Column(name, sa.Boolean, **options)


def ratio(name: str, **options: Any) -> sa.Column[float]:
    """A number with a fraction."""
    return sa.Column(name, sa.Float, **options)


def instant(name: str, **options: Any) -> sa.Column[str]:
    """A point in time."""
    return sa.Column(name, Timestamp, **options)


def long_text(name: str, **options: Any) -> sa.Column[str]:
    """Text without a limit, JSON mostly; where MySQL must be told so it is a MEDIUMTEXT."""
    kind = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")
    return sa.Column(name, kind, **options)


def address(name: str, **options: Any) -> sa.Column[str]:
    """An IP address, wide enough for IPv6."""
    return string(name, 39, **options)


def identity(name: str = "id") -> sa.Column[int]:
    """The primary key that the database counts up."""
    return sa.Column(name, sa.Integer, primary_key=True, autoincrement=True)


def reference(name: str, column: str, **options: Any) -> sa.Column[Any]:
    """A column that refers to another table of the database; UUIDs are text, ids are numbers."""
    kind = sa.String(36) if column.endswith("uuid") else sa.Integer()
    return sa.Column(name, kind, sa.ForeignKey(column), **options)


def timestamps() -> list[sa.Column[Any]]:
    """oslo.db's TimestampMixin. The database fills them from the cloud's clock."""
    return [instant("created_at"), instant("updated_at")]


def soft_delete() -> list[sa.Column[Any]]:
    """oslo.db's SoftDeleteMixin: `deleted` is 0, or the row's id once it is deleted."""
    return [instant("deleted_at"), integer("deleted", default=0)]

"""Keystone's tables (`keystone/identity/backends/sql_model.py` and its neighbours), as far as they are needed.

Every Keystone starts as `keystone-manage bootstrap` leaves one: the default domain, the roles, the project and user
`admin`; and with a project and user `demo`.
"""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, Float, String, Text

METADATA = sa.MetaData()
DOMAIN = "default"
ROLES = ("admin", "manager", "member", "reader", "service")
PASSWORD = "secret"


def _table(name: str, *columns: sa.schema.SchemaItem) -> sa.Table:
    return sa.Table(name, METADATA, *columns)


def _id() -> Column[str]:
    return Column("id", String(64), primary_key=True)


def _name() -> Column[str]:
    return Column("name", String(255), nullable=False)


def fixed_id(kind: str, name: str) -> str:
    """The id of a thing that every cloud has: the same in each of them."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"simnova/{kind}/{name}").hex


USER = _table(
    "user",
    _id(),
    _name(),
    Column("password", String(255)),
    Column("domain_id", String(64), nullable=False, default=DOMAIN),
    Column("default_project_id", String(64)),
    Column("enabled", Boolean, nullable=False, default=True),
    Column("email", String(255)),
    Column("description", Text),
)
PROJECT = _table(
    "project",
    _id(),
    _name(),
    Column("domain_id", String(64), nullable=False, default=DOMAIN),
    Column("parent_id", String(64), default=DOMAIN),
    Column("enabled", Boolean, nullable=False, default=True),
    Column("description", Text, default=""),
)
ROLE = _table("role", _id(), _name(), Column("description", Text))
ASSIGNMENT = _table(
    "assignment",
    Column("actor_id", String(64), primary_key=True),
    Column("target_id", String(64), primary_key=True),
    Column("role_id", String(64), primary_key=True),
)
TOKEN = _table(
    "token",
    Column("id", String(64), primary_key=True),
    Column("audit_id", String(64), nullable=False),
    Column("user_id", String(64), nullable=False),
    Column("project_id", String(64)),
    Column("issued_at", String(32), nullable=False),
    Column("expires", Float, nullable=False),
)

_ASSIGNED = {"admin": ("admin", "manager", "member", "reader"), "demo": ("member", "reader")}


def _start_with(table: sa.Table, rows: list[dict[str, Any]]) -> None:
    def fill(target: sa.Table, connection: sa.Connection, **_: Any) -> None:
        connection.execute(target.insert(), rows)

    sa.event.listen(table, "after_create", fill, propagate=True)


def _row(kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {"id": fixed_id(kind, name), "name": name, **more}


_start_with(ROLE, [_row("role", name) for name in ROLES])
_start_with(PROJECT, [_row("project", name) for name in _ASSIGNED])
_start_with(
    USER,
    [
        _row("user", name, password=PASSWORD, default_project_id=fixed_id("project", name))
        for name in _ASSIGNED
    ],
)
_start_with(
    ASSIGNMENT,
    [
        {
            "actor_id": fixed_id("user", name),
            "target_id": fixed_id("project", project),
            "role_id": fixed_id("role", role),
        }
        for name, project, roles in (
            ("admin", "admin", _ASSIGNED["admin"]),
            ("admin", "demo", _ASSIGNED["admin"]),
            ("demo", "demo", _ASSIGNED["demo"]),
        )
        for role in roles
    ],
)

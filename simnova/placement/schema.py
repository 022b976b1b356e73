"""Placement's tables, named as its own (`placement/db/sqlalchemy/models.py`), and the rows it starts with."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, Float, Index, Integer, String, UniqueConstraint

from simnova.standards import RESOURCE_CLASSES, TRAITS

METADATA = sa.MetaData()


def _table(name: str, *columns: sa.schema.SchemaItem) -> sa.Table:
    return sa.Table(name, METADATA, *columns)


def _id() -> Column[int]:
    return Column("id", Integer, primary_key=True)


def _number(name: str, *, null: bool = False) -> Column[int]:
    return Column(name, Integer, nullable=null)


RESOURCE_CLASS = _table(
    "resource_classes", _id(), Column("name", String(255), nullable=False, unique=True)
)
RESOURCE_PROVIDER = _table(
    "resource_providers",
    _id(),
    Column("uuid", String(36), nullable=False, unique=True),
    Column("name", String(200), unique=True),
    Column("generation", Integer, default=0),
    Column("root_provider_id", Integer, index=True),
    Column("parent_provider_id", Integer, index=True),
)
INVENTORY = _table(
    "inventories",
    _id(),
    _number("resource_provider_id"),
    Column("resource_class_id", Integer, nullable=False, index=True),
    _number("total"),
    _number("reserved"),
    _number("min_unit"),
    _number("max_unit"),
    _number("step_size"),
    Column("allocation_ratio", Float, nullable=False),
    UniqueConstraint("resource_provider_id", "resource_class_id"),
)
ALLOCATION = _table(
    "allocations",
    _id(),
    _number("resource_provider_id"),
    Column("consumer_id", String(36), nullable=False, index=True),
    _number("resource_class_id"),
    _number("used"),
    Index("allocations_used", "resource_provider_id", "resource_class_id", "used"),
)
CONSUMER = _table(
    "consumers",
    _id(),
    Column("uuid", String(36), nullable=False, unique=True),
    _number("project_id"),
    _number("user_id"),
    _number("consumer_type_id", null=True),
    Column("generation", Integer, nullable=False, default=0),
)
PROJECT = _table("projects", _id(), Column("external_id", String(255), nullable=False, unique=True))
USER = _table("users", _id(), Column("external_id", String(255), nullable=False, unique=True))
CONSUMER_TYPE = _table(
    "consumer_types", _id(), Column("name", String(255), nullable=False, unique=True)
)
TRAIT = _table("traits", _id(), Column("name", String(255), nullable=False, unique=True))
PROVIDER_TRAIT = _table(
    "resource_provider_traits",
    Column("trait_id", Integer, primary_key=True),
    Column("resource_provider_id", Integer, primary_key=True, index=True),
)
AGGREGATE = _table("placement_aggregates", _id(), Column("uuid", String(36), unique=True))
PROVIDER_AGGREGATE = _table(
    "resource_provider_aggregates",
    Column("resource_provider_id", Integer, primary_key=True),
    Column("aggregate_id", Integer, primary_key=True, index=True),
)


def _start_with(table: sa.Table, names: list[str], first: int) -> None:
    """Fill a table when it is made, as `placement-manage db sync` does with the standard names."""
    rows = [{"id": number, "name": name} for number, name in enumerate(names, first)]

    def fill(target: sa.Table, connection: sa.Connection, **_: Any) -> None:
        connection.execute(target.insert(), rows)

    sa.event.listen(table, "after_create", fill, propagate=True)


_start_with(RESOURCE_CLASS, RESOURCE_CLASSES, 0)
_start_with(TRAIT, TRAITS, 1)

"""Usages: sums over allocations, of a provider or of a project (`objects/usage.py`)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from simnova.placement.context import Context
from simnova.placement.objects import inventory
from simnova.placement.objects.resource_provider import Provider
from simnova.placement.schema import ALLOCATION, CONSUMER, CONSUMER_TYPE, PROJECT, USER

_TOTALS = (
    sa.select(
        ALLOCATION.c.resource_class_id,
        CONSUMER_TYPE.c.name.label("consumer_type"),
        sa.func.sum(ALLOCATION.c.used).label("used"),
        sa.func.count(sa.distinct(CONSUMER.c.uuid)).label("consumers"),
    )
    .join(CONSUMER, CONSUMER.c.uuid == ALLOCATION.c.consumer_id)
    .join(PROJECT, PROJECT.c.id == CONSUMER.c.project_id)
    .join(USER, USER.c.id == CONSUMER.c.user_id)
    .outerjoin(CONSUMER_TYPE, CONSUMER_TYPE.c.id == CONSUMER.c.consumer_type_id)
    .group_by(ALLOCATION.c.resource_class_id, CONSUMER_TYPE.c.name)
    .order_by(ALLOCATION.c.resource_class_id, CONSUMER_TYPE.c.name)
)


def of_provider(ctx: Context, rp: Provider) -> dict[str, int]:
    """What is used of each class that a provider has."""
    used = inventory.usage(ctx, rp)
    return {name: used.get(name, 0) for name in inventory.get_all(ctx, rp)}


def of_project(ctx: Context, project_id: str, user_id: str | None) -> dict[str, int]:
    """What a project uses, or one user of it, by resource class."""
    totals: dict[str, int] = {}
    for row in _totals(ctx, project_id, user_id):
        name = ctx.rc_cache.name(ctx.tx, row["resource_class_id"])
        totals[name] = totals.get(name, 0) + row["used"]
    return totals


def by_consumer_type(
    ctx: Context, project_id: str, user_id: str | None
) -> dict[str, dict[str, int]]:
    """What a project uses, by type of consumer and resource class (from version 1.38 on)."""
    totals: dict[str, dict[str, int]] = {}
    for row in _totals(ctx, project_id, user_id):
        kind = totals.setdefault(row["consumer_type"] or "unknown", {"consumer_count": 0})
        kind[ctx.rc_cache.name(ctx.tx, row["resource_class_id"])] = row["used"]
        kind["consumer_count"] = max(kind["consumer_count"], row["consumers"])
    return totals


def _totals(ctx: Context, project_id: str, user_id: str | None) -> list[dict[str, Any]]:
    statement = _TOTALS.where(PROJECT.c.external_id == project_id)
    if user_id is not None:
        statement = statement.where(USER.c.external_id == user_id)
    return ctx.tx.execute(statement)

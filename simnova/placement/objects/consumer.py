"""Consumers: who uses something, a server or a migration, each with a generation (`objects/consumer.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from simnova.placement.context import Context
from simnova.placement.errors import CONCURRENT_UPDATE, conflict
from simnova.placement.schema import CONSUMER, CONSUMER_TYPE, PROJECT, USER

Consumer = dict[str, Any]
"""A row of `consumers`."""

_WHO = (
    sa.select(
        CONSUMER.c.generation,
        PROJECT.c.external_id.label("project_id"),
        USER.c.external_id.label("user_id"),
        CONSUMER_TYPE.c.name.label("consumer_type"),
    )
    .join(PROJECT, PROJECT.c.id == CONSUMER.c.project_id)
    .join(USER, USER.c.id == CONSUMER.c.user_id)
    .outerjoin(CONSUMER_TYPE, CONSUMER_TYPE.c.id == CONSUMER.c.consumer_type_id)
    .where(CONSUMER.c.uuid == sa.bindparam("uuid"))
)


def describe(ctx: Context, uuid: str) -> dict[str, Any] | None:
    """A consumer's generation, project, user and type."""
    return next(iter(ctx.tx.execute(_WHO, uuid=uuid)), None)


def ensure(
    ctx: Context, uuid: str, wanted: Mapping[str, Any], version: tuple[int, int]
) -> Consumer:
    """The consumer as the request describes it, made where it is new; refuses a stale generation."""
    consumer = ctx.tx.get("consumers", uuid=uuid)
    if version >= (1, 28):
        _check_generation(consumer, wanted["consumer_generation"])
    attributes = {
        "project_id": _ensure(ctx, "projects", "external_id", wanted["project_id"]),
        "user_id": _ensure(ctx, "users", "external_id", wanted["user_id"]),
    }
    if version >= (1, 38):
        attributes["consumer_type_id"] = _ensure(
            ctx, "consumer_types", "name", wanted["consumer_type"]
        )
    if consumer is None:
        return ctx.tx.insert("consumers", uuid=uuid, generation=0, **attributes)
    if any(consumer[name] != value for name, value in attributes.items()):
        ctx.tx.update("consumers", {"id": consumer["id"]}, attributes)
    return {**consumer, **attributes}


def _check_generation(consumer: Consumer | None, given: int | None) -> None:
    if consumer is None and given is not None:
        raise conflict(
            f"consumer generation conflict - expected null but got {given}", CONCURRENT_UPDATE
        )
    if consumer is not None and consumer["generation"] != given:
        raise conflict(
            f"consumer generation conflict - expected {consumer['generation']} but got {given}",
            CONCURRENT_UPDATE,
        )


def _ensure(ctx: Context, table: str, column: str, value: str) -> int:
    row = ctx.tx.get(table, **{column: value})
    return int((row or ctx.tx.insert(table, **{column: value}))["id"])


def increment_generation(ctx: Context, consumer: Consumer) -> None:
    """Count the generation up."""
    where = {"id": consumer["id"], "generation": consumer["generation"]}
    ctx.tx.update("consumers", where, {"generation": consumer["generation"] + 1})


def delete(ctx: Context, uuid: str) -> None:
    """Forget a consumer that has no allocations left."""
    ctx.tx.delete("consumers", {"uuid": uuid})

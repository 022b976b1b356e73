"""Allocations: what consumers use of providers, written all or nothing (`objects/allocation.py`).

This is where nothing is oversold: `check_capacity` holds for every allocation, or the transaction is rolled back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from simnova.placement.context import Context
from simnova.placement.errors import (
    NotFound,
    bad_request,
    capacity_exceeded,
    constraints_violated,
    missing_inventory,
)
from simnova.placement.objects import consumer as consumers
from simnova.placement.objects import inventory
from simnova.placement.objects import resource_provider as providers
from simnova.placement.schema import ALLOCATION, CONSUMER, INVENTORY, RESOURCE_PROVIDER

Key = tuple[int, int]
"""A provider's id and a resource class's."""

_KEY = ("resource_provider_id", "resource_class_id")


class Wanted(NamedTuple):
    """One line of a request: so much of one class of one provider for one consumer."""

    consumer: consumers.Consumer
    provider: providers.Provider
    resource_class: str
    amount: int


_OF_CONSUMER = (
    sa.select(
        ALLOCATION.c.resource_class_id,
        ALLOCATION.c.used,
        RESOURCE_PROVIDER.c.uuid,
        RESOURCE_PROVIDER.c.generation,
    )
    .join(RESOURCE_PROVIDER, RESOURCE_PROVIDER.c.id == ALLOCATION.c.resource_provider_id)
    .where(ALLOCATION.c.consumer_id == sa.bindparam("consumer"))
    .order_by(ALLOCATION.c.id)
)
_OF_PROVIDER = (
    sa.select(
        ALLOCATION.c.consumer_id,
        ALLOCATION.c.resource_class_id,
        ALLOCATION.c.used,
        CONSUMER.c.generation,
    )
    .join(CONSUMER, CONSUMER.c.uuid == ALLOCATION.c.consumer_id)
    .where(ALLOCATION.c.resource_provider_id == sa.bindparam("provider"))
    .order_by(ALLOCATION.c.id)
)


def of_consumer(ctx: Context, uuid: str) -> dict[str, dict[str, Any]]:
    """A consumer's allocations by provider UUID, as the API shows them."""
    shown: dict[str, dict[str, Any]] = {}
    for row in ctx.tx.execute(_OF_CONSUMER, consumer=uuid):
        provider = shown.setdefault(row["uuid"], {"resources": {}, "generation": row["generation"]})
        name = ctx.rc_cache.name(ctx.tx, row["resource_class_id"])
        provider["resources"][name] = row["used"]
    return shown


def of_provider(
    ctx: Context, rp: providers.Provider, *, generations: bool
) -> dict[str, dict[str, Any]]:
    """The allocations of a provider by consumer UUID, as the API shows them."""
    shown: dict[str, dict[str, Any]] = {}
    for row in ctx.tx.execute(_OF_PROVIDER, provider=rp["id"]):
        consumer = shown.setdefault(row["consumer_id"], {"resources": {}})
        name = ctx.rc_cache.name(ctx.tx, row["resource_class_id"])
        consumer["resources"][name] = row["used"]
        if generations:
            consumer["consumer_generation"] = row["generation"]
    return shown


def wanted(
    ctx: Context, consumer: consumers.Consumer, allocations: Mapping[str, Any]
) -> list[Wanted]:
    """The lines of a request for one consumer; none at all is what it has now, with amounts of zero."""
    if not allocations:
        return _nothing(ctx, consumer)
    return [
        Wanted(consumer, provider, name, amount)
        for uuid, allocation in allocations.items()
        for provider in [_existing(ctx, uuid)]
        for name, amount in allocation["resources"].items()
    ]


def _existing(ctx: Context, uuid: str) -> providers.Provider:
    try:
        return providers.get_by_uuid(ctx, uuid)
    except NotFound:
        raise bad_request(
            f"Allocation for resource provider '{uuid}' that does not exist."
        ) from None


def _nothing(ctx: Context, consumer: consumers.Consumer) -> list[Wanted]:
    return [
        Wanted(consumer, providers.get_by_uuid(ctx, uuid), name, 0)
        for uuid, allocation in of_consumer(ctx, consumer["uuid"]).items()
        for name in allocation["resources"]
    ]


def replace_all(
    ctx: Context, all_consumers: Sequence[consumers.Consumer], lines: Sequence[Wanted]
) -> None:
    """Give the consumers exactly these allocations; every provider and consumer concerned gets a new generation.

    Raises `InvalidInventory` where one does not fit, `NotFound` for an unknown resource class.
    """
    before = used_of(ctx, lines)
    for consumer in all_consumers:
        ctx.tx.delete("allocations", {"consumer_id": consumer["uuid"]})
    check_capacity(ctx, lines, before)
    for line in lines:
        if line.amount:
            ctx.tx.insert("allocations", **_row(ctx, line))
    for rp in {line.provider["id"]: line.provider for line in lines}.values():
        providers.increment_generation(ctx, rp)
    _settle(ctx, all_consumers, lines)


def _row(ctx: Context, line: Wanted) -> dict[str, Any]:
    return {
        "resource_provider_id": line.provider["id"],
        "resource_class_id": ctx.rc_cache.id(ctx.tx, line.resource_class),
        "consumer_id": line.consumer["uuid"],
        "used": line.amount,
    }


def _settle(
    ctx: Context, all_consumers: Sequence[consumers.Consumer], lines: Sequence[Wanted]
) -> None:
    """Consumers that use something get a new generation, the others are forgotten."""
    using = {line.consumer["uuid"] for line in lines if line.amount}
    for consumer in all_consumers:
        if consumer["uuid"] in using:
            consumers.increment_generation(ctx, consumer)
        else:
            consumers.delete(ctx, consumer["uuid"])


def used_of(ctx: Context, lines: Sequence[Wanted]) -> dict[Key, int]:
    """What is used now of the providers concerned, in one grouped query."""
    where = {"resource_provider_id": _provider_ids(lines)}
    return {
        (row["resource_provider_id"], row["resource_class_id"]): row["used"]
        for row in ctx.tx.totals("allocations", ["used"], where, by=_KEY)
    }


def _provider_ids(lines: Sequence[Wanted]) -> list[int]:
    return list(dict.fromkeys(line.provider["id"] for line in lines))


def _inventories(ctx: Context, lines: Sequence[Wanted]) -> dict[Key, dict[str, Any]]:
    where = {"resource_provider_id": _provider_ids(lines)}
    return {
        (row["resource_provider_id"], row["resource_class_id"]): row
        for row in ctx.tx.select(INVENTORY.name, where)
    }


def check_capacity(ctx: Context, lines: Sequence[Wanted], before: Mapping[Key, int]) -> None:
    """Refuse what does not fit; but a provider that is over its capacity already may get better.

    `before` is what was used before this request took its consumers' old allocations away.
    """
    used, present = used_of(ctx, lines), _inventories(ctx, lines)
    _check_providers(ctx, lines, present)
    asked: dict[Key, int] = defaultdict(int)
    for line in lines:
        key = (line.provider["id"], ctx.rc_cache.id(ctx.tx, line.resource_class))
        asked[key] += line.amount
        if line.amount:
            _check(line, present.get(key), used.get(key, 0) + asked[key], before.get(key))


def _check_providers(ctx: Context, lines: Sequence[Wanted], present: Mapping[Key, Any]) -> None:
    """Refuse providers that have none of the classes of this request; all of both are named."""
    rc_ids = sorted({ctx.rc_cache.id(ctx.tx, line.resource_class) for line in lines})
    having = {rp_id for rp_id, rc_id in present if rc_id in rc_ids}
    missing = [line.provider for line in lines if line.provider["id"] not in having]
    if missing:
        names = ", ".join(ctx.rc_cache.name(ctx.tx, rc_id) for rc_id in rc_ids)
        raise missing_inventory(names, ", ".join(dict.fromkeys(rp["uuid"] for rp in missing)))


def _check(line: Wanted, present: Mapping[str, Any] | None, after: int, before: int | None) -> None:
    if present is None:
        raise missing_inventory(line.resource_class, line.provider["uuid"])
    if not inventory.suits(present, line.amount):
        raise constraints_violated(line.resource_class, line.provider["uuid"])
    over = after > inventory.capacity(present)
    if over and (before is None or after > before):
        raise capacity_exceeded(line.resource_class, line.provider["uuid"])


def delete_all(ctx: Context, uuid: str) -> bool:
    """Take everything from a consumer, whatever its generation; returns whether it had anything."""
    gone = ctx.tx.delete("allocations", {"consumer_id": uuid})
    if gone:
        consumers.delete(ctx, uuid)
    return bool(gone)

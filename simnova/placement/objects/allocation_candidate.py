"""Allocation candidates: which providers could satisfy a request (`objects/allocation_candidate.py`).

One SELECT finds the providers, in the order in which they were created; three more read what is shown of them. None
is run per provider, so that a hundred thousand inventories are as many queries as ten.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import sqlalchemy as sa

from simnova.placement.context import Context
from simnova.placement.errors import NotFound, bad_request
from simnova.placement.objects import inventory
from simnova.placement.objects import resource_provider as providers
from simnova.placement.query import Aggregates, RequestGroup, Traits
from simnova.placement.schema import (
    AGGREGATE,
    ALLOCATION,
    INVENTORY,
    PROVIDER_AGGREGATE,
    PROVIDER_TRAIT,
    RESOURCE_PROVIDER,
)

Clause = sa.ColumnElement[bool]
RP = RESOURCE_PROVIDER


def get_by_request(ctx: Context, asked: RequestGroup) -> dict[str, Any]:
    """The allocation requests and provider summaries for what is asked, `limit` of them at most."""
    found = matching(ctx, asked)
    statement = found.limit(asked.limit) if asked.limit is not None else found
    rows = ctx.tx.execute(statement)
    return {
        "allocation_requests": [_allocation_request(row["uuid"], asked) for row in rows],
        "provider_summaries": summaries(ctx, [row["id"] for row in rows]),
    }


def _allocation_request(uuid: str, asked: RequestGroup) -> dict[str, Any]:
    return {"allocations": {uuid: {"resources": asked.resources}}, "mappings": {"": [uuid]}}


def matching(ctx: Context, asked: RequestGroup) -> sa.Select[Any]:
    """The SELECT of all providers that satisfy a request; refuses unknown classes and traits."""
    statement: sa.Select[Any] = sa.select(RP.c.id, RP.c.uuid)
    for name, amount in asked.resources.items():
        statement = _with_room(statement, _class_id(ctx, name), amount)
    clauses = [
        *_traits(ctx, RP.c.id, asked.traits),
        *_traits(ctx, RP.c.root_provider_id, asked.root_traits),
        *_aggregates(asked.member_of),
    ]
    if asked.in_tree is not None:
        clauses.append(RP.c.root_provider_id == (providers.tree_of(ctx, asked.in_tree) or 0))
    return statement.where(*clauses).order_by(RP.c.id)


def _class_id(ctx: Context, name: str) -> int:
    try:
        return ctx.rc_cache.id(ctx.tx, name)
    except NotFound as error:
        raise bad_request(f"Invalid resource class in resources parameter: {error}") from None


def _with_room(statement: sa.Select[Any], rc_id: int, amount: int) -> sa.Select[Any]:
    """Only providers with an inventory of that class that has room for the amount."""
    own = INVENTORY.alias()
    used = (
        sa.select(sa.func.coalesce(sa.func.sum(ALLOCATION.c.used), 0))
        .where(
            ALLOCATION.c.resource_provider_id == own.c.resource_provider_id,
            ALLOCATION.c.resource_class_id == rc_id,
        )
        .scalar_subquery()
    )
    room = (own.c.total - own.c.reserved) * own.c.allocation_ratio
    return statement.join(
        own, sa.and_(own.c.resource_provider_id == RP.c.id, own.c.resource_class_id == rc_id)
    ).where(
        own.c.min_unit <= amount,
        own.c.max_unit >= amount,
        sa.literal(amount) % own.c.step_size == 0,
        room >= used + amount,
    )


def _traits(ctx: Context, provider: sa.ColumnElement[Any], asked: Traits) -> list[Clause]:
    unknown = [name for name in asked.names() if not ctx.trait_cache.known(ctx.tx, name)]
    if unknown:
        raise bad_request(f"No such trait(s): {', '.join(unknown)}.")

    def has(names: list[str]) -> Clause:
        ids = [ctx.trait_cache.id(ctx.tx, name) for name in names]
        link = PROVIDER_TRAIT.c
        return (
            sa.select(link.trait_id)
            .where(link.resource_provider_id == provider, link.trait_id.in_(ids))
            .exists()
        )

    required = [has(names) for names in asked.required]
    return [*required, ~has(asked.forbidden)] if asked.forbidden else required


def _aggregates(asked: Aggregates) -> list[Clause]:
    required = [_in_any(uuids) for uuids in asked.required]
    return [*required, ~_in_any(asked.forbidden)] if asked.forbidden else required


def _in_any(uuids: list[str]) -> Clause:
    """The provider or the root of its tree is in one of these aggregates."""
    link = PROVIDER_AGGREGATE.c
    return (
        sa.select(link.aggregate_id)
        .join(AGGREGATE, AGGREGATE.c.id == link.aggregate_id)
        .where(
            link.resource_provider_id.in_([RP.c.id, RP.c.root_provider_id]),
            AGGREGATE.c.uuid.in_(uuids),
        )
        .exists()
    )


def summaries(ctx: Context, ids: list[int]) -> dict[str, dict[str, Any]]:
    """What the providers have, use and are, by UUID."""
    rows = ctx.tx.select("resource_providers", {"id": ids}, order_by="id") if ids else []
    resources, traits = _resources(ctx, ids), _trait_names(ctx, ids)
    uuids = {row["id"]: row["uuid"] for row in rows}
    return {
        row["uuid"]: {
            "resources": resources.get(row["id"], {}),
            "traits": sorted(traits.get(row["id"], [])),
            "parent_provider_uuid": _uuid(ctx, uuids, row["parent_provider_id"]),
            "root_provider_uuid": _uuid(ctx, uuids, row["root_provider_id"]),
        }
        for row in rows
    }


def _uuid(ctx: Context, uuids: dict[int, str], rp_id: int | None) -> str | None:
    return uuids.get(rp_id) or providers.uuid_of(ctx, rp_id) if rp_id is not None else None


def _resources(ctx: Context, ids: list[int]) -> dict[int, dict[str, Any]]:
    where, key = {"resource_provider_id": ids}, ("resource_provider_id", "resource_class_id")
    used = {
        (row["resource_provider_id"], row["resource_class_id"]): row["used"]
        for row in ctx.tx.totals("allocations", ["used"], where, by=key)
    }
    found: dict[int, dict[str, Any]] = defaultdict(dict)
    for row in ctx.tx.select("inventories", where, order_by="id"):
        rp_id, rc_id = row["resource_provider_id"], row["resource_class_id"]
        shown = {"capacity": int(inventory.capacity(row)), "used": used.get((rp_id, rc_id), 0)}
        found[rp_id][ctx.rc_cache.name(ctx.tx, rc_id)] = shown
    return found


def _trait_names(ctx: Context, ids: list[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    links = ctx.tx.select("resource_provider_traits", {"resource_provider_id": ids}) if ids else []
    for link in links:
        name = ctx.trait_cache.name(ctx.tx, link["trait_id"])
        found[link["resource_provider_id"]].append(name)
    return found

"""Allocation candidates: which providers could satisfy a request (`objects/allocation_candidate.py`).

One SELECT finds the providers, in the order in which they were created; more read what is shown of them. None is run
per provider, so that a hundred thousand inventories are as many queries as ten.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa

from simnova.placement.context import Context
from simnova.placement.errors import NotFound, bad_request
from simnova.placement.objects import inventory
from simnova.placement.objects import resource_provider as providers
from simnova.placement.query import Aggregates, RequestGroup, Traits
from simnova.placement.schema import (
    ALLOCATION,
    INVENTORY,
    PROVIDER_AGGREGATE,
    PROVIDER_TRAIT,
    RESOURCE_PROVIDER,
)

Clause = sa.ColumnElement[bool]
RP = RESOURCE_PROVIDER


Choice = tuple[tuple[tuple[int, ...], ...], tuple[int, ...]]
"""Ids asked for: of each group one, and of the last ones none."""


class Shape(NamedTuple):
    """What makes one SELECT for candidates differ from another; the amounts do not."""

    classes: tuple[int, ...]
    traits: Choice
    root_traits: Choice
    aggregates: Choice
    in_tree: bool
    limit: int | None


def get_by_request(ctx: Context, asked: RequestGroup) -> dict[str, Any]:
    """The allocation requests and provider summaries for what is asked, `limit` of them at most."""
    rows = matching(ctx, asked)
    return {
        "allocation_requests": [_allocation_request(row["uuid"], asked) for row in rows],
        "provider_summaries": summaries(ctx, [row["id"] for row in rows]),
    }


def _allocation_request(uuid: str, asked: RequestGroup) -> dict[str, Any]:
    return {"allocations": {uuid: {"resources": asked.resources}}, "mappings": {"": [uuid]}}


def matching(ctx: Context, asked: RequestGroup) -> list[dict[str, Any]]:
    """The id and UUID of all providers that satisfy a request; refuses unknown classes and traits."""
    classes = tuple(_class_id(ctx, name) for name in asked.resources)
    amounts = zip(classes, asked.resources.values(), strict=True)
    values: dict[str, Any] = {_amount(rc_id): amount for rc_id, amount in amounts}
    if asked.in_tree is not None:
        values["tree"] = providers.tree_of(ctx, asked.in_tree) or 0
    shape = Shape(
        classes,
        _traits(ctx, asked.traits),
        _traits(ctx, asked.root_traits),
        _aggregates(ctx, asked.member_of),
        asked.in_tree is not None,
        asked.limit,
    )
    return ctx.tx.execute(_select(shape), **values)


def _class_id(ctx: Context, name: str) -> int:
    try:
        return ctx.rc_cache.id(ctx.tx, name)
    except NotFound as error:
        raise bad_request(f"Invalid resource class in resources parameter: {error}") from None


def _traits(ctx: Context, asked: Traits) -> Choice:
    unknown = [name for name in asked.names() if not ctx.trait_cache.known(ctx.tx, name)]
    if unknown:
        raise bad_request(f"No such trait(s): {', '.join(unknown)}.")

    def ids(names: list[str]) -> tuple[int, ...]:
        return tuple(ctx.trait_cache.id(ctx.tx, name) for name in names)

    return tuple(ids(names) for names in asked.required), ids(asked.forbidden)


def _aggregates(ctx: Context, asked: Aggregates) -> Choice:
    def ids(uuids: list[str]) -> tuple[int, ...]:
        rows = ctx.tx.select("placement_aggregates", {"uuid": uuids}, order_by="id")
        return tuple(row["id"] for row in rows)

    return tuple(ids(uuids) for uuids in asked.required), ids(asked.forbidden)


@cache
def _select(shape: Shape) -> sa.Select[Any]:
    """The SELECT for requests of that shape, by id."""
    statement: sa.Select[Any] = sa.select(RP.c.id, RP.c.uuid).select_from(RP)
    for rc_id in shape.classes:
        statement = _with_room(statement, rc_id)
    clauses = [
        *_chosen(shape.traits, lambda ids: _has_trait(RP.c.id, ids)),
        *_chosen(shape.root_traits, lambda ids: _has_trait(RP.c.root_provider_id, ids)),
        *_chosen(shape.aggregates, _in_any),
    ]
    if shape.in_tree:
        clauses.append(RP.c.root_provider_id == sa.bindparam("tree", type_=sa.Integer))
    statement = statement.where(*clauses).order_by(RP.c.id)
    if shape.limit is None:
        return statement
    return statement.limit(_number(shape.limit)).offset(_number(0))


def _amount(rc_id: int) -> str:
    return f"amount_{rc_id}"


def _number(value: int) -> sa.ColumnElement[int]:
    return sa.literal_column(str(value), sa.Integer)


def _with_room(statement: sa.Select[Any], rc_id: int) -> sa.Select[Any]:
    """Only providers with an inventory of that class that has room for the amount."""
    own, rc = INVENTORY.alias(), _number(rc_id)
    amount = sa.bindparam(_amount(rc_id), type_=sa.Integer)
    used = (
        sa.select(sa.func.coalesce(sa.func.sum(ALLOCATION.c.used), _number(0)))
        .where(
            ALLOCATION.c.resource_provider_id == own.c.resource_provider_id,
            ALLOCATION.c.resource_class_id == rc,
        )
        .scalar_subquery()
    )
    room = (own.c.total - own.c.reserved) * own.c.allocation_ratio
    return statement.join(
        own, sa.and_(own.c.resource_provider_id == RP.c.id, own.c.resource_class_id == rc)
    ).where(
        own.c.min_unit <= amount,
        own.c.max_unit >= amount,
        amount % own.c.step_size == _number(0),
        room >= used + amount,
    )


def _chosen(choice: Choice, one_of: Callable[[tuple[int, ...]], Clause]) -> list[Clause]:
    required, forbidden = choice
    clauses = [one_of(ids) for ids in required]
    return [*clauses, ~one_of(forbidden)] if forbidden else clauses


def _has_trait(provider: sa.ColumnElement[Any], ids: tuple[int, ...]) -> Clause:
    link = PROVIDER_TRAIT.c
    return (
        sa.select(link.trait_id)
        .where(link.resource_provider_id == provider, _one_of(link.trait_id, ids))
        .exists()
    )


def _in_any(ids: tuple[int, ...]) -> Clause:
    """The provider or the root of its tree is in one of these aggregates."""
    link = PROVIDER_AGGREGATE.c
    return (
        sa.select(link.aggregate_id)
        .where(
            link.resource_provider_id.in_([RP.c.id, RP.c.root_provider_id]),
            _one_of(link.aggregate_id, ids),
        )
        .exists()
    )


def _one_of(column: sa.ColumnElement[Any], ids: tuple[int, ...]) -> Clause:
    return sa.or_(sa.false(), *(column == _number(each) for each in ids))


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

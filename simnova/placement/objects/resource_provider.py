"""Providers: trees of things that have inventories, each with a generation (`objects/resource_provider.py`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from simnova.placement.context import Context
from simnova.placement.errors import (
    CANNOT_DELETE_PARENT,
    CONCURRENT_UPDATE,
    DUPLICATE_NAME,
    PROVIDER_IN_USE,
    NotFound,
    bad_request,
    conflict,
    not_found,
)
from simnova.placement.objects.research_context import NoProviders, each_with
from simnova.placement.query import RequestGroup
from simnova.placement.query_schemas import Version

Provider = dict[str, Any]
"""A row of `resource_providers`."""


def get_by_uuid(ctx: Context, uuid: str) -> Provider:
    """The provider; raises `NotFound`."""
    row = ctx.tx.get("resource_providers", uuid=uuid)
    if row is None:
        raise NotFound(f"No resource provider with uuid {uuid} found")
    return row


def uuid_of(ctx: Context, rp_id: int | None) -> str | None:
    """The UUID of the provider with that id."""
    row = ctx.tx.get("resource_providers", id=rp_id) if rp_id is not None else None
    return row["uuid"] if row else None


def describe(ctx: Context, rp: Provider) -> dict[str, Any]:
    """The provider with the UUIDs of its parent and root."""
    root_id = rp["root_provider_id"]
    return {
        "uuid": rp["uuid"],
        "name": rp["name"],
        "generation": rp["generation"],
        "parent_provider_uuid": uuid_of(ctx, rp["parent_provider_id"]),
        "root_provider_uuid": rp["uuid"] if root_id == rp["id"] else uuid_of(ctx, root_id),
    }


def increment_generation(ctx: Context, rp: Provider) -> None:
    """Count the generation up, or refuse where somebody else has done so."""
    where = {"id": rp["id"], "generation": rp["generation"]}
    if not ctx.tx.update("resource_providers", where, {"generation": rp["generation"] + 1}):
        raise conflict(
            "Another thread concurrently updated the resource provider data. "
            "Please retry your update",
            CONCURRENT_UPDATE,
        )
    rp["generation"] += 1


def create(ctx: Context, uuid: str, name: str, parent_uuid: str | None) -> Provider:
    """A new provider, at the root of a tree of its own or below its parent."""
    parent = _parent(ctx, uuid, name, parent_uuid) if parent_uuid else None
    taken = [
        f"{column}: {value}"
        for column, value in (("uuid", uuid), ("name", name))
        if ctx.tx.get("resource_providers", **{column: value})
    ]
    if taken:
        raise conflict(f"Conflicting resource provider {taken[0]} already exists.", DUPLICATE_NAME)
    rp = ctx.tx.insert(
        "resource_providers",
        uuid=uuid,
        name=name,
        generation=0,
        parent_provider_id=parent["id"] if parent else None,
    )
    root_id = parent["root_provider_id"] if parent else rp["id"]
    ctx.tx.update("resource_providers", {"id": rp["id"]}, {"root_provider_id": root_id})
    return {**rp, "root_provider_id": root_id}


def _parent(ctx: Context, uuid: str, name: str, parent_uuid: str) -> Provider:
    failed = f'Unable to create resource provider "{name}", {uuid}: Object action create failed because: '
    if parent_uuid == uuid:
        raise bad_request(
            failed + "parent provider UUID cannot be same as UUID. "
            "Please set parent provider UUID to None if there is no parent."
        )
    try:
        return get_by_uuid(ctx, parent_uuid)
    except NotFound:
        raise bad_request(failed + "parent provider UUID does not exist.") from None


def update(ctx: Context, rp: Provider, body: Mapping[str, Any], version: Version) -> Provider:
    """Give a provider another name, and another parent or none where the version lets it (from 1.37 on)."""
    changes: dict[str, Any] = {"name": body["name"]}
    moved: list[Provider] = []
    if "parent_provider_uuid" in body:
        tree = ctx.tx.select("resource_providers", {"root_provider_id": rp["root_provider_id"]})
        moved = _subtree(rp, tree)
        changes |= _moved(ctx, rp, body["parent_provider_uuid"], moved, version >= (1, 37))
    other = ctx.tx.get("resource_providers", name=body["name"])
    if other is not None and other["id"] != rp["id"]:
        raise conflict(
            f"Conflicting resource provider {body['name']} already exists.", DUPLICATE_NAME
        )
    ctx.tx.update("resource_providers", {"id": rp["id"]}, changes)
    if changes.get("root_provider_id", rp["root_provider_id"]) != rp["root_provider_id"]:
        for below in moved[1:]:
            root = {"root_provider_id": changes["root_provider_id"]}
            ctx.tx.update("resource_providers", {"id": below["id"]}, root)
    return {**rp, **changes}


def _moved(
    ctx: Context, rp: Provider, parent_uuid: str | None, subtree: list[Provider], free: bool
) -> dict[str, Any]:
    """The new parent and root; raises a 400 for what is not allowed."""
    failed = f"Unable to save resource provider {rp['uuid']}: Object action %s failed because: %s"
    if parent_uuid is None:
        if rp["parent_provider_id"] is not None and not free:
            reason = "un-parenting a provider is not currently allowed."
            raise bad_request(failed % ("update", reason))
        return {"parent_provider_id": None, "root_provider_id": rp["id"]}
    parent = ctx.tx.get("resource_providers", uuid=parent_uuid)
    if parent is None:
        raise bad_request(failed % ("create", "parent provider UUID does not exist."))
    if rp["parent_provider_id"] not in (None, parent["id"]) and not free:
        raise bad_request(failed % ("update", "re-parenting a provider is not currently allowed."))
    if parent["id"] in [each["id"] for each in subtree]:
        reason = "creating loop in the provider tree is not allowed."
        raise bad_request(failed % ("update", reason))
    return {"parent_provider_id": parent["id"], "root_provider_id": parent["root_provider_id"]}


def _subtree(rp: Provider, tree: list[Provider]) -> list[Provider]:
    """A provider and all below it."""
    found = [rp]
    for each in found:
        found += [below for below in tree if below["parent_provider_id"] == each["id"]]
    return found


def get_all_by_filters(
    ctx: Context, names: Mapping[str, str], asked: RequestGroup
) -> list[Provider]:
    """The providers of that name and UUID, tree, traits, aggregates and room, in the order in which they were made."""
    where: dict[str, Any] = dict(names)
    if asked.in_tree is not None:
        where["root_provider_id"] = tree_of(ctx, asked.in_tree) or 0
    if asked.resources or asked.traits.required or asked.traits.forbidden:
        return _masked(ctx, where, asked)
    if asked.member_of.required or asked.member_of.forbidden:
        return _masked(ctx, where, asked)
    return ctx.tx.select("resource_providers", where, order_by="id")


def _masked(ctx: Context, where: Mapping[str, Any], asked: RequestGroup) -> list[Provider]:
    try:
        mask = each_with(ctx, asked)
    except NoProviders:
        return []
    rows = ctx.tx.select("resource_providers", where, order_by="id")
    return [row for row in rows if mask[ctx.columns.place(row["uuid"])]]


def destroy(ctx: Context, uuid: str) -> None:
    """Delete a provider that has neither allocations nor children, with all it has."""
    rp = ctx.tx.get("resource_providers", uuid=uuid)
    if rp is None:
        raise not_found(f"No resource provider with uuid {uuid} found for delete")
    if ctx.tx.select("resource_providers", {"parent_provider_id": rp["id"]}, limit=1):
        raise conflict(
            f"Unable to delete parent resource provider {uuid}: It has child resource providers.",
            CANNOT_DELETE_PARENT,
        )
    own = {"resource_provider_id": rp["id"]}
    if ctx.tx.select("allocations", own, limit=1):
        raise conflict(
            f"Unable to delete resource provider {uuid}: Resource provider has allocations.",
            PROVIDER_IN_USE,
        )
    for table in ("inventories", "resource_provider_aggregates", "resource_provider_traits"):
        ctx.tx.delete(table, own)
    ctx.tx.delete("resource_providers", {"id": rp["id"]})


def tree_of(ctx: Context, uuid: str) -> int | None:
    """The root's id of the tree that a provider is in, None where there is no such provider."""
    row = ctx.tx.get("resource_providers", uuid=uuid)
    return row["root_provider_id"] if row else None


def get_aggregates(ctx: Context, rp: Provider) -> list[str]:
    """The UUIDs of the aggregates that a provider is in."""
    links = ctx.tx.select(
        "resource_provider_aggregates", {"resource_provider_id": rp["id"]}, order_by="aggregate_id"
    )
    ids = [link["aggregate_id"] for link in links]
    rows = ctx.tx.select("placement_aggregates", {"id": ids}, order_by="id") if ids else []
    return [row["uuid"] for row in rows]


def set_aggregates(ctx: Context, rp: Provider, uuids: Iterable[str]) -> None:
    """Put a provider into exactly these aggregates; an aggregate exists as soon as it is named."""
    present = {
        link["aggregate_id"]
        for link in ctx.tx.select(
            "resource_provider_aggregates", {"resource_provider_id": rp["id"]}
        )
    }
    wanted = [_ensure_aggregate(ctx, uuid) for uuid in uuids]
    for aggregate_id in sorted(present.difference(wanted)):
        ctx.tx.delete(
            "resource_provider_aggregates",
            {"resource_provider_id": rp["id"], "aggregate_id": aggregate_id},
        )
    for aggregate_id in wanted:
        if aggregate_id not in present:
            ctx.tx.insert(
                "resource_provider_aggregates",
                resource_provider_id=rp["id"],
                aggregate_id=aggregate_id,
            )


def _ensure_aggregate(ctx: Context, uuid: str) -> int:
    row = ctx.tx.get("placement_aggregates", uuid=uuid)
    return int((row or ctx.tx.insert("placement_aggregates", uuid=uuid))["id"])

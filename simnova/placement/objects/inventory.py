"""Inventories: how much of each resource class a provider has (`objects/inventory.py`).

The arithmetic is here once, for claims and for summaries: capacity is (total - reserved) * allocation_ratio.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from simnova.placement.context import Context
from simnova.placement.errors import INVENTORY_INUSE, bad_request, conflict
from simnova.placement.objects.resource_provider import Provider, increment_generation

FIELDS = ("total", "reserved", "min_unit", "max_unit", "step_size", "allocation_ratio")


def capacity(inventory: Mapping[str, Any]) -> float:
    """How much may be used in all; `reserved` is taken off before the ratio applies."""
    return float((inventory["total"] - inventory["reserved"]) * inventory["allocation_ratio"])


def suits(inventory: Mapping[str, int], amount: int) -> bool:
    """Whether one allocation may be of that amount: min_unit, max_unit, step_size."""
    in_range = inventory["min_unit"] <= amount <= inventory["max_unit"]
    return in_range and not amount % inventory["step_size"]


def get_all(ctx: Context, rp: Provider) -> dict[str, dict[str, Any]]:
    """A provider's inventories by resource class."""
    rows = ctx.tx.select("inventories", {"resource_provider_id": rp["id"]}, order_by="id")
    return {
        ctx.rc_cache.name(ctx.tx, row["resource_class_id"]): {f: row[f] for f in FIELDS}
        for row in rows
    }


def set_all(ctx: Context, rp: Provider, inventories: Mapping[str, Mapping[str, Any]]) -> None:
    """Make these the provider's inventories: add, change and remove as it takes."""
    present = {row["resource_class_id"] for row in _rows(ctx, rp)}
    wanted = {ctx.rc_cache.id(ctx.tx, name): inventory for name, inventory in inventories.items()}
    remove(ctx, rp, sorted(present.difference(wanted)))
    for rc_id, inventory in wanted.items():
        write(ctx, rp, rc_id, inventory, new=rc_id not in present)
    increment_generation(ctx, rp)


def write(ctx: Context, rp: Provider, rc_id: int, values: Mapping[str, Any], *, new: bool) -> None:
    """Add or change the inventory of one class."""
    fields = {name: values[name] for name in FIELDS}
    where = {"resource_provider_id": rp["id"], "resource_class_id": rc_id}
    if new:
        ctx.tx.insert("inventories", **where, **fields)
    else:
        ctx.tx.update("inventories", where, fields)


def _rows(ctx: Context, rp: Provider) -> list[dict[str, Any]]:
    return ctx.tx.select("inventories", {"resource_provider_id": rp["id"]})


def has(ctx: Context, rp: Provider, rc_id: int) -> bool:
    """Whether a provider has inventory of that class."""
    return any(row["resource_class_id"] == rc_id for row in _rows(ctx, rp))


def remove(ctx: Context, rp: Provider, rc_ids: Iterable[int]) -> None:
    """Remove the inventories of these classes; refused where any of it is in use."""
    rc_ids = list(rc_ids)
    if not rc_ids:
        return
    used = [name for name, amount in usage(ctx, rp).items() if amount]
    blocking = [name for name in used if ctx.rc_cache.id(ctx.tx, name) in rc_ids]
    if blocking:
        raise conflict(
            f"update conflict: Inventory for '{', '.join(blocking)}' on resource provider "
            f"'{rp['uuid']}' in use.",
            INVENTORY_INUSE,
        )
    ctx.tx.delete("inventories", {"resource_provider_id": rp["id"], "resource_class_id": rc_ids})


def usage(ctx: Context, rp: Provider) -> dict[str, int]:
    """What is used of a provider, by resource class."""
    where = {"resource_provider_id": rp["id"]}
    return {
        ctx.rc_cache.name(ctx.tx, row["resource_class_id"]): row["used"]
        for row in ctx.tx.totals("allocations", ["used"], where, by=["resource_class_id"])
    }


def validate_capacity(
    rp: Provider, inventories: Mapping[str, Mapping[str, Any]], version: tuple[int, int], what: str
) -> None:
    """Refuse what is reserved beyond the total; before version 1.26 reserved must stay below it."""
    for name, inventory in inventories.items():
        limit = inventory["total"] - (version < (1, 26))
        if inventory["reserved"] > limit:
            relation = "greater than" if version >= (1, 26) else "greater than or equal to"
            raise bad_request(
                f"Unable to {what} inventory for resource provider {rp['uuid']}: Invalid inventory "
                f"for '{name}' on resource provider '{rp['uuid']}'. The reserved value is "
                f"{relation} total."
            )

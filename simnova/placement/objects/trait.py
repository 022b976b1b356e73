"""Traits: what providers are like, by name (`objects/trait.py`)."""

from __future__ import annotations

from collections.abc import Iterable

from simnova.placement.context import Context
from simnova.placement.errors import bad_request
from simnova.placement.objects.resource_provider import Provider, increment_generation


def of_provider(ctx: Context, rp: Provider) -> list[str]:
    """The names of a provider's traits, sorted."""
    rows = ctx.tx.select("resource_provider_traits", {"resource_provider_id": rp["id"]})
    return sorted(ctx.trait_cache.name(ctx.tx, row["trait_id"]) for row in rows)


def set_traits(ctx: Context, rp: Provider, names: Iterable[str]) -> None:
    """Give a provider exactly these traits; the generation counts up only if that changes anything."""
    names = list(dict.fromkeys(names))
    unknown = [name for name in names if not ctx.trait_cache.known(ctx.tx, name)]
    if unknown:
        raise bad_request(f"No such trait {', '.join(unknown)}")
    present = set(of_provider(ctx, rp))
    gone, new = sorted(present.difference(names)), sorted(set(names) - present)
    for name in gone:
        ctx.tx.delete("resource_provider_traits", _link(ctx, rp, name))
    for name in new:
        ctx.tx.insert("resource_provider_traits", **_link(ctx, rp, name))
    if gone or new:
        increment_generation(ctx, rp)


def _link(ctx: Context, rp: Provider, name: str) -> dict[str, int]:
    return {"resource_provider_id": rp["id"], "trait_id": ctx.trait_cache.id(ctx.tx, name)}


def create(ctx: Context, name: str) -> bool:
    """Make a trait; returns whether it is new."""
    if ctx.trait_cache.known(ctx.tx, name):
        return False
    ctx.tx.insert("traits", name=name)
    return True


def in_use(ctx: Context, name: str) -> bool:
    """Whether a provider has that trait."""
    where = {"trait_id": ctx.trait_cache.id(ctx.tx, name)}
    return bool(ctx.tx.select("resource_provider_traits", where, limit=1))

"""The search for one request group: which providers could satisfy it (`objects/research_context.py`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from simnova.placement.columns import Columns
from simnova.placement.context import Context
from simnova.placement.errors import NotFound, bad_request
from simnova.placement.query import RequestGroup, Traits

if TYPE_CHECKING:
    from simnova.placement.stock import Mask

SHARES = "MISC_SHARES_VIA_AGGREGATE"
"""The trait of a provider whose inventory others of its aggregates may use."""

Pair = tuple[int, int]
"""The places of a provider and of the root of the tree that it serves, its anchor."""


class NoProviders(Exception):
    """No provider satisfies a part of the request: there are no candidates at all."""


class GroupSearch:
    """One request group as ids and masks.

    `sharing` holds the places of the providers that share. Raises `NoProviders`, and a 400 for unknown names.
    """

    def __init__(self, ctx: Context, suffix: str, group: RequestGroup, sharing: set[int]) -> None:
        self.columns = ctx.columns
        self.suffix = suffix
        self.asked = group.resources
        self.resources = {class_id(ctx, name): amount for name, amount in group.resources.items()}
        self.in_aggregates = _in_aggregates(ctx, group.member_of.required)
        self.required, self.forbidden = trait_ids(ctx, group.traits)
        self.bad_aggregates = _in_any(ctx, group.member_of.forbidden)
        self.root = None if group.in_tree is None else _root(self.columns, group.in_tree)
        self.room = {rc_id: self._with_room(rc_id) for rc_id in self.resources}
        self.sharing = sharing
        self._sharing_trait = ctx.trait_cache.id(ctx.tx, SHARES)

    def _with_room(self, rc_id: int) -> Mask:
        stock = self.columns.stocks.get(rc_id)
        if stock is None:
            raise NoProviders
        mask = stock.room_for(self.resources[rc_id])
        if self.root is not None:
            mask &= self._in_tree(self.root)
        if not mask.any():
            raise NoProviders
        return mask

    def _in_tree(self, root: int) -> Mask:
        mask = self.columns.none()
        mask[self.columns.trees[root]] = True
        return mask

    # --- one provider for all ---------------------------------------------------------------------------------

    def matching(self) -> Mask:
        """The providers of which each satisfies the whole group."""
        columns = self.columns
        if not (self.resources or self.required or self.in_aggregates is not None):
            return columns.none()
        mask = columns.alive.copy()
        for room in self.room.values():
            mask &= room
        for ids in self.required:
            mask &= columns.having(columns.traits, ids)
        if self.forbidden:
            mask &= ~columns.having(columns.traits, self.forbidden)
        if self.in_aggregates is not None:
            mask &= self.in_aggregates
        if self.bad_aggregates is not None:
            mask &= ~self.bad_aggregates
        return mask

    # --- several of a tree ------------------------------------------------------------------------------------

    def trees(self, anchors: Mask | None) -> dict[int, dict[int, list[int]]]:
        """By anchor and resource class the providers with room, for anchors that have room of every class."""
        found: dict[int, dict[int, list[int]]] = {}
        for number, rc_id in enumerate(self.resources):
            here = self._by_anchor(self._pairs(rc_id, anchors))
            kept = here if number == 0 else {root: here[root] for root in here if root in found}
            found = {root: {**found.get(root, {}), rc_id: kept[root]} for root in kept}
        return found

    def _by_anchor(self, pairs: Iterable[Pair]) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for place, root in sorted(set(pairs)):
            found.setdefault(root, []).append(place)
        return found

    def _pairs(self, rc_id: int, anchors: Mask | None) -> list[Pair]:
        columns = self.columns
        places: list[int] = self.room[rc_id].nonzero()[0].tolist()
        pairs = [(place, columns.roots[place]) for place in places]
        pairs += self._shared(places)
        if anchors is not None:
            pairs = [pair for pair in pairs if anchors[pair[1]]]
        inside, outside = self.in_aggregates, self.bad_aggregates
        if inside is not None:
            pairs = [pair for pair in pairs if inside[pair[0]] or inside[pair[1]]]
        if outside is not None:
            pairs = [pair for pair in pairs if not (outside[pair[0]] or outside[pair[1]])]
        return pairs

    def _shared(self, places: list[int]) -> list[Pair]:
        """Providers with room that share, each with every anchor that it serves.

        Where aggregates are asked for, those that share are from then on only the ones in them: real Placement
        narrows the set that all groups use, too.
        """
        if self.in_aggregates is not None:
            self.sharing.intersection_update(self.in_aggregates.nonzero()[0].tolist())
        if self.root is not None:
            return []
        sharing = [place for place in places if place in self.sharing]
        return [(place, anchor) for place in sharing for anchor in anchors_of(self.columns, place)]

    def shares(self, place: int) -> bool:
        """Whether a provider shares, as its traits say."""
        return self._sharing_trait in self.columns.traits_of[place]

    def traits_suit(self, places: Iterable[int]) -> bool:
        """Whether these providers have together what is required, and none of them what is forbidden."""
        owned = [self.columns.traits_of[place] for place in places]
        if any(traits.intersection(self.forbidden) for traits in owned):
            return False
        together = set().union(*owned)
        return all(together.intersection(any_of) for any_of in self.required)


def class_id(ctx: Context, name: str) -> int:
    """The id of a resource class; raises a 400."""
    try:
        return ctx.rc_cache.id(ctx.tx, name)
    except NotFound as error:
        raise bad_request(f"Invalid resource class in resources parameter: {error}") from None


def trait_ids(
    ctx: Context, asked: Traits, wording: str = "%s"
) -> tuple[list[list[int]], list[int]]:
    """The ids of required and forbidden traits; raises a 400 for the first unknown one."""
    try:
        required = [
            [ctx.trait_cache.id(ctx.tx, name) for name in names] for names in asked.required
        ]
        return required, [ctx.trait_cache.id(ctx.tx, name) for name in asked.forbidden]
    except NotFound as error:
        raise bad_request(wording % error) from None


def _in_any(ctx: Context, uuids: list[str]) -> Mask | None:
    if not uuids:
        return None
    rows = ctx.tx.select("placement_aggregates", {"uuid": uuids})
    return ctx.columns.having(ctx.columns.aggregates, [row["id"] for row in rows])


def _in_aggregates(ctx: Context, required: list[list[str]]) -> Mask | None:
    """Providers that are themselves in one aggregate of each list, None where none is asked for."""
    if not required:
        return None
    mask = ctx.columns.alive.copy()
    for uuids in required:
        inside = _in_any(ctx, uuids)
        mask &= ctx.columns.none() if inside is None else inside
    if not mask.any():
        raise NoProviders
    return mask


def _root(columns: Columns, uuid: str) -> int:
    place = columns.place(uuid)
    if place is None:
        raise NoProviders
    return columns.roots[place]


def sharing_providers(ctx: Context) -> set[int]:
    """The places of all providers that share."""
    mask = ctx.columns.traits.get(ctx.trait_cache.id(ctx.tx, SHARES))
    return set() if mask is None else set(mask.nonzero()[0].tolist())


def anchors_of(columns: Columns, place: int) -> list[int]:
    """The roots of all trees that have a provider in an aggregate of this one."""
    mask = columns.none()
    for members in columns.aggregates.values():
        if members[place]:
            mask |= members
    return sorted({columns.roots[each] for each in mask.nonzero()[0].tolist()})


def anchors(ctx: Context, asked: Traits) -> Mask | None:
    """The roots with the traits that `root_required` asks for, None where it asks for none; raises `NoProviders`."""
    if not (asked.required or asked.forbidden):
        return None
    required, forbidden = trait_ids(ctx, asked)
    columns = ctx.columns
    mask = columns.alive.copy()
    for ids in required:
        mask &= columns.having(columns.traits, ids)
    if forbidden:
        mask &= ~columns.having(columns.traits, forbidden)
    if columns.nested:
        mask &= columns.root_mask()
    if not mask.any():
        raise NoProviders
    return mask


def each_with(ctx: Context, asked: RequestGroup) -> Mask:
    """The providers of which each has what a filter on `GET /resource_providers` asks for; raises `NoProviders`."""
    columns = ctx.columns
    wording = 'Invalid trait(s) in "required" parameter: %s'
    required, forbidden = trait_ids(ctx, asked.traits, wording)
    mask = columns.alive.copy()
    for ids in required:
        mask &= columns.having(columns.traits, ids)
    if forbidden:
        mask &= ~columns.having(columns.traits, forbidden)
    inside = _in_aggregates(ctx, asked.member_of.required)
    outside = _in_any(ctx, asked.member_of.forbidden)
    if inside is not None:
        mask &= inside
    if outside is not None:
        mask &= ~outside
    for name, amount in asked.resources.items():
        stock = columns.stocks.get(class_id(ctx, name))
        mask &= columns.none() if stock is None else stock.room_for(amount)
    return mask

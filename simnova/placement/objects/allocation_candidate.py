"""Allocation candidates: who could satisfy a request, and how (`objects/allocation_candidate.py`).

Candidates come in the order in which the providers were made. Where providers are neither nested nor shared, one
comparison of columns finds them; else the groups are satisfied one by one and put together for each tree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from simnova.placement.columns import Columns
from simnova.placement.context import Context
from simnova.placement.lib import Groups, RequestWideParams
from simnova.placement.objects.research_context import (
    GroupSearch,
    NoProviders,
    anchors,
    anchors_of,
    sharing_providers,
)

if TYPE_CHECKING:
    from simnova.placement.stock import Mask

Part = tuple[int, int, int]
"""The place of a provider, a resource class's id, and how much of it."""


class Candidate(NamedTuple):
    """Amounts to take of providers, and by suffix the providers that satisfy each group."""

    anchor: int
    parts: tuple[Part, ...]
    mappings: dict[str, tuple[int, ...]]


class Found(NamedTuple):
    """Candidates, and the places of the providers that are to be shown with them."""

    candidates: list[Candidate]
    shown: list[int]


class Alike(NamedTuple):
    """Candidates that take the same, resource classes' ids and amounts, each of one provider alone."""

    amounts: tuple[tuple[int, int], ...]
    shown: list[int]

    @property
    def candidates(self) -> list[Candidate]:
        """One by one."""
        return [
            Candidate(place, tuple((place, *amount) for amount in self.amounts), {"": (place,)})
            for place in self.shown
        ]


def get_by_requests(
    ctx: Context, groups: Groups, wide: RequestWideParams, *, nested_aware: bool = True
) -> Found | Alike:
    """The candidates for what is asked, `limit` of them at most; refuses unknown classes and traits."""
    try:
        roots = anchors(ctx, wide.root_traits)
        sharing = sharing_providers(ctx)
        if list(groups) == [""] and not ctx.columns.nested and not sharing:
            return _flat(GroupSearch(ctx, "", groups[""], sharing), roots, wide.limit)
        found = _merged(ctx, groups, wide, roots, sharing)
    except NoProviders:
        return Found([], [])
    if not nested_aware and ctx.columns.nested:
        found = _one_of_each_tree(ctx.columns, found)
    return _limited(ctx.columns, found, wide.limit)


def _flat(search: GroupSearch, roots: Mask | None, limit: int | None) -> Alike:
    """Each provider is a tree of its own and takes all."""
    mask = search.matching()
    if roots is not None:
        mask &= roots
    return Alike(tuple(search.resources.items()), mask.nonzero()[0][:limit].tolist())


def _merged(
    ctx: Context, groups: Groups, wide: RequestWideParams, roots: Mask | None, sharing: set[int]
) -> Found:
    """One candidate of each group, all of one anchor, in every combination that holds."""
    found: list[list[Candidate]] = []
    for suffix, group in groups.items():
        search = GroupSearch(ctx, suffix, group, sharing)
        alone = bool(suffix) or not (ctx.columns.nested or sharing)
        made = _single(search, roots) if alone else _multiple(search, roots)
        if not made:
            raise NoProviders
        found.append(made)
    merged: dict[object, Candidate] = {}
    for choice in _choices(found):
        if _isolated(choice, groups, wide) and _in_subtrees(ctx.columns, choice, wide):
            whole = _consolidated(choice)
            if _fits(ctx.columns, whole):
                merged.setdefault(_key(whole), whole)
    if not merged:
        raise NoProviders
    return _with_trees(ctx.columns, list(merged.values()))


def _single(search: GroupSearch, roots: Mask | None) -> list[Candidate]:
    """Each provider that can take the whole group; one that shares may do so for every tree that it serves."""
    columns = search.columns
    made = []
    for place in search.matching().nonzero()[0].tolist():
        parts = tuple((place, rc_id, amount) for rc_id, amount in search.resources.items())
        own = columns.roots[place]
        served = [own]
        if search.shares(place):
            served += [anchor for anchor in anchors_of(columns, place) if anchor != own]
        made += [
            Candidate(anchor, parts, {search.suffix: (place,)})
            for anchor in served
            if roots is None or roots[anchor]
        ]
    return made


def _multiple(search: GroupSearch, roots: Mask | None) -> list[Candidate]:
    """Every way to take the group's classes of the providers of one tree and of those that share with it."""
    made = []
    for anchor, by_class in search.trees(roots).items():
        classes = sorted(by_class)
        for places in product(*(by_class[rc_id] for rc_id in classes)):
            if search.traits_suit(places):
                parts = zip(places, classes, strict=True)
                taken = tuple((place, rc_id, search.resources[rc_id]) for place, rc_id in parts)
                mapped = {search.suffix: tuple(dict.fromkeys(places))}
                made.append(Candidate(anchor, taken, mapped))
    return made


def _choices(found: list[list[Candidate]]) -> Iterator[tuple[Candidate, ...]]:
    """For each anchor that has a candidate of every group, one of each."""
    by_anchor: dict[int, list[list[Candidate]]] = {}
    for number, group in enumerate(found):
        for candidate in group:
            lists = by_anchor.setdefault(candidate.anchor, [[] for _ in found])
            lists[number].append(candidate)
    for anchor in sorted(by_anchor):
        yield from product(*by_anchor[anchor])


def _isolated(choice: Iterable[Candidate], groups: Groups, wide: RequestWideParams) -> bool:
    """With `group_policy=isolate` no two groups with a suffix are satisfied by the same provider."""
    if wide.group_policy != "isolate":
        return True
    used = {
        place
        for candidate in choice
        for suffix, places in candidate.mappings.items()
        for place in (places if suffix else ())
    }
    return len(used) == sum(1 for suffix in groups if suffix)


def _in_subtrees(columns: Columns, choice: Iterable[Candidate], wide: RequestWideParams) -> bool:
    """The providers of each `same_subtree` are one of them and what is below it."""
    if not wide.same_subtrees:
        return True
    mapped = {suffix: places for each in choice for suffix, places in each.mappings.items()}
    return all(
        _is_subtree(columns, {place for suffix in subtree for place in mapped[suffix]})
        for subtree in wide.same_subtrees
    )


def _is_subtree(columns: Columns, places: set[int]) -> bool:
    common = set.intersection(*(columns.ancestors(place) for place in places))
    return bool(common & places)


def _consolidated(choice: tuple[Candidate, ...]) -> Candidate:
    amounts: dict[tuple[int, int], int] = {}
    mappings: dict[str, tuple[int, ...]] = {}
    for candidate in choice:
        for place, rc_id, amount in candidate.parts:
            amounts[place, rc_id] = amounts.get((place, rc_id), 0) + amount
        mappings |= candidate.mappings
    parts = tuple((place, rc_id, amount) for (place, rc_id), amount in amounts.items())
    return Candidate(choice[0].anchor, parts, mappings)


def _fits(columns: Columns, candidate: Candidate) -> bool:
    """Whether there is room where several groups take the same class of the same provider."""
    for place, rc_id, amount in candidate.parts:
        stock = columns.stocks[rc_id]
        too_much = stock.used[place] + amount > columns.classes[place][rc_id]
        if too_much or amount > stock.max_unit[place]:
            return False
    return True


def _key(candidate: Candidate) -> object:
    mapped = ((suffix, frozenset(places)) for suffix, places in candidate.mappings.items())
    return frozenset(candidate.parts), frozenset(mapped)


def _with_trees(columns: Columns, candidates: list[Candidate]) -> Found:
    """The candidates with all providers of the trees that they take something of."""
    roots = {columns.roots[place] for each in candidates for place, _, _ in each.parts}
    return Found(candidates, sorted(place for root in roots for place in columns.trees[root]))


def _one_of_each_tree(columns: Columns, found: Found) -> Found:
    """Before version 1.29: only candidates that take of one provider of a tree, and only those providers."""
    kept = []
    for candidate in found.candidates:
        places = {place for place, _, _ in candidate.parts}
        if len({columns.roots[place] for place in places}) == len(places):
            kept.append(candidate)
    return Found(kept, sorted({place for each in kept for place, _, _ in each.parts}))


def _limited(columns: Columns, found: Found, limit: int | None) -> Found:
    if limit is None or limit >= len(found.candidates):
        return found
    kept = found.candidates[:limit]
    trees = set(_with_trees(columns, kept).shown)
    return Found(kept, [place for place in found.shown if place in trees])

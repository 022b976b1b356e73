"""Allocation candidates as the API shows them (`placement/handlers/allocation_candidate.py`).

A thousand candidates are half a megabyte of JSON, most of which was the same the last time. So the text is put together
from what each provider's columns keep: its summary is written anew only after the provider has changed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from simnova.messaging.rest import Request, Response, route
from simnova.placement import lib
from simnova.placement.context import Context
from simnova.placement.errors import not_found
from simnova.placement.handlers.base import Handlers, Version, version_of
from simnova.placement.handlers.skimming import Requests, Summaries
from simnova.placement.objects.allocation_candidate import (
    Alike,
    Candidate,
    Found,
    get_by_requests,
)


class AllocationCandidates(Handlers):
    """`/allocation_candidates`."""

    @route("GET", "/allocation_candidates")
    async def list_allocation_candidates(self, request: Request) -> Response:
        """Who could take it, and what those have."""
        version = version_of(request)
        if version < (1, 10):
            raise not_found(self.not_found)
        groups, wide = lib.candidates(request, version)
        asked = {name for group in groups.values() for name in group.resources}

        def work(ctx: Context) -> Response:
            found = get_by_requests(ctx, groups, wide, nested_aware=version >= (1, 29))
            return _respond(ctx, found, version, asked)

        return await self.run(work)


def _respond(ctx: Context, found: Found | Alike, version: Version, asked: set[str]) -> Response:
    requests, summaries = _requests(ctx, found, version), _summaries(ctx, found.shown)
    text = _body(requests, _joined(summaries))
    if version < (1, 29):
        return Response.of_text(200, _body(requests, _as_of(version, _joined(summaries), asked)))
    if version < (1, 34) or isinstance(found, Found):
        return Response.of_text(200, text)
    return Response.of_text(200, text, read=_reader(ctx, found, summaries))


def _body(requests: str, summaries: str) -> str:
    return f'{{"allocation_requests": [{requests}], "provider_summaries": {summaries}}}'


def _reader(ctx: Context, found: Alike, summaries: list[str]) -> Callable[[], dict[str, Any]]:
    """How to read the text of candidates that are alike: each is only made for whoever looks at it."""
    texts = {
        ctx.columns.uuids[place]: text for place, text in zip(found.shown, summaries, strict=True)
    }
    resources = {ctx.rc_cache.name(ctx.tx, rc_id): amount for rc_id, amount in found.amounts}

    def read() -> dict[str, Any]:
        requests = Requests(list(texts), resources)
        return {"allocation_requests": requests, "provider_summaries": Summaries(texts)}

    return read


# --- allocation requests -----------------------------------------------------------------------------------------


def _requests(ctx: Context, found: Found | Alike, version: Version) -> str:
    if version < (1, 12):
        return ", ".join(json.dumps(_as_list(ctx, each)) for each in found.candidates)
    uuids, write = ctx.columns.uuids, _Amounts(ctx)
    mapped = version >= (1, 34)
    if isinstance(found, Alike) and mapped:
        return _alike([uuids[place] for place in found.shown], write(found.amounts))
    return ", ".join(_request(uuids, each, write, mapped) for each in found.candidates)


def _alike(uuids: list[str], amounts: str) -> str:
    between = f'": {amounts}}}, "mappings": {{"": ["'
    return ", ".join([f'{{"allocations": {{"{uuid}{between}{uuid}"]}}}}' for uuid in uuids])


class _Amounts:
    """The text of what is taken of one provider; candidates mostly take the same."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._known: dict[tuple[tuple[int, int], ...], str] = {}

    def __call__(self, amounts: tuple[tuple[int, int], ...]) -> str:
        text = self._known.get(amounts)
        if text is None:
            names = {self._ctx.rc_cache.name(self._ctx.tx, rc_id): n for rc_id, n in amounts}
            text = self._known[amounts] = json.dumps({"resources": names})
        return text


def _request(uuids: list[str], candidate: Candidate, write: _Amounts, mapped: bool) -> str:
    taken = _by_provider(candidate)
    parts = ", ".join(f'"{uuids[place]}": {write(tuple(part))}' for place, part in taken.items())
    if not mapped:
        return f'{{"allocations": {{{parts}}}}}'
    mappings = ", ".join(
        f'"{suffix}": [{", ".join(_quoted(uuids, places))}]'
        for suffix, places in candidate.mappings.items()
    )
    return f'{{"allocations": {{{parts}}}, "mappings": {{{mappings}}}}}'


def _quoted(uuids: list[str], places: Iterable[int]) -> list[str]:
    return [f'"{uuids[place]}"' for place in places]


def _by_provider(candidate: Candidate) -> dict[int, list[tuple[int, int]]]:
    taken: dict[int, list[tuple[int, int]]] = {}
    for place, rc_id, amount in candidate.parts:
        taken.setdefault(place, []).append((rc_id, amount))
    return taken


def _as_list(ctx: Context, candidate: Candidate) -> dict[str, Any]:
    """The form before version 1.12."""
    return {
        "allocations": [
            {
                "resource_provider": {"uuid": ctx.columns.uuids[place]},
                "resources": {ctx.rc_cache.name(ctx.tx, rc_id): n for rc_id, n in part},
            }
            for place, part in _by_provider(candidate).items()
        ]
    }


# --- provider summaries ------------------------------------------------------------------------------------------


def _summaries(ctx: Context, places: list[int]) -> list[str]:
    """What the providers have, use and are, each as its UUID and an object."""
    shown = ctx.columns.shown
    for place in places:
        if shown[place] is None:
            shown[place] = _summary(ctx, place)
    return [shown[place] or "" for place in places]


def _joined(summaries: list[str]) -> str:
    return f"{{{', '.join(summaries)}}}"


def _summary(ctx: Context, place: int) -> str:
    columns = ctx.columns
    parent = columns.parents[place]
    summary = {
        "resources": {
            ctx.rc_cache.name(ctx.tx, rc_id): {
                "capacity": capacity,
                "used": int(columns.stocks[rc_id].used[place]),
            }
            for rc_id, capacity in columns.classes[place].items()
        },
        "traits": sorted(ctx.trait_cache.name(ctx.tx, each) for each in columns.traits_of[place]),
        "parent_provider_uuid": None if parent is None else columns.uuids[parent],
        "root_provider_uuid": columns.uuids[columns.roots[place]],
    }
    return f'"{columns.uuids[place]}": {json.dumps(summary)}'


def _as_of(version: Version, text: str, asked: set[str]) -> str:
    """Summaries as versions before 1.29 showed them."""
    summaries = json.loads(text)
    for summary in summaries.values():
        del summary["parent_provider_uuid"], summary["root_provider_uuid"]
        if version < (1, 17):
            del summary["traits"]
        if version < (1, 27):
            resources = summary["resources"]
            summary["resources"] = {name: resources[name] for name in resources if name in asked}
    return json.dumps(summaries)

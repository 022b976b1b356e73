"""What a request for allocation candidates asks for: its groups, and what holds for all (`placement/lib.py`)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from simnova.messaging.rest import Request
from simnova.placement import query
from simnova.placement.errors import (
    BAD_VALUE,
    ILLEGAL_DUPLICATE,
    MISSING_VALUE,
    bad_request,
)
from simnova.placement.query import RequestGroup, Traits
from simnova.placement.query_schemas import Version, check_query

_KEY = re.compile("(resources|required|member_of|in_tree)(.*)", re.DOTALL)

Groups = dict[str, RequestGroup]
"""Request groups by suffix; the one without a suffix has the empty one."""


@dataclass
class RequestWideParams:
    """What holds for all groups of a request."""

    limit: int | None = None
    group_policy: str | None = None
    root_traits: Traits = field(default_factory=Traits)
    same_subtrees: list[list[str]] = field(default_factory=list)


def candidates(request: Request, version: Version) -> tuple[Groups, RequestWideParams]:
    """What `GET /allocation_candidates` asks for; raises a 400 for what Placement does not take."""
    check_query(request, "candidates", version)
    wide = _wide(request)
    suffixes = dict.fromkeys(match[2] for key in request.query if (match := _KEY.fullmatch(key)))
    groups = {suffix: query.group(request, version, suffix) for suffix in suffixes}
    if version >= (1, 36):
        _check_suffixes(groups, wide)
    else:
        _check_orphans(groups)
    if version >= (1, 22):
        _check_conflicts(groups)
    if wide.group_policy is None and sum(1 for suffix in groups if suffix) > 1:
        raise bad_request(
            'The "group_policy" parameter is required when specifying more than one '
            '"resources{N}" parameter.'
        )
    return groups, wide


def _wide(request: Request) -> RequestWideParams:
    asked = request.query
    return RequestWideParams(
        int(asked["limit"][0]) if "limit" in asked else None,
        asked["group_policy"][0] if "group_policy" in asked else None,
        _root_required(asked.get("root_required", [])),
        [_subtree(value) for value in asked.get("same_subtree", [])],
    )


def _root_required(values: list[str]) -> Traits:
    if len(values) > 1:
        raise bad_request(
            "Query parameter 'root_required' may be specified only once.", ILLEGAL_DUPLICATE
        )
    found = query.traits(values, (1, 38))
    conflicts = [names[0] for names in found.required if names[0] in found.forbidden]
    if conflicts:
        raise bad_request(
            "Conflicting required and forbidden traits found in root_required: "
            + ", ".join(conflicts),
            BAD_VALUE,
        )
    return found


def _subtree(value: str) -> list[str]:
    suffixes = [suffix.strip() for suffix in value.split(",")]
    if "" in suffixes:
        raise bad_request(
            "Empty string (unsuffixed group) can not be specified in `same_subtree` ", BAD_VALUE
        )
    return suffixes


def _check_suffixes(groups: Groups, wide: RequestWideParams) -> None:
    """A group without resources must be in a `same_subtree`, which must name groups that there are."""
    named = dict.fromkeys(suffix for subtree in wide.same_subtrees for suffix in subtree)
    empty = [suffix for suffix, group in groups.items() if not group.resources]
    if len(empty) == len(groups):
        raise bad_request(
            "There must be at least one resources or resources[$S] parameter.", MISSING_VALUE
        )
    bad = [suffix for suffix in empty if suffix not in named]
    if bad:
        raise bad_request(
            "Resourceless suffixed group request should be specified in `same_subtree` query "
            f"param: bad group(s) - {bad}.",
            BAD_VALUE,
        )
    bad = [suffix for suffix in named if suffix not in groups]
    if bad:
        raise bad_request(
            f"Real suffixes should be specified in `same_subtree`: {bad} not found in "
            f"{list(groups)}.",
            BAD_VALUE,
        )


def _check_orphans(groups: Groups) -> None:
    """Before version 1.36 every group must ask for resources."""
    empty = {suffix: group for suffix, group in groups.items() if not group.resources}
    traits = [f"required{suffix}" for suffix, group in empty.items() if group.traits.required]
    if traits:
        raise bad_request(
            "All traits parameters must be associated with resources.  Found the following "
            f"orphaned traits keys: {', '.join(traits)}"
        )
    orphans = [
        f"member_of{suffix}"
        for suffix, group in empty.items()
        if group.member_of.required or group.member_of.forbidden
    ]
    if orphans:
        raise bad_request(
            "All member_of parameters must be associated with resources. Found the following "
            f"orphaned member_of keys: {', '.join(orphans)}"
        )
    if empty:
        raise bad_request("All request groups must specify resources.")
    if not groups:
        raise bad_request(
            "At least one request group (`resources` or `resources{$S}`) is required."
        )


def _check_conflicts(groups: Groups) -> None:
    conflicting = [
        f"required{suffix}: ({', '.join(sorted(names))})"
        for suffix, group in groups.items()
        for names in group.traits.required
        if set(names) <= set(group.traits.forbidden)
    ]
    if conflicting:
        raise bad_request(
            "Conflicting required and forbidden traits found in the following traits keys: "
            + ", ".join(sorted(conflicting))
        )

"""What Placement answers to who could take a server (`nova/scheduler/client/report.py`)."""

from __future__ import annotations

from collections.abc import Mapping, MutableSequence, Sequence
from typing import Any, NamedTuple

Claim = dict[str, Any]
"""An allocation request: what would be written if it were claimed."""


class Candidates(NamedTuple):
    """Placement's answer to who could take a server; all None where it gave none."""

    allocation_requests: Sequence[Claim] | None
    provider_summaries: Mapping[str, Any] | None
    version: str | None


def by_provider(requests: Sequence[Claim]) -> Mapping[str, MutableSequence[Claim]]:
    """The allocation requests that take something of a provider, by its UUID; each is made when it is looked at."""
    ready: Mapping[str, MutableSequence[Claim]] | None = getattr(requests, "by_provider", None)
    if ready is not None:
        return ready
    found: dict[str, MutableSequence[Claim]] = {}
    for request in requests:
        for uuid in request["allocations"]:
            found.setdefault(uuid, []).append(request)
    return found

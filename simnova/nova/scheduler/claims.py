"""What Placement would let a request claim, by the host's node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Claim = dict[str, Any]
"""An allocation request as Placement hands it out and takes it back."""


class Claims:
    """The allocation requests that take something of a provider; an answer that knows them is not gone through."""

    def __init__(self, requests: Sequence[Claim]) -> None:
        known: Mapping[str, list[Claim]] | None = getattr(requests, "by_provider", None)
        found = _by_provider(requests) if known is None else {}
        self._by_provider = found if known is None else known
        self.counts = {uuid: len(each) for uuid, each in found.items()}
        """How many there are of each provider; one of each where the answer knows them."""
        self.counts |= dict.fromkeys(known or (), 1)

    def of(self, uuid: str | None) -> list[Claim]:
        """Those of one provider, in Placement's order; the list is the caller's."""
        return list(self._by_provider[str(uuid)]) if str(uuid) in self.counts else []


def _by_provider(requests: Sequence[Claim]) -> dict[str, list[Claim]]:
    found: dict[str, list[Claim]] = {}
    for request in requests:
        for uuid in request["allocations"]:
            found.setdefault(uuid, []).append(request)
    return found

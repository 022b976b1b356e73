"""What Placement answers to who could take a server (`nova/scheduler/client/report.py`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

Claim = dict[str, Any]
"""An allocation request: what would be written if it were claimed."""


class Candidates(NamedTuple):
    """Placement's answer to who could take a server; all None where it gave none."""

    allocation_requests: Sequence[Claim] | None
    provider_summaries: Mapping[str, Any] | None
    version: str | None

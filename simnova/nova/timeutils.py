"""Times as objects carry them, and what lies between them (`oslo_utils/timeutils.py`)."""

from __future__ import annotations

from datetime import datetime

from simnova.kernel.clock import EPOCH
from simnova.nova.context import RequestContext


def seconds_since(context: RequestContext, instant: str) -> float:
    """Seconds from a time, as `2026-01-01T00:00:00Z`, until now."""
    return context.here.clock.now - (datetime.fromisoformat(instant) - EPOCH).total_seconds()

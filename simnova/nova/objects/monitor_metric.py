"""What a compute measures of its host (`nova/objects/monitor_metric.py`)."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

_PERCENT = frozenset(f"cpu.{what}percent" for what in ("", "user.", "kernel.", "idle.", "iowait."))


class MonitorMetric(NamedTuple):
    """One measurement, a whole number; `source` is the monitor that made it."""

    name: str
    value: int
    timestamp: str | None = None
    source: str = ""
    numa_membw_values: dict[str, int] | None = None


def from_json(text: str | None) -> list[MonitorMetric]:
    """The measurements in a row of compute_nodes, where percentages stand as fractions of 1."""
    return [_metric(**values) for values in json.loads(text or "[]")]


def _metric(name: str, value: float, **rest: Any) -> MonitorMetric:
    return MonitorMetric(name, int(value * 100 if name in _PERCENT else value), **rest)

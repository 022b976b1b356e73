"""What was different by default in Nova's older releases, as far as SimNova plays them."""

from __future__ import annotations

from typing import Any, NamedTuple

_WEIGHERS = [
    "nova.scheduler.weights.ram.RAMWeigher",
    "nova.scheduler.weights.disk.DiskWeigher",
    "nova.scheduler.weights.metrics.MetricsWeigher",
    "nova.scheduler.weights.io_ops.IoOpsWeigher",
    "nova.scheduler.weights.affinity.ServerGroupSoftAffinityWeigher",
    "nova.scheduler.weights.affinity.ServerGroupSoftAntiAffinityWeigher",
]
_FILTERS = [
    "RetryFilter",
    "AvailabilityZoneFilter",
    "RamFilter",
    "DiskFilter",
    "ComputeFilter",
    "ComputeCapabilitiesFilter",
    "ImagePropertiesFilter",
    "ServerGroupAntiAffinityFilter",
    "ServerGroupAffinityFilter",
]
_CLASSIC: dict[str, dict[str, Any]] = {
    "DEFAULT": {
        "initial_cpu_allocation_ratio": 16.0,
        "initial_ram_allocation_ratio": 1.5,
        "heal_instance_info_cache_interval": 60,
    },
    "filter_scheduler": {"enabled_filters": _FILTERS, "weight_classes": _WEIGHERS},
}


class Release(NamedTuple):
    """One release: its version, whether its scheduler asks Placement, and its defaults that differ
    from today's.
    """

    version: str
    placement: bool
    defaults: dict[str, dict[str, Any]]


TODAY = "hibiscus"

RELEASES = {
    "mitaka": Release("13.0.0", False, _CLASSIC),
    "newton": Release("14.0.0", False, _CLASSIC),
    TODAY: Release("34.0.0", True, {}),
}

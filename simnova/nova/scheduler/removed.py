"""What Nova's scheduler once had: the release that removed each, and why."""

from __future__ import annotations

from typing import NamedTuple

from simnova.exceptions import UsageError


class Gone(NamedTuple):
    """What Nova once had: the release that removed it, and why."""

    release: str
    why: str


_AMOUNTS = Gone(
    "20.0.0 (Train)", "Placement's allocation candidates decide on amounts and their ratios"
)
_RATIOS = Gone("22.0.0 (Victoria)", "ratios live in Placement's inventories")
_EXACT = Gone("18.0.0 (Rocky)", "bare metal asks for custom resource classes instead")
_DRIVERS = "it did not fit Placement; the filter scheduler stayed as the only one"

GONE = {
    "RamFilter": _AMOUNTS,
    "CoreFilter": _AMOUNTS,
    "DiskFilter": _AMOUNTS,
    "AggregateRamFilter": _RATIOS,
    "AggregateCoreFilter": _RATIOS,
    "AggregateDiskFilter": _RATIOS,
    "RetryFilter": Gone(
        "22.0.0 (Victoria)", "a failed build goes to alternates and no longer back to the scheduler"
    ),
    "ExactRamFilter": _EXACT,
    "ExactCoreFilter": _EXACT,
    "ExactDiskFilter": _EXACT,
    "AvailabilityZoneFilter": Gone(
        "28.0.0 (2023.2)", "Placement is always asked for the hosts of the zone's aggregates"
    ),
    "TypeAffinityFilter": Gone(
        "17.0.0 (Queens)", "it told flavors by the id of their row, which a new one does not keep"
    ),
}
"""Filters that SimNova has for the releases in which they were."""

ABSENT = {
    "TrustedFilter": Gone("17.0.0 (Queens)", "it was an experiment that nobody used"),
    "the chance scheduler": Gone("19.0.0 (Stein)", _DRIVERS),
    "the caching scheduler": Gone("19.0.0 (Stein)", _DRIVERS),
}
"""What SimNova does not have either."""


def check_absent(name: str) -> None:
    """Raise UsageError for the name of a filter that Nova once had, and SimNova has not."""
    if name in ABSENT:
        release, why = ABSENT[name]
        raise UsageError(
            f"there is no {name}: Nova removed it in {release}, since {why}. "
            "docs/reference/filters.md lists the filters that there are"
        )

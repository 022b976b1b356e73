"""A decision as tables: where a host fell out, and by which numbers."""

from __future__ import annotations

from typing import Any

from simnova.scenario import from_json


def test_placements_no_has_its_numbers(small: dict[str, Any], host: dict[str, Any]) -> None:
    small["hosts"] += [
        {**host, "name": "full", "free_ram_mb": 512},
        {**host, "name": "busy", "vcpus_used": 128},
        {**host, "name": "off", "service": {"disabled": True}},
    ]
    told = str(from_json(small).told())
    assert "needs 1024 MB, 512 MB of 16384 free" in told
    assert "needs 1 VCPU, -96 VCPU of 8 x 4 free" in told
    assert "its service is disabled (trait COMPUTE_STATUS_DISABLED)" in told


def test_a_host_outside_of_the_zone_is_told_the_aggregate(
    small: dict[str, Any], host: dict[str, Any]
) -> None:
    small["hosts"].append({**host, "name": "far", "zone": "az2"})
    small["request"]["availability_zone"] = "az2"
    assert "is not in aggregate az-az2" in str(from_json(small).told())


def test_placement_that_was_never_asked_has_left_out_nobody(small: dict[str, Any]) -> None:
    small["config"] = {"scheduler": {"placement_aggregate_required_for_tenants": True}}
    small["config"]["scheduler"]["limit_tenants_to_placement_aggregate"] = True
    assert "Placement was not asked" in str(from_json(small).told())

"""Bodies of requests for quotas (`nova/api/openstack/compute/schemas/quota_{sets,classes}.py`)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from simnova.nova.api.schemas.parameter_types import MAX_INT, boolean, one
from simnova.nova.quota import RESOURCES

_limit: dict[str, Any] = {
    "type": ["integer", "string"],
    "pattern": "^-?[0-9]+$",
    "minimum": -1,
    "maximum": MAX_INT,
}
NETWORK = ("fixed_ips", "floating_ips", "security_group_rules", "security_groups")
"""What was nova-network's to limit: not shown any more from 2.36 on, by classes from 2.50 on."""

FILES = ("injected_files", "injected_file_content_bytes", "injected_file_path_bytes")
"""What is not shown any more from 2.57 on."""


def _limits(without: Collection[str] = ()) -> dict[str, Any]:
    return {name: _limit for name in RESOURCES if name not in without}


update = one("quota_set", {**_limits(), "force": boolean})
update_v236 = one("quota_set", {**_limits(NETWORK), "force": boolean})
update_v257 = one("quota_set", {**_limits(NETWORK + FILES), "force": boolean})

classes = one("quota_class_set", _limits())
classes_v250 = one("quota_class_set", _limits(NETWORK))
classes_v257 = one("quota_class_set", _limits(NETWORK + FILES))

UPDATE = (
    ((2, 57), "quota_sets.update_v257"),
    ((2, 36), "quota_sets.update_v236"),
    ((2, 1), "quota_sets.update"),
)
CLASSES = (
    ((2, 57), "quota_sets.classes_v257"),
    ((2, 50), "quota_sets.classes_v250"),
    ((2, 1), "quota_sets.classes"),
)
"""From which microversion on which body is asked for, the newest first."""

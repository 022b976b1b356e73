"""Bodies of requests for server groups (`nova/api/openstack/compute/schemas/server_groups.py`)."""

from __future__ import annotations

from typing import Any

from simnova.nova.api.schemas.parameter_types import name, one, positive

_HARD = ["anti-affinity", "affinity"]
_SOFT = ["soft-anti-affinity", "soft-affinity"]


def _policies(known: list[str]) -> dict[str, Any]:
    return {
        "type": "array",
        "prefixItems": [{"type": "string", "enum": known}],
        "uniqueItems": True,
        "minItems": 1,
        "maxItems": 1,
    }


create = one("server_group", {"name": name, "policies": _policies(_HARD)}, "name", "policies")
create_v215 = one(
    "server_group", {"name": name, "policies": _policies(_HARD + _SOFT)}, "name", "policies"
)
create_v264 = one(
    "server_group",
    {
        "name": name,
        "policy": {"type": "string", "enum": _HARD + _SOFT},
        "rules": {
            "type": "object",
            "properties": {"max_server_per_host": positive},
            "additionalProperties": False,
        },
    },
    "name",
    "policy",
)

CREATE = (
    ((2, 64), "server_groups.create_v264"),
    ((2, 15), "server_groups.create_v215"),
    ((2, 1), "server_groups.create"),
)
"""From which microversion on which body is asked for, the newest first."""

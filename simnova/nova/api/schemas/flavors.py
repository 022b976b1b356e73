"""Bodies of requests for flavors (`nova/api/openstack/compute/schemas/flavors.py`)."""

from __future__ import annotations

from typing import Any

from simnova.nova.api.schemas.parameter_types import boolean, name, non_negative, one, positive

create: dict[str, Any] = {
    "type": "object",
    "properties": {
        "flavor": {
            "type": "object",
            "properties": {
                "name": name,
                "id": {
                    "type": ["string", "number", "null"],
                    "minLength": 1,
                    "maxLength": 255,
                    "pattern": "^(?! )[a-zA-Z0-9. _-]+(?<! )$",
                },
                "ram": positive,
                "vcpus": positive,
                "disk": non_negative,
                "OS-FLV-EXT-DATA:ephemeral": non_negative,
                "swap": non_negative,
                "rxtx_factor": {"type": ["number", "string"], "exclusiveMinimum": 0},
                "os-flavor-access:is_public": boolean,
                "description": {"type": ["string", "null"], "maxLength": 65535},
            },
            "required": ["name", "ram", "vcpus", "disk"],
            "additionalProperties": False,
        }
    },
    "required": ["flavor"],
    "additionalProperties": False,
}

update: dict[str, Any] = one(
    "flavor", {"description": {"type": ["string", "null"], "maxLength": 65535}}, "description"
)

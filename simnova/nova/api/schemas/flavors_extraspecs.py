"""Bodies of requests for extra specs (`nova/api/openstack/compute/schemas/flavors_extraspecs.py`)."""

from __future__ import annotations

from typing import Any

_specs: dict[str, Any] = {
    "type": "object",
    "patternProperties": {
        "^[a-zA-Z0-9-_:. ]{1,255}$": {"type": ["string", "number"], "maxLength": 255}
    },
    "additionalProperties": False,
}

create: dict[str, Any] = {
    "type": "object",
    "properties": {"extra_specs": _specs},
    "required": ["extra_specs"],
    "additionalProperties": False,
}
update: dict[str, Any] = {**_specs, "minProperties": 1, "maxProperties": 1}

"""Bodies of requests for services (`nova/api/openstack/compute/schemas/services.py`)."""

from __future__ import annotations

from typing import Any

from simnova.nova.api.schemas.parameter_types import boolean, fqdn

_text: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 255}

update: dict[str, Any] = {
    "type": "object",
    "properties": {"host": fqdn, "binary": _text, "disabled_reason": _text},
    "required": ["host", "binary"],
    "additionalProperties": False,
}
update_v211: dict[str, Any] = {
    **update,
    "properties": {**update["properties"], "forced_down": boolean},
}
update_v253: dict[str, Any] = {
    "type": "object",
    "properties": {
        "status": {"type": "string", "enum": ["enabled", "disabled"]},
        "disabled_reason": _text,
        "forced_down": boolean,
    },
    "additionalProperties": False,
}

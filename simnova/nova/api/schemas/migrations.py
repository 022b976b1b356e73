"""Query of the list of migrations (`nova/api/openstack/compute/schemas/migrations.py`)."""

from __future__ import annotations

from typing import Any

_any: dict[str, Any] = {"type": "array", "items": {"type": "string"}}
_one: dict[str, Any] = {**_any, "maxItems": 1}
_number: dict[str, Any] = {**_one, "items": {"type": "string", "pattern": "^[0-9]*$"}}

_common = ("hidden", "host", "instance_uuid", "source_compute", "status", "migration_type")

index: dict[str, Any] = {
    "type": "object",
    "properties": dict.fromkeys(_common, _any),
    "additionalProperties": True,
}

index_v259: dict[str, Any] = {
    **index,
    "properties": {
        **index["properties"],
        "limit": _number,
        "marker": _one,
        "changes-since": _one,
    },
    "additionalProperties": False,
}

index_v266: dict[str, Any] = {
    **index_v259,
    "properties": {**index_v259["properties"], "changes-before": _one},
}

index_v280: dict[str, Any] = {
    **index_v266,
    "properties": {**index_v266["properties"], "user_id": _one, "project_id": _one},
}

"""Bodies of requests for a server's tags (`nova/api/openstack/compute/schemas/server_tags.py`)."""

from __future__ import annotations

from typing import Any

from simnova.nova.objects.tag import MAX_TAG_COUNT

tag: dict[str, Any] = {"type": "string", "pattern": "^[^,/]*$", "minLength": 1, "maxLength": 60}
update_all: dict[str, Any] = {
    "type": "object",
    "properties": {"tags": {"type": "array", "items": tag, "maxItems": MAX_TAG_COUNT}},
    "required": ["tags"],
    "additionalProperties": False,
}

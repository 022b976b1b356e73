"""What the parts of request bodies must look like (`nova/api/validation/parameter_types.py`)."""

from __future__ import annotations

from typing import Any

MAX_INT = 0x7FFFFFFF

name: dict[str, Any] = {"type": "string", "format": "name", "minLength": 1, "maxLength": 255}
hostname: dict[str, Any] = {
    "type": "string",
    "minLength": 1,
    "maxLength": 255,
    "pattern": "^[a-zA-Z0-9-._]*$",
}
positive: dict[str, Any] = {
    "type": ["integer", "string"],
    "pattern": "^[0-9]*$",
    "minimum": 1,
    "maximum": MAX_INT,
    "minLength": 1,
}
non_negative: dict[str, Any] = {**positive, "minimum": 0}
boolean: dict[str, Any] = {
    "type": ["boolean", "string"],
    "enum": [True, "True", "true", "1", False, "False", "false", "0"],
}
metadata: dict[str, Any] = {
    "type": "object",
    "patternProperties": {"^[a-zA-Z0-9-_:. ]{1,255}$": {"type": "string", "maxLength": 255}},
    "additionalProperties": False,
}
uuid: dict[str, Any] = {"type": "string", "format": "uuid"}

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
    "enum": [
        *(True, "True", "TRUE", "true", "1", "ON", "On", "on", "YES", "Yes", "yes"),
        *(False, "False", "FALSE", "false", "0", "OFF", "Off", "off", "NO", "No", "no"),
    ],
}
metadata: dict[str, Any] = {
    "type": "object",
    "patternProperties": {"^[a-zA-Z0-9-_:. ]{1,255}$": {"type": "string", "maxLength": 255}},
    "additionalProperties": False,
}
description: dict[str, Any] = {
    "type": ["string", "null"],
    "minLength": 0,
    "maxLength": 255,
    "pattern": "^[^\x00-\x1f\x7f-\x9f]*$",
}
user_data: dict[str, Any] = {"type": "string", "format": "base64", "maxLength": 65535}
uuid: dict[str, Any] = {"type": "string", "format": "uuid"}
az_name: dict[str, Any] = {**name, "format": "az_name"}
padded_name: dict[str, Any] = {**name, "format": "name_with_leading_trailing_spaces"}
fqdn: dict[str, Any] = hostname
metadata_with_null: dict[str, Any] = {
    "type": "object",
    "patternProperties": {
        "^[a-zA-Z0-9-_:. ]{1,255}$": {"type": ["string", "null"], "maxLength": 255}
    },
    "additionalProperties": False,
}


def one(name: str, properties: dict[str, Any], *required: str, **more: Any) -> dict[str, Any]:
    """A body that is one object of that name, with these properties and no others."""
    inner = {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
        **more,
    }
    return {
        "type": "object",
        "properties": {name: inner},
        "required": [name],
        "additionalProperties": False,
    }


ip_address: dict[str, Any] = {"type": "string", "oneOf": [{"format": "ipv4"}, {"format": "ipv6"}]}

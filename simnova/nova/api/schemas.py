"""What request bodies must look like (`nova/api/openstack/compute/schemas/`)."""

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
_uuid: dict[str, Any] = {"type": "string", "format": "uuid"}
_network: dict[str, Any] = {
    "type": "object",
    "properties": {
        "fixed_ip": {"type": "string"},
        "port": {"oneOf": [_uuid, {"type": "null"}]},
        "uuid": _uuid,
        "tag": {"type": "string"},
    },
    "additionalProperties": False,
}
_reference: dict[str, Any] = {"type": ["string", "integer"], "minLength": 1}

create_server: dict[str, Any] = {
    "type": "object",
    "properties": {
        "server": {
            "type": "object",
            "properties": {
                "name": name,
                "imageRef": {
                    "oneOf": [
                        {"type": "string", "format": "uuid"},
                        {"type": "string", "maxLength": 0},
                    ]
                },
                "flavorRef": _reference,
                "adminPass": {"type": "string"},
                "metadata": metadata,
                "networks": {
                    "oneOf": [
                        {"type": "array", "items": _network, "uniqueItems": True},
                        {"type": "string", "enum": ["none", "auto"]},
                    ]
                },
                "min_count": positive,
                "max_count": positive,
                "return_reservation_id": boolean,
                "availability_zone": name,
                "host": hostname,
                "hypervisor_hostname": hostname,
                "hostname": hostname,
                "description": {"oneOf": [{"type": "string", "maxLength": 255}, {"type": "null"}]},
                "key_name": name,
                "user_data": {"type": "string", "maxLength": 65535},
                "config_drive": boolean,
                "security_groups": {
                    "type": "array",
                    "items": {"type": "object", "properties": {"name": {"type": "string"}}},
                },
            },
            "required": ["name", "flavorRef"],
            "additionalProperties": False,
        },
        "os:scheduler_hints": {"type": "object", "additionalProperties": True},
        "OS-SCH-HNT:scheduler_hints": {"type": "object", "additionalProperties": True},
    },
    "required": ["server"],
    "additionalProperties": False,
}

create_flavor: dict[str, Any] = {
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

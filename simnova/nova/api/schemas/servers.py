"""Bodies of requests for servers (`nova/api/openstack/compute/schemas/servers.py`)."""

from __future__ import annotations

from typing import Any

from simnova.nova.api.schemas.parameter_types import (
    boolean,
    hostname,
    metadata,
    name,
    positive,
    uuid,
)

_network: dict[str, Any] = {
    "type": "object",
    "properties": {
        "fixed_ip": {"type": "string"},
        "port": {"oneOf": [uuid, {"type": "null"}]},
        "uuid": uuid,
        "tag": {"type": "string"},
    },
    "additionalProperties": False,
}
_reference: dict[str, Any] = {"type": ["string", "integer"], "minLength": 1}

create: dict[str, Any] = {
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

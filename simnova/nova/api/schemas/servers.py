"""Bodies of requests for servers (`nova/api/openstack/compute/schemas/servers.py`)."""

from __future__ import annotations

from typing import Any

from simnova.nova.api.schemas.parameter_types import (
    boolean,
    description,
    hostname,
    ip_address,
    metadata,
    name,
    positive,
    user_data,
    uuid,
)

_uuids: dict[str, Any] = {"type": "array", "items": uuid}

hints: dict[str, Any] = {
    "type": "object",
    "properties": {
        "group": {"oneOf": [_uuids, uuid]},
        "different_host": {"oneOf": [uuid, _uuids]},
        "same_host": {"type": ["string", "array"], "items": uuid},
        "query": {"type": ["string", "object"]},
        "target_cell": name,
        "different_cell": {"type": ["string", "array"], "items": {"type": "string"}},
        "build_near_host_ip": ip_address,
        "cidr": {"type": "string", "pattern": "^/[0-9a-f.:]+$"},
    },
    "additionalProperties": True,
}
"""Scheduler hints: those that Nova's filters read, and any other for filters of one's own."""

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
                "description": description,
                "key_name": name,
                "user_data": user_data,
                "config_drive": boolean,
                "security_groups": {
                    "type": "array",
                    "items": {"type": "object", "properties": {"name": {"type": "string"}}},
                },
            },
            "required": ["name", "flavorRef"],
            "additionalProperties": False,
        },
        "os:scheduler_hints": hints,
        "OS-SCH-HNT:scheduler_hints": hints,
    },
    "required": ["server"],
    "additionalProperties": False,
}


def _until(*newer: str) -> dict[str, Any]:
    """The body of a time when a server could not be asked for with these properties."""
    server = create["properties"]["server"]
    left = {name: form for name, form in server["properties"].items() if name not in newer}
    return {
        **create,
        "properties": {**create["properties"], "server": {**server, "properties": left}},
    }


create_v274 = _until("hostname")
create_v219 = _until("hostname", "host", "hypervisor_hostname")
create_v21 = _until("hostname", "host", "hypervisor_hostname", "description")

CREATE = (
    ((2, 90), "servers.create"),
    ((2, 74), "servers.create_v274"),
    ((2, 19), "servers.create_v219"),
    ((2, 1), "servers.create_v21"),
)
"""From which microversion on which body is asked for, the newest first."""

_object: dict[str, Any] = {"type": "object", "additionalProperties": False}


def _update(**more: Any) -> dict[str, Any]:
    address: dict[str, Any] = {"type": "string"}
    disk = {"type": "string", "enum": ["AUTO", "MANUAL"]}
    changes = {
        "name": name,
        "OS-DCF:diskConfig": disk,
        "accessIPv4": address,
        "accessIPv6": address,
        **more,
    }
    server = {**_object, "minProperties": 1, "properties": changes}
    return {**_object, "properties": {"server": server}, "required": ["server"]}


update = _update(description=description, hostname=hostname)
update_v219 = _update(description=description)
update_v21 = _update()

UPDATE = (
    ((2, 90), "servers.update"),
    ((2, 19), "servers.update_v219"),
    ((2, 1), "servers.update_v21"),
)
"""What a server's update may hold from which microversion on, the newest first."""

metadata_items: dict[str, Any] = {
    **_object,
    "properties": {"metadata": metadata},
    "required": ["metadata"],
}
metadata_item: dict[str, Any] = {
    **_object,
    "properties": {"meta": {**metadata, "minProperties": 1, "maxProperties": 1}},
    "required": ["meta"],
}
_fixed_ip: dict[str, Any] = {
    **_object,
    "properties": {"ip_address": {"type": "string"}},
    "required": ["ip_address"],
}
attach_interface: dict[str, Any] = {
    "type": ["object", "null"],
    "additionalProperties": False,
    "properties": {
        "interfaceAttachment": {
            **_object,
            "properties": {
                "net_id": uuid,
                "port_id": uuid,
                "fixed_ips": {"type": "array", "minItems": 1, "maxItems": 1, "items": _fixed_ip},
                "tag": {"type": "string", "minLength": 1, "maxLength": 60},
            },
        }
    },
}
_PROTOCOLS = ["vnc", "spice", "serial", "rdp", "mks"]
_CONSOLES = ["novnc", "xvpvnc", "spice-html5", "serial", "rdp-html5", "webmks", "spice-direct"]
remote_console: dict[str, Any] = {
    **_object,
    "properties": {
        "remote_console": {
            **_object,
            "properties": {
                "protocol": {"type": "string", "enum": _PROTOCOLS},
                "type": {"type": "string", "enum": _CONSOLES},
            },
            "required": ["protocol", "type"],
        }
    },
    "required": ["remote_console"],
}

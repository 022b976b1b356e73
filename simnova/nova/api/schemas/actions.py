"""Bodies of actions on a server (`nova/api/openstack/compute/schemas/`), by microversion where they differ."""

from __future__ import annotations

from typing import Any

from simnova.nova.api.schemas.parameter_types import (
    description,
    hostname,
    metadata,
    name,
    non_negative,
    user_data,
    uuid,
)

_password: dict[str, Any] = {"type": "string"}


def _action(name: str, value: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: value},
        "required": [name],
        "additionalProperties": False,
    }


def _holding(required: list[str], null: bool = False, **properties: Any) -> dict[str, Any]:
    return {
        "type": ["object", "null"] if null else "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


_REBOOT_TYPES = ["HARD", "Hard", "hard", "SOFT", "Soft", "soft"]

reboot = _action("reboot", _holding(["type"], type={"type": "string", "enum": _REBOOT_TYPES}))
change_password = _action("changePassword", _holding(["adminPass"], adminPass=_password))

_reason = {"type": "string", "minLength": 1, "maxLength": 255}
lock_2_73 = _action("lock", _holding([], null=True, locked_reason=_reason))
unlock_2_73 = _action("unlock", {"type": "null"})

rescue = _action("rescue", _holding([], null=True, adminPass=_password, rescue_image_ref=uuid))

reset_state = _action(
    "os-resetState", _holding(["state"], state={"type": "string", "enum": ["active", "error"]})
)

create_image = _action("createImage", _holding(["name"], name=name, metadata=metadata))
create_backup = _action(
    "createBackup",
    _holding(
        ["name", "backup_type", "rotation"],
        name=name,
        backup_type={"type": "string"},
        rotation=non_negative,
        metadata=metadata,
    ),
)

_zone_or_none: dict[str, Any] = {"type": ["string", "null"]}
unshelve_2_77 = _action(
    "unshelve", _holding(["availability_zone"], null=True, availability_zone=name)
)
unshelve_2_91 = _action(
    "unshelve",
    _holding([], null=True, availability_zone=_zone_or_none, host={"type": "string"}),
)

_rebuild: dict[str, Any] = {
    "name": name,
    "imageRef": uuid,
    "adminPass": _password,
    "metadata": metadata,
    "preserve_ephemeral": {"type": "boolean"},
    "OS-DCF:diskConfig": {"type": "string", "enum": ["AUTO", "MANUAL"]},
    "accessIPv4": {"type": "string"},
    "accessIPv6": {"type": "string"},
}
_keyed: dict[str, Any] = {
    **_rebuild,
    "description": description,
    "key_name": {"oneOf": [name, {"type": "null"}]},
    "user_data": {"oneOf": [user_data, {"type": "null"}]},
}
rebuild = _action("rebuild", _holding(["imageRef"], **_rebuild))
rebuild_2_19 = _action("rebuild", _holding(["imageRef"], **_rebuild, description=description))
rebuild_2_57 = _action("rebuild", _holding(["imageRef"], **_keyed))
rebuild_2_90 = _action("rebuild", _holding(["imageRef"], **_keyed, hostname=hostname))

_length: dict[str, Any] = {
    "type": ["integer", "string", "null"],
    "pattern": "^-?[0-9]+$",
    "minimum": -1,
}
get_console_output = _action("os-getConsoleOutput", _holding([], length=_length))
_vnc: dict[str, Any] = {"type": "string", "enum": ["novnc", "xvpvnc"]}
_spice: dict[str, Any] = {"type": "string", "enum": ["spice-html5"]}
_serial: dict[str, Any] = {"type": "string", "enum": ["serial"]}
get_vnc_console = _action("os-getVNCConsole", _holding(["type"], type=_vnc))
get_spice_console = _action("os-getSPICEConsole", _holding(["type"], type=_spice))
get_serial_console = _action("os-getSerialConsole", _holding(["type"], type=_serial))

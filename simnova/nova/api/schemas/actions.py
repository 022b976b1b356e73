"""Bodies of actions on a server (`nova/api/openstack/compute/schemas/`), by microversion where they differ."""

from __future__ import annotations

from typing import Any

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

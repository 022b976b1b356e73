"""Bodies of the actions that move a server (`nova/api/openstack/compute/schemas/{migrate_server,evacuate}.py`)."""

from __future__ import annotations

from typing import Any

from simnova.nova.api.schemas.parameter_types import boolean, fqdn, one

_host: dict[str, Any] = {**fqdn, "type": ["string", "null"]}
_flavor_ref: dict[str, Any] = {"type": ["string", "integer"], "minLength": 1, "maxLength": 255}
_password: dict[str, Any] = {"type": "string"}
_block: dict[str, Any] = {**boolean, "enum": [*boolean["enum"], "auto"]}

resize = one(
    "resize",
    {"flavorRef": _flavor_ref, "OS-DCF:diskConfig": {"type": "string", "enum": ["AUTO", "MANUAL"]}},
    "flavorRef",
)
migrate = one("migrate", {"host": _host}, type=["object", "null"])
migrate_live = one(
    "os-migrateLive",
    {"block_migration": boolean, "disk_over_commit": boolean, "host": _host},
    *("block_migration", "disk_over_commit", "host"),
)
_live_v2_25: dict[str, Any] = {"block_migration": _block, "host": _host}
migrate_live_v2_25 = one("os-migrateLive", _live_v2_25, "block_migration", "host")
migrate_live_v2_30 = one(
    "os-migrateLive", {**_live_v2_25, "force": boolean}, "block_migration", "host"
)
_evacuate: dict[str, Any] = {"host": fqdn, "adminPass": _password}
evacuate = one("evacuate", {**_evacuate, "onSharedStorage": boolean}, "onSharedStorage")
evacuate_v2_14 = one("evacuate", _evacuate)
evacuate_v2_29 = one("evacuate", {**_evacuate, "force": boolean})
force_complete: dict[str, Any] = {
    "type": "object",
    "properties": {"force_complete": {"type": "null"}},
    "required": ["force_complete"],
    "additionalProperties": False,
}

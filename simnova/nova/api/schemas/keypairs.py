"""Bodies of requests for key pairs (`nova/api/openstack/compute/schemas/keypairs.py`)."""

from __future__ import annotations

from typing import Any

from simnova.nova.api.schemas.parameter_types import name, one

_text = {"type": "string"}
_kind = {"type": "string", "enum": ["ssh", "x509"]}


def _named(pattern: str) -> dict[str, Any]:
    return {"allOf": [name, {**name, "pattern": pattern}]}


def _create(name: dict[str, Any], **more: Any) -> dict[str, Any]:
    properties = {"name": name, "public_key": _text, **more}
    return one("keypair", properties, "name", "public_key")


_plain = _named(r"^[_\- a-zA-Z0-9]+$")

create = _create(_plain)
create_v22 = _create(_plain, type=_kind)
create_v210 = _create(_plain, type=_kind, user_id=_text)
create_v292 = _create(_named(r"^[_\-\@\. a-zA-Z0-9]+$"), type=_kind, user_id=_text)

CREATE = (
    ((2, 92), "keypairs.create_v292"),
    ((2, 10), "keypairs.create_v210"),
    ((2, 2), "keypairs.create_v22"),
    ((2, 1), "keypairs.create"),
)
"""From which microversion on which body is asked for, the newest first."""

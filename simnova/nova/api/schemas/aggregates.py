"""Bodies of requests for host aggregates (`nova/api/openstack/compute/schemas/aggregates.py`)."""

from __future__ import annotations

from simnova.nova.api.schemas.parameter_types import (
    az_name,
    fqdn,
    metadata_with_null,
    name,
    one,
    padded_name,
)

_zone = {"oneOf": [az_name, {"type": "null"}]}

create = one("aggregate", {"name": name, "availability_zone": _zone}, "name")
update = one(
    "aggregate",
    {"name": padded_name, "availability_zone": _zone},
    anyOf=[{"required": ["name"]}, {"required": ["availability_zone"]}],
)
add_host = one("add_host", {"host": fqdn}, "host")
remove_host = one("remove_host", {"host": fqdn}, "host")
set_metadata = one("set_metadata", {"metadata": metadata_with_null}, "metadata")

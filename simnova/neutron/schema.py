"""Neutron's tables (`neutron/db/models_v2.py` and its neighbours), as far as they are needed."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import JSON, Boolean, Column, Index, Integer, String, UniqueConstraint

METADATA = sa.MetaData()


def _table(name: str, *columns: sa.schema.SchemaItem) -> sa.Table:
    return sa.Table(name, METADATA, *columns)


def _uuid(name: str = "id", *, key: bool = True) -> Column[str]:
    return Column(name, String(36), primary_key=key, nullable=False)


def _owned() -> list[sa.schema.SchemaItem]:
    """What every resource of Neutron's has."""
    return [
        Column("id", String(36), primary_key=True),
        Column("project_id", String(255), index=True),
        Column("name", String(255), default=""),
        Column("description", String(255), default=""),
        Column("created_at", String(32)),
        Column("updated_at", String(32)),
    ]


NETWORK = _table(
    "networks",
    *_owned(),
    Column("status", String(16), default="ACTIVE"),
    Column("admin_state_up", Boolean, default=True),
    Column("mtu", Integer, nullable=False, default=1450),
    Column("shared", Boolean, nullable=False, default=False),
    Column("external", Boolean, nullable=False, default=False),
    Column("is_default", Boolean, nullable=False, default=False),
    Column("port_security_enabled", Boolean, nullable=False, default=True),
    Column("network_type", String(32)),
    Column("physical_network", String(64)),
    Column("segmentation_id", Integer),
)
SUBNET = _table(
    "subnets",
    *_owned(),
    Column("network_id", String(36), nullable=False, index=True),
    Column("ip_version", Integer, nullable=False),
    Column("cidr", String(64), nullable=False),
    Column("gateway_ip", String(64)),
    Column("enable_dhcp", Boolean, default=True),
    Column("dns_nameservers", JSON),
    Column("host_routes", JSON),
)
POOL = _table(
    "ipallocationpools",
    _uuid(),
    Column("subnet_id", String(36), nullable=False, index=True),
    Column("first_ip", String(64), nullable=False),
    Column("last_ip", String(64), nullable=False),
)
PORT = _table(
    "ports",
    *_owned(),
    Column("network_id", String(36), nullable=False),
    Column("mac_address", String(32), nullable=False),
    Column("admin_state_up", Boolean, nullable=False, default=True),
    Column("status", String(16), nullable=False, default="DOWN"),
    Column("device_id", String(255), nullable=False, default="", index=True),
    Column("device_owner", String(255), nullable=False, default=""),
    UniqueConstraint("network_id", "mac_address"),
)
BINDING = _table(
    "ml2_port_bindings",
    _uuid("port_id"),
    Column("host", String(255), nullable=False, default=""),
    Column("vif_type", String(64), nullable=False, default="unbound"),
    Column("vnic_type", String(64), nullable=False, default="normal"),
    Column("profile", JSON),
    Column("vif_details", JSON),
)
ALLOCATION = _table(
    "ipallocations",
    Column("ip_address", String(64), primary_key=True),
    Column("subnet_id", String(36), primary_key=True),
    Column("network_id", String(36), nullable=False),
    Column("port_id", String(36), nullable=False, index=True),
    Index("ipallocations_subnet", "subnet_id", "ip_address"),
)
SECURITY_GROUP = _table("securitygroups", *_owned())
SECURITY_RULE = _table(
    "securitygrouprules",
    _uuid(),
    Column("project_id", String(255)),
    Column("security_group_id", String(36), nullable=False, index=True),
    Column("remote_group_id", String(36)),
    Column("direction", String(16), nullable=False),
    Column("ethertype", String(40), nullable=False),
    Column("protocol", String(40)),
    Column("port_range_min", Integer),
    Column("port_range_max", Integer),
    Column("remote_ip_prefix", String(255)),
)
PORT_GROUP = _table(
    "securitygroupportbindings",
    Column("port_id", String(36), primary_key=True),
    Column("security_group_id", String(36), primary_key=True, index=True),
)
QUOTA = _table(
    "quotas",
    Column("project_id", String(255), primary_key=True),
    Column("resource", String(255), primary_key=True),
    Column("limit", Integer, nullable=False),
)

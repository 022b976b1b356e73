"""The tables of nova_api: what Nova knows above its cells (`nova/db/api/models.py`)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from simnova.db.columns import (
    boolean,
    identity,
    integer,
    long_text,
    ratio,
    reference,
    string,
    timestamps,
    uuid,
)

METADATA = sa.MetaData()


def _table(name: str, *columns: sa.schema.SchemaItem) -> sa.Table:
    return sa.Table(name, METADATA, *timestamps(), identity(), *columns)


def _unique(name: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=name)


def _required(name: str, **options: Any) -> sa.Column[str]:
    return string(name, nullable=False, **options)


CELL_MAPPINGS = _table(
    "cell_mappings",
    uuid("uuid", nullable=False),
    string("name"),
    long_text("transport_url"),
    long_text("database_connection"),
    boolean("disabled", default=False),
    _unique("uniq_cell_mappings0uuid", "uuid"),
)
HOST_MAPPINGS = _table(
    "host_mappings",
    reference("cell_id", "cell_mappings.id", nullable=False),
    _required("host"),
    _unique("uniq_host_mappings0host", "host"),
)
INSTANCE_MAPPINGS = _table(
    "instance_mappings",
    uuid("instance_uuid", nullable=False),
    reference("cell_id", "cell_mappings.id"),
    _required("project_id"),
    string("user_id"),
    boolean("queued_for_delete"),
    _unique("uniq_instance_mappings0instance_uuid", "instance_uuid"),
    sa.Index("instance_mappings_user_id_project_id_idx", "user_id", "project_id"),
)
REQUEST_SPECS = _table(
    "request_specs",
    uuid("instance_uuid", nullable=False),
    long_text("spec", nullable=False),
    _unique("uniq_request_specs0instance_uuid", "instance_uuid"),
)
BUILD_REQUESTS = _table(
    "build_requests",
    uuid("instance_uuid"),
    _required("project_id"),
    long_text("instance"),
    long_text("block_device_mappings"),
    long_text("tags"),
    _unique("uniq_build_requests0instance_uuid", "instance_uuid"),
    sa.Index("build_requests_project_id_idx", "project_id"),
)
FLAVORS = _table(
    "flavors",
    _required("name"),
    integer("memory_mb", nullable=False),
    integer("vcpus", nullable=False),
    integer("root_gb"),
    integer("ephemeral_gb"),
    _required("flavorid"),
    integer("swap", nullable=False, default=0),
    ratio("rxtx_factor", default=1.0),
    integer("vcpu_weight"),
    boolean("disabled", default=False),
    boolean("is_public", default=True),
    long_text("description"),
    _unique("uniq_flavors0flavorid", "flavorid"),
    _unique("uniq_flavors0name", "name"),
)
FLAVOR_EXTRA_SPECS = _table(
    "flavor_extra_specs",
    _required("key"),
    string("value"),
    reference("flavor_id", "flavors.id", nullable=False),
    _unique("uniq_flavor_extra_specs0flavor_id0key", "flavor_id", "key"),
)
FLAVOR_PROJECTS = _table(
    "flavor_projects",
    reference("flavor_id", "flavors.id", nullable=False),
    _required("project_id"),
    _unique("uniq_flavor_projects0flavor_id0project_id", "flavor_id", "project_id"),
)
KEY_PAIRS = _table(
    "key_pairs",
    _required("name"),
    _required("user_id"),
    string("fingerprint"),
    long_text("public_key"),
    sa.Column("type", sa.Enum("ssh", "x509", name="keypair_types"), nullable=False, default="ssh"),
    _unique("uniq_key_pairs0user_id0name", "user_id", "name"),
)
AGGREGATES = _table(
    "aggregates", uuid("uuid", index=True), string("name"), _unique("uniq_aggregate0name", "name")
)
AGGREGATE_HOSTS = _table(
    "aggregate_hosts",
    string("host"),
    reference("aggregate_id", "aggregates.id", nullable=False),
    _unique("uniq_aggregate_hosts0host0aggregate_id", "host", "aggregate_id"),
)
AGGREGATE_METADATA = _table(
    "aggregate_metadata",
    _required("key", index=True),
    _required("value"),
    reference("aggregate_id", "aggregates.id", nullable=False),
    _unique("uniq_aggregate_metadata0aggregate_id0key", "aggregate_id", "key"),
)
INSTANCE_GROUPS = _table(
    "instance_groups",
    string("user_id"),
    string("project_id"),
    uuid("uuid", nullable=False),
    string("name"),
    _unique("uniq_instance_groups0uuid", "uuid"),
)
INSTANCE_GROUP_MEMBER = _table(
    "instance_group_member",
    string("instance_uuid", index=True),
    reference("group_id", "instance_groups.id", nullable=False, index=True),
)
INSTANCE_GROUP_POLICY = _table(
    "instance_group_policy",
    string("policy"),
    reference("group_id", "instance_groups.id", nullable=False, index=True),
    long_text("rules"),
)
QUOTAS = _table(
    "quotas",
    string("project_id"),
    _required("resource"),
    integer("hard_limit"),
    _unique("uniq_quotas0project_id0resource", "project_id", "resource"),
)
PROJECT_USER_QUOTAS = _table(
    "project_user_quotas",
    _required("project_id"),
    _required("user_id"),
    _required("resource"),
    integer("hard_limit", nullable=False),
    _unique(
        "uniq_project_user_quotas0user_id0project_id0resource", "user_id", "project_id", "resource"
    ),
)
QUOTA_CLASSES = _table(
    "quota_classes",
    string("class_name", index=True),
    string("resource"),
    integer("hard_limit"),
)

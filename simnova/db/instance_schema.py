"""A cell's tables of what belongs to a server: its row, its parts, its actions, its moves
(`nova/db/main/models.py`).
"""

from __future__ import annotations

import sqlalchemy as sa

from simnova.db.columns import (
    address,
    boolean,
    identity,
    instant,
    integer,
    long_text,
    reference,
    soft_delete,
    string,
    timestamps,
    uuid,
)

METADATA = sa.MetaData()


def _table(name: str, *columns: sa.schema.SchemaItem) -> sa.Table:
    return sa.Table(name, METADATA, *timestamps(), *soft_delete(), identity(), *columns)


def _of_instance(**options: bool) -> sa.Column[str]:
    return reference("instance_uuid", "instances.uuid", **options)


INSTANCES = _table(
    "instances",
    string("user_id"),
    string("project_id"),
    string("image_ref"),
    string("kernel_id"),
    string("ramdisk_id"),
    string("hostname"),
    integer("launch_index"),
    string("key_name"),
    long_text("key_data"),
    integer("power_state"),
    string("vm_state"),
    string("task_state"),
    integer("memory_mb"),
    integer("vcpus"),
    integer("root_gb"),
    integer("ephemeral_gb"),
    uuid("ephemeral_key_uuid"),
    string("host"),
    string("node"),
    sa.Column("compute_id", sa.BigInteger),
    integer("instance_type_id"),
    long_text("user_data"),
    string("reservation_id"),
    instant("launched_at"),
    instant("terminated_at"),
    string("availability_zone"),
    string("display_name"),
    string("display_description"),
    long_text("launched_on"),
    boolean("locked"),
    sa.Column("locked_by", sa.Enum("owner", "admin", name="instances0locked_by")),
    string("os_type"),
    string("architecture"),
    string("vm_mode"),
    uuid("uuid", nullable=False),
    string("root_device_name"),
    string("default_ephemeral_device"),
    string("default_swap_device"),
    string("config_drive"),
    address("access_ip_v4"),
    address("access_ip_v6"),
    boolean("auto_disk_config"),
    integer("progress"),
    boolean("shutdown_terminate", default=False),
    boolean("disable_terminate", default=False),
    string("cell_name"),
    integer("cleaned", default=0),
    boolean("hidden", default=False),
    sa.UniqueConstraint("uuid", name="uniq_instances0uuid"),
    sa.Index("instances_project_id_deleted_idx", "project_id", "deleted"),
    sa.Index("instances_host_node_deleted_idx", "host", "node", "deleted"),
)
INSTANCE_INFO_CACHES = _table(
    "instance_info_caches",
    long_text("network_info"),
    _of_instance(nullable=False),
    sa.UniqueConstraint("instance_uuid", name="uniq_instance_info_caches0instance_uuid"),
)
INSTANCE_EXTRA = _table(
    "instance_extra",
    _of_instance(nullable=False),
    long_text("device_metadata"),
    long_text("numa_topology"),
    long_text("pci_requests"),
    long_text("flavor"),
    long_text("vcpu_model"),
    long_text("migration_context"),
    long_text("keypairs"),
    long_text("trusted_certs"),
    long_text("resources"),
    sa.Index("instance_extra_idx", "instance_uuid"),
)
INSTANCE_METADATA = _table(
    "instance_metadata",
    string("key"),
    string("value"),
    _of_instance(),
    sa.Index("instance_metadata_instance_uuid_idx", "instance_uuid"),
)
INSTANCE_SYSTEM_METADATA = _table(
    "instance_system_metadata",
    string("key", nullable=False),
    string("value"),
    _of_instance(nullable=False),
    sa.Index("instance_system_metadata_instance_uuid_idx", "instance_uuid"),
)
INSTANCE_FAULTS = _table(
    "instance_faults",
    _of_instance(),
    integer("code", nullable=False),
    string("message"),
    long_text("details"),
    string("host"),
    sa.Index(
        "instance_faults_instance_uuid_deleted_created_at_idx",
        "instance_uuid",
        "deleted",
        "created_at",
    ),
)
INSTANCE_ACTIONS = _table(
    "instance_actions",
    string("action"),
    _of_instance(),
    string("request_id"),
    string("user_id"),
    string("project_id"),
    instant("start_time"),
    instant("finish_time"),
    string("message"),
    sa.Index("instance_actions_instance_uuid_updated_at_idx", "instance_uuid", "updated_at"),
    sa.Index("request_id_idx", "request_id"),
)
INSTANCE_ACTIONS_EVENTS = _table(
    "instance_actions_events",
    string("event"),
    reference("action_id", "instance_actions.id", index=True),
    instant("start_time"),
    instant("finish_time"),
    string("result"),
    long_text("traceback"),
    string("host"),
    long_text("details"),
)
BLOCK_DEVICE_MAPPING = _table(
    "block_device_mapping",
    _of_instance(),
    uuid("uuid"),
    string("source_type"),
    string("destination_type"),
    string("guest_format"),
    string("device_type"),
    string("disk_bus"),
    integer("boot_index"),
    string("device_name"),
    boolean("delete_on_termination", default=False),
    uuid("snapshot_id"),
    uuid("volume_id", index=True),
    integer("volume_size"),
    string("volume_type"),
    uuid("image_id"),
    boolean("no_device"),
    long_text("connection_info"),
    string("tag"),
    string("attachment_id", 36),
    boolean("encrypted", default=False),
    uuid("encryption_secret_uuid"),
    string("encryption_format", 128),
    string("encryption_options", 4096),
    sa.UniqueConstraint("uuid", name="uniq_block_device_mapping0uuid"),
    sa.Index("block_device_mapping_instance_uuid_idx", "instance_uuid"),
)
VIRTUAL_INTERFACES = _table(
    "virtual_interfaces",
    string("address"),
    integer("network_id"),
    _of_instance(),
    uuid("uuid", index=True),
    string("tag"),
    sa.UniqueConstraint("address", "deleted", name="uniq_virtual_interfaces0address0deleted"),
    sa.Index("virtual_interfaces_instance_uuid_fkey", "instance_uuid"),
)
MIGRATIONS = _table(
    "migrations",
    string("source_compute"),
    string("dest_compute"),
    string("source_node"),
    string("dest_node"),
    sa.Column("dest_compute_id", sa.BigInteger),
    string("dest_host"),
    integer("old_instance_type_id"),
    integer("new_instance_type_id"),
    _of_instance(),
    uuid("uuid", unique=True),
    string("status"),
    sa.Column(
        "migration_type",
        sa.Enum("migration", "resize", "live-migration", "evacuation", name="migration_type"),
    ),
    boolean("hidden", default=False),
    sa.Column("memory_total", sa.BigInteger),
    sa.Column("memory_processed", sa.BigInteger),
    sa.Column("memory_remaining", sa.BigInteger),
    sa.Column("disk_total", sa.BigInteger),
    sa.Column("disk_processed", sa.BigInteger),
    sa.Column("disk_remaining", sa.BigInteger),
    boolean("cross_cell_move", default=False),
    string("user_id"),
    string("project_id"),
    sa.Index("migrations_instance_uuid_and_status_idx", "deleted", "instance_uuid", "status"),
    sa.Index(
        "migrations_by_src_host_nodes_and_status_idx",
        "deleted",
        "source_compute",
        "source_node",
        "status",
    ),
    sa.Index(
        "migrations_by_dest_host_nodes_and_status_idx",
        "deleted",
        "dest_compute",
        "dest_node",
        "status",
    ),
)
TAGS = sa.Table(
    "tags",
    METADATA,
    sa.Column("resource_id", sa.String(36), primary_key=True),
    sa.Column("tag", sa.Unicode(80), primary_key=True, index=True),
)

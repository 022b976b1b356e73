"""Glance's tables (`glance/db/sqlalchemy/models.py`), as far as they are needed."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Text, UniqueConstraint

METADATA = sa.MetaData()

IMAGE = sa.Table(
    "images",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("name", String(255)),
    Column("status", String(30), nullable=False),
    Column("visibility", String(9), nullable=False),
    Column("os_hidden", Boolean, nullable=False, default=False),
    Column("protected", Boolean, nullable=False, default=False),
    Column("owner", String(255), index=True),
    Column("disk_format", String(20)),
    Column("container_format", String(20)),
    Column("min_disk", Integer, nullable=False, default=0),
    Column("min_ram", Integer, nullable=False, default=0),
    Column("size", BigInteger),
    Column("virtual_size", BigInteger),
    Column("checksum", String(32)),
    Column("os_hash_algo", String(64)),
    Column("os_hash_value", String(255)),
    Column("created_at", String(32), nullable=False),
    Column("updated_at", String(32)),
)
PROPERTY = sa.Table(
    "image_properties",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("image_id", String(36), nullable=False),
    Column("name", String(255), nullable=False),
    Column("value", Text),
    UniqueConstraint("image_id", "name"),
)
TAG = sa.Table(
    "image_tags",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("image_id", String(36), nullable=False, index=True),
    Column("value", String(255), nullable=False),
)

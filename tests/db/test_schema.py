"""The tables are Nova's, and nothing in them keeps them from another database than SQLite."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from simnova.db.api_schema import METADATA as API
from simnova.db.cell_schema import METADATA as CELL
from simnova.db.columns import Timestamp
from simnova.db.databases import named

# What nova/db/main/models.py and nova/db/api/models.py hold.
CELL_TABLES = """
block_device_mapping compute_nodes console_auth_tokens instance_actions instance_actions_events
instance_extra instance_faults instance_info_caches instance_metadata instance_system_metadata
instances migrations pci_devices services tags virtual_interfaces
"""
API_TABLES = """
aggregate_hosts aggregate_metadata aggregates build_requests cell_mappings flavor_extra_specs
flavor_projects flavors host_mappings instance_group_member instance_group_policy instance_groups
instance_mappings key_pairs project_user_quotas quota_classes quotas request_specs
"""
DIALECTS = [mysql.dialect(), postgresql.dialect(), sqlite.dialect()]


def test_tables_are_named_as_in_nova():
    assert sorted(CELL.tables) == CELL_TABLES.split()
    assert sorted(API.tables) == API_TABLES.split()


def test_rows_of_a_cell_are_soft_deleted_and_those_of_the_api_are_not():
    hard = {name for name, table in CELL.tables.items() if "deleted" not in table.c}
    assert hard == {"console_auth_tokens", "tags"}
    assert not any("deleted" in table.c for table in API.tables.values())


@pytest.mark.parametrize("metadata", [API, CELL], ids=["api", "cell"])
@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_every_table_and_index_can_be_made_elsewhere(metadata, dialect):
    for table in named(metadata, "nova").sorted_tables:
        text = str(CreateTable(table).compile(dialect=dialect))
        assert f"nova.{table.name}" in text
        for index in table.indexes:
            assert str(CreateIndex(index).compile(dialect=dialect)).startswith("CREATE")


@pytest.mark.parametrize("metadata", [API, CELL], ids=["api", "cell"])
def test_names_fit_and_text_has_a_length_where_mysql_wants_one(metadata):
    for table in metadata.tables.values():
        names = [table.name, *(index.name for index in table.indexes), *table.c.keys()]
        assert all(len(name) <= 63 for name in names)
        indexed = {column for index in table.indexes for column in index.columns}
        keys = {column for rule in table.constraints for column in getattr(rule, "columns", ())}
        for column in indexed | keys:
            if isinstance(column.type, sa.String):
                assert column.type.length, f"{table.name}.{column.name}"


@pytest.mark.parametrize("dialect", DIALECTS[:2], ids=lambda dialect: dialect.name)
def test_an_instant_is_a_datetime_elsewhere_and_the_same_text_here(dialect):
    kept = Timestamp().process_bind_param("2026-01-01T00:00:01Z", dialect)
    assert kept == datetime(2026, 1, 1, 0, 0, 1)  # noqa: DTZ001
    assert Timestamp().process_result_value(kept, dialect) == "2026-01-01T00:00:01Z"


def test_an_instant_given_as_a_datetime_is_kept_in_utc(cell):
    given = datetime(2026, 1, 1, 3, tzinfo=timezone(timedelta(hours=2)))
    row = cell.run(lambda tx: tx.insert("instances", uuid="s1", launched_at=given))
    assert row["launched_at"] == "2026-01-01T01:00:00Z"
    assert given.astimezone(UTC).hour == 1

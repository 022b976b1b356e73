"""The rows of Nova's databases that a scenario's cloud would have."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from simnova.nova.cmd.manage import CELL1_DB, TRANSPORT_URL
from simnova.nova.objects.flavor import Flavor
from simnova.scenario import hosts
from simnova.scenario.objects import CELL_UUID

if TYPE_CHECKING:
    from simnova.scenario.scenario import Scenario

DATABASE = f"sqlite:///{CELL1_DB}"
"""The address of the only cell's database."""

Row = dict[str, Any]

_FLAVOR = json.dumps({"cur": Flavor(name="running").obj_to_primitive(), "old": None, "new": None})


def api_rows(scenario: Scenario) -> dict[str, list[Row]]:
    """nova_api: one cell, its hosts, the aggregates."""
    cell = {
        "id": 1,
        "uuid": CELL_UUID,
        "name": "cell1",
        "transport_url": TRANSPORT_URL,
        "database_connection": DATABASE,
        "disabled": False,
    }
    aggregates = hosts.aggregates(scenario)
    return {
        "cell_mappings": [cell],
        "host_mappings": [{"host": host["name"], "cell_id": 1} for host in scenario.hosts],
        "aggregates": [{"id": a.id, "uuid": a.uuid, "name": a.name} for a in aggregates],
        "aggregate_hosts": [{"aggregate_id": a.id, "host": h} for a in aggregates for h in a.hosts],
        "aggregate_metadata": [
            {"aggregate_id": a.id, "key": key, "value": value}
            for a in aggregates
            for key, value in a.metadata.items()
        ],
    }


def cell_rows(scenario: Scenario) -> dict[str, list[Row]]:
    """nova_cell1: nodes, services, servers."""
    ratios = hosts.ratios(scenario)
    servers = [(host["name"], each) for host in scenario.hosts for each in hosts.servers(host)]
    return {
        "compute_nodes": [hosts.node(host, ratios).row() for host in scenario.hosts],
        "services": [_without_id(hosts.service(host).values()) for host in scenario.hosts],
        "instances": [
            {"uuid": uuid, "host": host, "node": host, "vm_state": "active"}
            for host, (uuid, _) in servers
        ],
        "instance_extra": [{"instance_uuid": uuid, "flavor": _FLAVOR} for _, (uuid, _) in servers],
        "instance_info_caches": [
            {"instance_uuid": uuid, "network_info": "[]"} for _, (uuid, _) in servers
        ],
        "instance_system_metadata": [
            {"instance_uuid": uuid, "key": key, "value": value}
            for _, (uuid, kept) in servers
            for key, value in kept.items()
        ],
    }


def _without_id(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "id"}

"""The tables there are, also those that hold no row yet: a journal knows only of rows."""

from __future__ import annotations

from typing import Final

from simnova.exceptions import UsageError, unknown
from simnova.kernel.journal import Journal
from simnova.observe.index import follow
from simnova.observe.names import Names

CELL: Final = [
    "block_device_mapping",
    "compute_nodes",
    "console_auth_tokens",
    "instance_actions",
    "instance_actions_events",
    "instance_extra",
    "instance_faults",
    "instance_info_caches",
    "instance_metadata",
    "instance_system_metadata",
    "instances",
    "migrations",
    "pci_devices",
    "services",
    "tags",
    "virtual_interfaces",
]
"""The tables of each cell."""

TABLES: Final = {
    "nova_api": [
        "aggregate_hosts",
        "aggregate_metadata",
        "aggregates",
        "build_requests",
        "cell_mappings",
        "flavor_extra_specs",
        "flavor_projects",
        "flavors",
        "host_mappings",
        "instance_group_member",
        "instance_group_policy",
        "instance_groups",
        "instance_mappings",
        "key_pairs",
        "project_user_quotas",
        "quota_classes",
        "quotas",
        "request_specs",
    ],
    "nova_cell0": CELL,
    "nova_cell1": CELL,
    "keystone": ["assignment", "project", "role", "token", "user"],
    "glance": ["image_properties", "image_tags", "images"],
    "neutron": [
        "ipallocationpools",
        "ipallocations",
        "ml2_port_bindings",
        "networks",
        "ports",
        "quotas",
        "securitygroupportbindings",
        "securitygrouprules",
        "securitygroups",
        "subnets",
    ],
    "placement": [
        "allocations",
        "consumer_types",
        "consumers",
        "inventories",
        "placement_aggregates",
        "projects",
        "resource_classes",
        "resource_provider_aggregates",
        "resource_provider_traits",
        "resource_providers",
        "traits",
        "users",
    ],
}
"""The tables of a cloud's databases, by database."""


def names(journal: Journal, written: set[str]) -> set[str]:
    """Every table that can be asked for: nova_cell1.instances and so on, in every cell."""
    cells = {f"nova_{cell}": CELL for cell in follow(journal, Names).cells.values()}
    known = {f"{db}.{name}" for db, own in {**cells, **TABLES}.items() for name in own}
    return known | written


def no_table(name: str, known: set[str]) -> UsageError:
    """That there is no such table; a name without its database finds the tables called so."""
    alike = {one for one in known if one.rpartition(".")[2] == name}
    return unknown("table", name, alike or known)

"""The rows of Placement's database that a scenario's cloud would have: what each host has, and what is taken of it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, NamedTuple

from simnova.scenario import hosts
from simnova.standards import RESOURCE_CLASSES, TRAITS

if TYPE_CHECKING:
    from simnova.scenario.scenario import Scenario

Row = dict[str, Any]

OWNER, DISABLED = "OWNER_NOVA", "COMPUTE_STATUS_DISABLED"


class Known(NamedTuple):
    """The ids of names in Placement, and the ratios of hosts that name none."""

    classes: dict[str, int]
    traits: dict[str, int]
    aggregates: dict[str, int]
    ratios: hosts.Ratios


def placement_rows(scenario: Scenario) -> dict[str, list[Row]]:
    """A provider for each host, numbered as the scenario lists them, with inventories, allocations, traits, aggregates.

    What is allocated stands as it is said, be it more than there is: one consumer a host holds it.
    """
    every = scenario.hosts
    known = Known(
        _numbers(RESOURCE_CLASSES, 0, [name for host in every for name in _extra(host)]),
        _numbers(TRAITS, 1, [*_asked(scenario), *(t for host in every for t in _traits(host))]),
        {one.name: one.id for one in hosts.aggregates(scenario)},
        hosts.ratios(scenario),
    )
    found = _names(known)
    for number, host in enumerate(every, 1):
        for table, rows in _provider(host, number, known).items():
            found.setdefault(table, []).extend(rows)
    return found


def _names(known: Known) -> dict[str, list[Row]]:
    return {
        "resource_classes": _new(known.classes, len(RESOURCE_CLASSES)),
        "traits": _new(known.traits, len(TRAITS) + 1),
        "placement_aggregates": [
            {"id": number, "uuid": hosts.aggregate_uuid(name)}
            for name, number in known.aggregates.items()
        ],
        "projects": [{"id": 1, "external_id": "project"}],
        "users": [{"id": 1, "external_id": "user"}],
    }


def _numbers(standard: list[str], first: int, more: list[str]) -> dict[str, int]:
    names = dict.fromkeys([*standard, *more])
    return {name: number for number, name in enumerate(names, first)}


def _new(numbers: dict[str, int], first: int) -> list[Row]:
    return [{"id": number, "name": name} for name, number in numbers.items() if number >= first]


def _provider(host: Row, number: int, known: Known) -> dict[str, list[Row]]:
    ident, own = hosts.node_uuid(host["name"]), {"resource_provider_id": number}
    consumer = str(uuid.uuid5(uuid.NAMESPACE_DNS, f"used/{host['name']}"))
    inventories = {
        known.classes[name]: said
        for name, said in {**_standard(host, known.ratios), **_extra(host)}.items()
    }
    provider = {"id": number, "uuid": ident, "name": host["name"], "root_provider_id": number}
    return {
        "resource_providers": [provider],
        "inventories": [
            {**own, "resource_class_id": rc_id, **_columns(said)}
            for rc_id, said in inventories.items()
            if said["total"] > 0
        ],
        "allocations": [
            {**own, "consumer_id": consumer, "resource_class_id": rc_id, "used": said["used"]}
            for rc_id, said in inventories.items()
            if said.get("used", 0) > 0
        ],
        "consumers": [{"uuid": consumer, "project_id": 1, "user_id": 1}],
        "resource_provider_traits": [
            {**own, "trait_id": known.traits[name]} for name in _traits(host)
        ],
        "resource_provider_aggregates": [
            {**own, "aggregate_id": known.aggregates[name]} for name in hosts.aggregate_names(host)
        ],
    }


def _standard(host: Row, ratios: hosts.Ratios) -> dict[str, Row]:
    """What Nova reports of every host; memory that is reserved is neither free nor used."""
    reserved = host.get("reserved_ram_mb", 0)
    ram, disk = host["total_ram_mb"], host["total_disk_gb"]
    return {
        "VCPU": {
            "total": host["vcpus"],
            "used": host.get("vcpus_used", 0),
            "allocation_ratio": host.get("cpu_allocation_ratio", ratios.cpu),
        },
        "MEMORY_MB": {
            "total": ram,
            "used": ram - reserved - hosts.free_ram_mb(host),
            "reserved": reserved,
            "allocation_ratio": host.get("ram_allocation_ratio", ratios.ram),
        },
        "DISK_GB": {
            "total": disk,
            "used": disk - hosts.free_disk_gb(host),
            "allocation_ratio": host.get("disk_allocation_ratio", ratios.disk),
        },
    }


def _columns(said: Row) -> Row:
    default = {"reserved": 0, "min_unit": 1, "max_unit": said["total"], "step_size": 1}
    row = {**default, "allocation_ratio": 1.0, **said}
    row.pop("used", None)
    return row


def _extra(host: Row) -> dict[str, Row]:
    found: dict[str, Row] = host.get("extra_inventory", {})
    return found


def _asked(scenario: Scenario) -> list[str]:
    """The custom traits of flavor and image: an operator has made a trait before anybody asks for or against it."""
    specs = scenario.request["flavor"].get("extra_specs", {})
    properties = scenario.request.get("image", {}).get("properties", {})
    names = [key.partition(":")[2] for key in [*specs, *properties] if key.startswith("trait")]
    return [name for name in names if name.startswith("CUSTOM_")]


def _traits(host: Row) -> list[str]:
    disabled = host.get("service", {}).get("disabled", False)
    return list(dict.fromkeys([OWNER, *([DISABLED] if disabled else []), *host.get("traits", [])]))

"""A scenario's clouds and requests as Nova's objects: what filters and weighers read, without a database.

`config`, `request_spec` and `host_states` are cheap, free of side effects, and new at every call: what a caller does
to one result touches no other. A counterfactual changes the objects, or a copy of the scenario's data, and asks the
same plug-ins again.
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from simnova.config import Config
from simnova.kernel.clock import Clock
from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.objects.instance_group import InstanceGroup
from simnova.nova.objects.request_spec import Destination, RequestSpec
from simnova.nova.pci.request import get_pci_requests_from_flavor
from simnova.nova.scheduler.host_state import HostState
from simnova.nova.virt.hardware import numa_get_constraints
from simnova.scenario import hosts

if TYPE_CHECKING:
    from simnova.scenario.scenario import Scenario

CELL_UUID = str(uuid.uuid5(uuid.NAMESPACE_DNS, "cell/cell1"))
PROJECT, USER = "project", "user"
"""Who asks, where the scenario does not say."""


def config(scenario: Scenario) -> Config:
    """The scheduler's options: Nova's defaults, the scenario's `config`, its `enabled_filters`.

    Raises `UsageError` for a value that Nova would not take.
    """
    conf = Config(scenario.release, **scenario.options)
    if scenario.enabled_filters is not None:
        conf.set("filter_scheduler.enabled_filters", list(scenario.enabled_filters))
    return conf


def request_spec(scenario: Scenario, conf: Config | None = None) -> RequestSpec:
    """What is asked of the scheduler, as the conductor hands it over; `conf` knows the aliases of PCI devices.

    Raises the error of Nova's that its API would answer to a wrong extra spec.
    """
    asked = scenario.request
    said, group = _flavor(asked["flavor"]), asked.get("group")
    image = ImageMeta.from_dict(asked.get("image") or {})
    hints = {name: _hint(name, value) for name, value in asked.get("hints", {}).items()}
    if group:
        hints.setdefault("group", [_group_uuid(scenario)])
    return RequestSpec(
        instance_uuid=server_uuids(scenario)[0],
        project_id=asked.get("project_id") or PROJECT,
        user_id=asked.get("user_id") or USER,
        flavor=said,
        image=image,
        num_instances=asked.get("num_instances", 1),
        availability_zone=asked.get("availability_zone"),
        force_hosts=_list(asked.get("force_hosts")),
        force_nodes=_list(asked.get("force_nodes")),
        ignore_hosts=_list(asked.get("ignore_hosts")),
        requested_destination=_destination(asked.get("requested_destination")),
        scheduler_hints=hints,
        instance_group=_group(group, scenario) if group else None,
        is_bfv=asked.get("boot_from_volume", False),
        pci_requests=get_pci_requests_from_flavor(
            conf or config(scenario), said, scenario.name, Clock(), image
        ),
        numa_topology=numa_get_constraints(said, image),
    )


def host_states(scenario: Scenario) -> list[HostState]:
    """Every host as the scheduler sees it, in the order of the scenario, whatever Placement would say."""
    known = {each.name: each for each in hosts.aggregates(scenario)}
    ratios, found = hosts.ratios(scenario), []
    for host in scenario.hosts:
        state = HostState(host["name"], host["name"], CELL_UUID)
        mine = [known[name] for name in hosts.aggregate_names(host)]
        servers = {each.uuid: each for each in hosts.instances(host)}
        state.update(hosts.node(host, ratios), hosts.service(host).values(), mine, servers)
        found.append(state)
    return found


def server_uuids(scenario: Scenario) -> list[str]:
    """The UUIDs of the servers that are asked for."""
    count = scenario.request.get("num_instances", 1)
    return [str(uuid.uuid5(uuid.NAMESPACE_DNS, f"new/{number}")) for number in range(count)]


def _flavor(said: dict[str, Any]) -> Flavor:
    return Flavor(
        name=said.get("name", ""),
        vcpus=said["vcpus"],
        memory_mb=said["ram_mb"],
        root_gb=said.get("disk_gb", 0),
        ephemeral_gb=said.get("ephemeral_gb", 0),
        swap=said.get("swap_mb", 0),
        extra_specs={name: str(value) for name, value in said.get("extra_specs", {}).items()},
    )


def _group(said: dict[str, Any], scenario: Scenario) -> InstanceGroup:
    """The group with its new servers: they have joined it before the scheduler is asked."""
    return InstanceGroup(
        uuid=_group_uuid(scenario),
        policy=said["policy"],
        rules={name: _whole(value) for name, value in said.get("rules", {}).items()},
        members=[*said.get("members", []), *server_uuids(scenario)],
        hosts=list(said.get("hosts", [])),
    )


def _whole(value: Any) -> Any:
    """A rule's number, which the API also takes as text."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _group_uuid(scenario: Scenario) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"group/{scenario.name}"))


def _destination(said: dict[str, Any] | None) -> Destination | None:
    return Destination(host=said.get("host"), node=said.get("node")) if said else None


def _list(said: list[str] | None) -> list[str] | None:
    return list(said) if said else None


def _hint(name: str, value: Any) -> list[str]:
    """A hint as the API hands it on: always a list of texts; a query is one text."""
    if name == "query" and not isinstance(value, str):
        return [json.dumps(value)]
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]

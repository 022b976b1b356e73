"""The same clouds, the same requests: what real Nova's filters and weighers answered, ours answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from simnova.config import Config
from simnova.kernel.clock import EPOCH, Clock
from simnova.nova import loadables
from simnova.nova.objects.aggregate import Aggregate
from simnova.nova.objects.compute_node import ComputeNode
from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.instance_group import InstanceGroup
from simnova.nova.objects.numa import NUMACell, NUMATopology
from simnova.nova.objects.request_spec import RequestSpec
from simnova.nova.pci.request import get_pci_requests_from_flavor
from simnova.nova.scheduler.decision import Decision
from simnova.nova.scheduler.filters import all_filters
from simnova.nova.scheduler.host_state import HostState
from simnova.nova.scheduler.resource_request import ResourceRequest
from simnova.nova.scheduler.weights import HostWeightHandler, all_weighers
from simnova.nova.virt.hardware import numa_get_constraints

SHARED = Path(__file__).parents[3] / "shared" / "nova" / "scheduler_scenarios.jsonl"
SMALL = Path(__file__).parent / "data" / "scenarios.jsonl"


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def config(scenario: dict[str, Any]) -> Config:
    return Config(**scenario.get("config", {}))


def aggregates(scenario: dict[str, Any]) -> dict[str, Aggregate]:
    return {
        each["name"]: Aggregate(name=each["name"], metadata=each.get("metadata", {}))
        for each in scenario.get("aggregates", [])
    }


def service(host: dict[str, Any]) -> dict[str, Any]:
    """The row of a host's nova-compute; time stands at zero."""
    said = host.get("service", {})
    silent = said.get("last_seen_s", 0 if said.get("up", True) else 3600)
    seen = EPOCH - timedelta(seconds=silent)
    return {
        "host": host["name"],
        "disabled": said.get("disabled", False),
        "forced_down": said.get("forced_down", False),
        "last_seen_up": f"{seen:%Y-%m-%dT%H:%M:%SZ}",
    }


def node(host: dict[str, Any]) -> ComputeNode:
    supported = [host.get("arch", "x86_64"), host.get("hv_type", "kvm"), host.get("vm_mode", "hvm")]
    stats = {
        "num_instances": str(host.get("num_instances", len(host.get("instances", [])))),
        "io_workload": str(host.get("num_io_ops", 0)),
        "failed_builds": str(host.get("failed_builds", 0)),
    }
    return ComputeNode(
        host=host["name"],
        hypervisor_hostname=host["name"],
        uuid=host["name"],
        vcpus=host["vcpus"],
        vcpus_used=host["vcpus_used"],
        memory_mb=host["total_ram_mb"],
        free_ram_mb=host["free_ram_mb"],
        local_gb=host["total_disk_gb"],
        free_disk_gb=host["free_disk_gb"],
        cpu_allocation_ratio=host.get("cpu_allocation_ratio", 4.0),
        ram_allocation_ratio=host.get("ram_allocation_ratio", 1.0),
        disk_allocation_ratio=host.get("disk_allocation_ratio", 1.0),
        host_ip=host.get("host_ip"),
        hypervisor_type=host.get("hypervisor_type", "QEMU"),
        hypervisor_version=host.get("hypervisor_version", 0),
        supported_hv_specs=[supported],
        stats=stats | host.get("stats", {}),
        pci_device_pools=host.get("pci_pools"),
        numa_topology=numa_of(host),
        metrics=json.dumps(
            [{"name": name, "value": value} for name, value in host.get("metrics", {}).items()]
        ),
    )


def numa_of(host: dict[str, Any]) -> str | None:
    said = host.get("numa_topology")
    cells = [NUMACell(c["id"], c["cpus"], c["memory_mb"]) for c in said["cells"]] if said else None
    return NUMATopology(cells).to_json() if cells else None


def instance(server: str | dict[str, Any]) -> Instance:
    said = {"uuid": server} if isinstance(server, str) else server
    properties = said.get("image_properties", {})
    metadata = {f"image_{name}": value for name, value in properties.items()}
    return Instance(uuid=said["uuid"], system_metadata=metadata)


def host_states(scenario: dict[str, Any]) -> list[HostState]:
    known = aggregates(scenario)
    found = []
    for host in scenario["hosts"]:
        state = HostState(host["name"], host["name"], "cell1")
        mine = [known[name] for name in host.get("aggregates", [])]
        servers = {each.uuid: each for each in map(instance, host.get("instances", []))}
        state.update(node(host), service(host), mine, servers)
        found.append(state)
    return found


def flavor_of(said: dict[str, Any]) -> Flavor:
    return Flavor(
        name=said.get("name", ""),
        vcpus=said["vcpus"],
        memory_mb=said["ram_mb"],
        root_gb=said["disk_gb"],
        ephemeral_gb=said.get("ephemeral_gb", 0),
        swap=said.get("swap_mb", 0),
        extra_specs=said.get("extra_specs", {}),
    )


def request_spec(scenario: dict[str, Any]) -> RequestSpec:
    asked = scenario["request"]
    flavor, image = flavor_of(asked["flavor"]), ImageMeta.from_dict(asked.get("image") or {})
    return RequestSpec(
        instance_uuid="first",
        project_id=asked.get("project_id"),
        flavor=flavor,
        pci_requests=get_pci_requests_from_flavor(config(scenario), flavor, "first", Clock()),
        numa_topology=numa_get_constraints(flavor, image),
        image=image,
        is_bfv=asked.get("boot_from_volume", False),
        scheduler_hints={
            name: hint(name, value) for name, value in (asked.get("hints") or {}).items()
        },
        instance_group=InstanceGroup(**group) if (group := asked.get("group")) else None,
    )


def hint(name: str, value: Any) -> list[str]:
    """A hint as the API hands it on: always a list; a query is one text."""
    if name == "query" and not isinstance(value, str):
        return [json.dumps(value)]
    return value if isinstance(value, list) else [value]


def make(plug_ins: dict[str, type[Any]], conf: Config, clock: Clock) -> Iterator[Any]:
    return (loadables.make(plug_in, conf, clock) for plug_in in plug_ins.values())


FILTERS = (
    "AggregateImagePropertiesIsolation",
    "AggregateInstanceExtraSpecsFilter",
    "AggregateIoOpsFilter",
    "AggregateMultiTenancyIsolation",
    "AggregateNumInstancesFilter",
    "AggregateTypeAffinityFilter",
    "AllHostsFilter",
    "ComputeCapabilitiesFilter",
    "ComputeFilter",
    "DifferentHostFilter",
    "ImagePropertiesFilter",
    "IoOpsFilter",
    "IsolatedHostsFilter",
    "JsonFilter",
    "MetricsFilter",
    "NUMATopologyFilter",
    "NumInstancesFilter",
    "PciPassthroughFilter",
    "SameHostFilter",
    "ServerGroupAffinityFilter",
    "ServerGroupAntiAffinityFilter",
    "SimpleCIDRAffinityFilter",
)
WEIGHERS = (
    "BuildFailureWeigher",
    "CPUWeigher",
    "CrossCellWeigher",
    "DiskWeigher",
    "HypervisorVersionWeigher",
    "ImagePropertiesWeigher",
    "IoOpsWeigher",
    "MetricsWeigher",
    "NumInstancesWeigher",
    "PCIWeigher",
    "RAMWeigher",
    "ServerGroupSoftAffinityWeigher",
    "ServerGroupSoftAntiAffinityWeigher",
)


@pytest.fixture(params=["small", "shared"], scope="module")
def recorded(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    path = SMALL if request.param == "small" else SHARED
    if not path.exists():
        pytest.skip(f"the recordings of real Nova are not here: {path.name}")
    return read(path)


@pytest.mark.parametrize("name", FILTERS)
def test_filter_says_of_every_host_what_novas_says(
    recorded: list[dict[str, Any]], name: str
) -> None:
    asked, plug_ins = 0, {name: all_filters()[name]}
    for line in recorded:
        scenario = line["scenario"]
        conf, spec, hosts = made(line)
        (plug_in,) = make(plug_ins, conf, Clock())
        for host in hosts:
            expected = line["answer"]["hosts"][host.host]["filters"][name]
            verdict = answer_of(plug_in, host, spec)
            assert verdict == expected, (scenario["name"], host.host, verdict)
            asked += 1
    assert asked >= len(recorded)


def made(line: dict[str, Any]) -> tuple[Config, RequestSpec, list[HostState]]:
    """The objects of a scenario, made once for all filters."""
    if "made" not in line:
        scenario = line["scenario"]
        line["made"] = (config(scenario), request_spec(scenario), host_states(scenario))
    found: tuple[Config, RequestSpec, list[HostState]] = line["made"]
    return found


def answer_of(plug_in: Any, host: HostState, spec: RequestSpec) -> bool | str:
    """The verdict as it was recorded; what is raised as its type and text."""
    try:
        return bool(plug_in.host_passes(host, spec))
    except ValueError as error:
        return f"EXC {type(error).__name__}: {error}"


def test_weighers_score_every_host_as_novas_do(recorded: list[dict[str, Any]]) -> None:
    compared = 0
    for line in recorded:
        compared += compare_weights(line["scenario"], line["answer"]["hosts"])
    assert compared > 0


def compare_weights(scenario: dict[str, Any], answer: dict[str, Any]) -> int:
    """Weigh the hosts that real Nova weighed; the number of scores compared."""
    clock = Clock()
    hosts = [host for host in host_states(scenario) if "weights" in answer[host.host]]
    if len(hosts) < 2:
        return 0
    weighers = list(make(all_weighers(), config(scenario), clock))
    handler = HostWeightHandler(Decision(clock))
    handler.get_weighed_objects(weighers, hosts, request_spec(scenario))
    (event,) = [found for found in clock.journal if found.kind == "scheduler.weigh"]
    for weigher in event.data["weighers"]:
        for host in hosts:
            expected = answer[host.host]["weights"][weigher["name"]]
            found = weighed(weigher, host.host)
            assert found == pytest.approx(expected, rel=1e-9, abs=1e-9), (scenario["name"], host)
    return len(hosts) * len(weighers)


def weighed(weigher: dict[str, Any], host: str) -> dict[str, float]:
    multiplier = weigher["multiplier"]
    factor = multiplier[host] if isinstance(multiplier, dict) else multiplier
    normalized = weigher["normalized"][host]
    return {
        "raw": weigher["raw"][host],
        "norm": normalized,
        "multiplier": factor,
        "score": factor * normalized,
    }


def test_every_recorded_weigher_of_this_slice_is_there(recorded: list[dict[str, Any]]) -> None:
    assert set(WEIGHERS) <= set(all_weighers())
    assert set(FILTERS) <= set(all_filters())


def test_placement_is_asked_the_same_query(recorded: list[dict[str, Any]]) -> None:
    asked = 0
    for line in recorded:
        expected = line["answer"]["placement_query"]
        if "in_tree" not in expected and "member_of" not in expected:
            query = query_of(line["scenario"])
            assert f"/allocation_candidates?{query}" == expected, line["scenario"]["name"]
            asked += 1
    assert asked > 0


def query_of(scenario: dict[str, Any]) -> str:
    """The query, with what the request filters add where every host is of this release."""
    spec = request_spec(scenario)
    spec.root_required.append("OWNER_NOVA")
    spec.root_forbidden.append("COMPUTE_STATUS_DISABLED")
    related = {"same_host", "different_host"} & set(spec.scheduler_hints)
    limit = None if related or spec.instance_group else 1000
    return ResourceRequest.from_request_spec(spec, limit).to_querystring()

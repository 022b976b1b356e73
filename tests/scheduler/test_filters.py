"""What filters say when they say no, those of older releases among them, and what they leave for the claim."""

from __future__ import annotations

from typing import Any

import pytest

from simnova.config import Config
from simnova.kernel.clock import Clock
from simnova.nova import exception, loadables
from simnova.nova.objects.aggregate import Aggregate
from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.instance_group import InstanceGroup
from simnova.nova.objects.instance_pci_requests import InstancePCIRequest, InstancePCIRequests
from simnova.nova.objects.monitor_metric import MonitorMetric
from simnova.nova.objects.request_spec import RequestSpec
from simnova.nova.pci.request import get_pci_requests_from_flavor
from simnova.nova.pci.stats import PciDeviceStats
from simnova.nova.scheduler.filters import BaseHostFilter, all_filters
from simnova.nova.scheduler.host_state import HostState

SMALL = Flavor(id=1, name="m1.small", vcpus=2, memory_mb=2048, root_gb=20, swap=512)


def host(metadata: dict[str, str] | None = None, **values: Any) -> HostState:
    """A host of 8 VCPUs, 8192 MB and 100 GB, all free, in an aggregate with that metadata."""
    state = HostState("compute1", "node1", "cell1")
    amounts = {
        "vcpus_total": 8,
        "total_usable_ram_mb": 8192,
        "free_ram_mb": 8192,
        "total_usable_disk_gb": 100,
        "free_disk_mb": 102400,
    }
    for name, value in {**amounts, **values}.items():
        setattr(state, name, value)
    state.aggregates = [Aggregate(metadata=metadata)] if metadata else []
    return state


def verdict(name: str, state: HostState, config: dict[str, Any] | None = None, **asked: Any) -> Any:
    """True, or the reason of the no."""
    made: BaseHostFilter = loadables.make(all_filters()[name], Config(**(config or {})), Clock())
    answer = made.host_passes(state, RequestSpec(**{"flavor": SMALL, "project_id": "p1", **asked}))
    return True if answer is True else answer.reason


def options(**values: Any) -> dict[str, Any]:
    return {"filter_scheduler": values}


REASONS = [
    ("RamFilter", host(free_ram_mb=1024), {}, "needs 2048 MB, 1024 MB of 8192 x 1 free"),
    (
        "AggregateRamFilter",
        host({"ram_allocation_ratio": "0.5"}),
        {"flavor": Flavor(memory_mb=5000)},
        "needs 5000 MB, 4096 MB of 8192 x 0.5 free",
    ),
    (
        "AggregateCoreFilter",
        host({"cpu_allocation_ratio": "2"}, vcpus_used=15),
        {},
        "needs 2 VCPU, 1 of 8 x 2 free",
    ),
    (
        "AggregateDiskFilter",
        host({"disk_allocation_ratio": "0.1"}),
        {},
        "needs 20992 MB of disk, 10240 MB of 102400 x 0.1 free",
    ),
    ("ExactCoreFilter", host(), {}, "needs exactly 2 VCPU, 8 free"),
    (
        "ExactCoreFilter",
        host(vcpus_total=0),
        {},
        "the host does not say how many VCPUs it has",
    ),
    ("ExactRamFilter", host(), {}, "needs exactly 2048 MB, 8192 free"),
    ("ExactDiskFilter", host(), {}, "needs exactly 20992 MB of disk, 102400 free"),
    (
        "RetryFilter",
        host(),
        {"retry": {"num_attempts": 1, "hosts": [["compute1", "node1"]]}},
        "the build has failed here before",
    ),
    (
        "AvailabilityZoneFilter",
        host({"availability_zone": "az1"}),
        {"availability_zone": "az2"},
        "needs zone az2, the host is in az1",
    ),
    (
        "AvailabilityZoneFilter",
        host(),
        {"availability_zone": "az2"},
        "needs zone az2, the host is in nova",
    ),
    (
        "TypeAffinityFilter",
        host(instances={"a": Instance(instance_type_id=2, flavor=Flavor(name="m1.big"))}),
        {},
        "holds servers of flavor m1.big",
    ),
    (
        "AggregateTypeAffinityFilter",
        host({"instance_type": "m1.big, m1.huge"}),
        {},
        "takes flavor m1.big and m1.huge, the server has m1.small",
    ),
    (
        "AggregateMultiTenancyIsolation",
        host({"filter_tenant_id": "p2", "filter_tenant_id_more": "p3"}),
        {},
        "is for project p2 and p3, the server is of p1",
    ),
    (
        "AggregateInstanceExtraSpecsFilter",
        host({"ssd": "false"}),
        {"flavor": Flavor(extra_specs={"aggregate_instance_extra_specs:ssd": "true"})},
        "needs ssd true, the aggregates say false",
    ),
    (
        "AggregateInstanceExtraSpecsFilter",
        host(),
        {"flavor": Flavor(extra_specs={"ssd": "true", "hw:cpu_policy": "dedicated"})},
        "needs ssd true, no aggregate says ssd",
    ),
    (
        "AggregateImagePropertiesIsolation",
        host({"os_distro": "debian, ubuntu", "colour": "red"}),
        {"image": ImageMeta(properties={"os_distro": "windows", "colour": "blue"})},
        "the image needs os_distro windows, the aggregates say debian or ubuntu",
    ),
    (
        "IoOpsFilter",
        host(num_io_ops=8),
        {},
        "has 8 operations under way, max_io_ops_per_host is 8",
    ),
    (
        "AggregateIoOpsFilter",
        host({"max_io_ops_per_host": "2"}, num_io_ops=3),
        {},
        "has 3 operations under way, max_io_ops_per_host is 2",
    ),
    (
        "NumInstancesFilter",
        host(num_instances=50),
        {},
        "holds 50 servers, max_instances_per_host is 50",
    ),
    (
        "AggregateNumInstancesFilter",
        host({"max_instances_per_host": "many"}, num_instances=51),
        {},
        "holds 51 servers, max_instances_per_host is 50",
    ),
    (
        "JsonFilter",
        host(stats={"gpus": "0"}),
        {"scheduler_hints": {"query": ['["=", "$stats.gpus", "2"]']}},
        '["=", "$stats.gpus", "2"] is false: $stats.gpus is 0',
    ),
    (
        "ServerGroupAffinityFilter",
        host(),
        {"instance_group": InstanceGroup(policy="affinity", hosts=["compute2"])},
        "the group is on compute2",
    ),
]


@pytest.mark.parametrize(("name", "state", "asked", "reason"), REASONS)
def test_a_no_has_its_reason(name: str, state: HostState, asked: Any, reason: str) -> None:
    assert verdict(name, state, **asked) == reason


def test_isolated_images_and_hosts_are_for_each_other() -> None:
    config = options(isolated_images=["i1"], isolated_hosts=["compute1"])
    other, mine = HostState("compute2", "node2", None), host()
    special, plain = {"image": ImageMeta(id="i1")}, {"image": ImageMeta(id="i2")}
    assert verdict("IsolatedHostsFilter", mine, config, **special) is True
    assert verdict("IsolatedHostsFilter", other, config, **plain) is True
    assert verdict("IsolatedHostsFilter", other, config, **special) == (
        "image i1 is for compute1 only"
    )
    text = "the host is for isolated_images only"
    assert verdict("IsolatedHostsFilter", mine, config, **plain) == text
    config["filter_scheduler"]["restrict_isolated_hosts_to_isolated_images"] = False
    assert verdict("IsolatedHostsFilter", mine, config, **plain) is True


def test_a_metric_that_is_weighed_has_to_be_there() -> None:
    config = {"metrics": {"weight_setting": ["cpu.percent=-1.0", "cpu.frequency=2", "broken"]}}
    state = host(metrics=[MonitorMetric("cpu.percent", 30)])
    assert verdict("MetricsFilter", state, config) == "does not report cpu.frequency"
    state.metrics.append(MonitorMetric("cpu.frequency", 2000))
    assert verdict("MetricsFilter", state, config) is True


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("[", ValueError),
        ('["is", "$host", "compute1"]', KeyError),
        ('[["=", 1, 1], 2]', TypeError),
        ('["<", "$host", 5]', TypeError),
        ('["=", "$host.name", "x"]', AttributeError),
        ("{}", None),
        ("[]", None),
        ('["or", ["not", false, true]]', None),
        ('["in", "$host", "compute1", "compute2"]', None),
    ],
)
def test_a_broken_query_fails_as_in_nova(query: str, error: type[Exception] | None) -> None:
    asked = {"scheduler_hints": {"query": [query]}}
    if error is None:
        assert verdict("JsonFilter", host(), **asked) is True
    else:
        with pytest.raises(error):
            verdict("JsonFilter", host(), **asked)


def test_a_query_about_what_is_not_there_compares_nothing_and_is_false() -> None:
    asked = {"scheduler_hints": {"query": ['["=", "$nothing.at.all", 1]']}}
    assert verdict("JsonFilter", host(), **asked) == (
        '["=", "$nothing.at.all", 1] is false: $nothing.at.all is None'
    )


@pytest.mark.parametrize(
    ("name", "limits"),
    [
        ("AggregateRamFilter", {"memory_mb": 8192.0}),
        ("AggregateCoreFilter", {"vcpu": 8.0}),
        ("AggregateDiskFilter", {"disk_gb": 100.0}),
    ],
)
def test_a_filter_of_amounts_leaves_the_limit_for_the_claim(
    name: str, limits: dict[str, float]
) -> None:
    state = host({f"{kind}_allocation_ratio": "much" for kind in ("ram", "cpu", "disk")})
    assert verdict(name, state) is True
    assert state.limits == limits


def test_a_host_that_fits_exactly_takes_one_server() -> None:
    state = host(vcpus_total=2, free_ram_mb=2048, free_disk_mb=20992)
    for name in ("ExactCoreFilter", "ExactRamFilter", "ExactDiskFilter"):
        assert verdict(name, state) is True
    assert state.limits == {"vcpu": 2, "memory_mb": 8192, "disk_gb": 100}


def test_pools_give_what_all_requests_ask_for_together() -> None:
    nic = {"vendor_id": "8086", "product_id": "154d"}
    card, function = {**nic, "dev_type": "type-PF"}, {**nic, "dev_type": "type-VF"}
    stats = PciDeviceStats([{**card, "count": 1}, {**function, "count": 2}])
    two = [InstancePCIRequest(count=1, spec=[nic]), InstancePCIRequest(count=1, spec=[nic])]
    assert stats.support_requests(two)
    assert not stats.support_requests([*two, *two])
    assert not stats.support_requests([InstancePCIRequest(count=3, spec=[nic])])
    assert stats.support_requests([InstancePCIRequest(count=1, spec=[card])])
    stats.apply_requests(two)
    assert stats.pools == [{**card, "count": 1}]


NIC = '{"name": "nic", "vendor_id": "8086", "product_id": "154D", "device_type": "type-VF"}'


def test_an_alias_names_the_devices_that_a_flavor_asks_for() -> None:
    flavor = Flavor(extra_specs={"pci_passthrough:alias": "nic:2, nic:1"})
    asked = get_pci_requests_from_flavor(Config(pci={"alias": [NIC]}), flavor, "i", Clock())
    assert asked is not None
    assert [(each.count, each.alias_name) for each in asked.requests] == [(2, "nic"), (1, "nic")]
    pool = {"vendor_id": "8086", "product_id": "154d", "dev_type": "type-VF", "count": 2}
    state = host(pci_stats=PciDeviceStats([pool]))
    reason = "needs 2 of nic, 2 free and 1 of nic, 2 free"
    assert verdict("PciPassthroughFilter", state, pci_requests=asked) == reason
    asked.requests.pop()
    assert verdict("PciPassthroughFilter", state, pci_requests=asked) is True


@pytest.mark.parametrize(
    ("alias", "error"),
    [
        ("{", exception.PciInvalidAlias),
        ('{"name": "nic"}', exception.PciInvalidAlias),
        (NIC.replace("type-VF", "type-XX"), exception.PciInvalidAlias),
        (NIC.replace("product_id", "product"), exception.PciInvalidAlias),
        (NIC.replace('"nic"', '"gpu"'), exception.PciRequestAliasNotDefined),
    ],
)
def test_an_alias_that_is_none_is_refused(alias: str, error: type[Exception]) -> None:
    flavor = Flavor(extra_specs={"pci_passthrough:alias": "nic:1"})
    with pytest.raises(error):
        get_pci_requests_from_flavor(Config(pci={"alias": [alias]}), flavor, "i", Clock())


def test_servers_of_one_request_take_devices_from_each_other(nova: Any) -> None:
    pools = [{"vendor_id": "8086", "product_id": "154d", "count": 1}]
    for name in ("host1", "host2"):
        nova.host(name, pci_device_pools=pools)
    requests = [InstancePCIRequest(1, [{"vendor_id": "8086", "product_id": "154d"}], "nic")]
    spec = nova.spec(pci_requests=InstancePCIRequests("i", requests))
    scheduler = nova.scheduler(
        filter_scheduler={"enabled_filters": ["PciPassthroughFilter"], "ram_weight_multiplier": -9}
    )

    def ask(count: int) -> list[str]:
        uuids = [nova.clock.uuid("server") for _ in range(count)]
        found = nova.do(scheduler.select_destinations(nova.context, spec, uuids))
        return sorted(each[0].service_host for each in found)

    assert ask(2) == ["host1", "host2"]
    with pytest.raises(exception.NoValidHost):
        ask(3)

"""All hosts at once or one by one: the same verdicts, reasons, numbers, order and log, server after server."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simnova.config import Config
from simnova.kernel.clock import Clock
from simnova.kernel.late import Late
from simnova.nova import loadables
from simnova.nova.context import Place, RequestContext
from simnova.nova.objects.aggregate import Aggregate
from simnova.nova.objects.compute_node import ComputeNode
from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.instance_group import InstanceGroup
from simnova.nova.objects.numa import InstanceNUMACell, InstanceNUMATopology
from simnova.nova.objects.request_spec import Destination, RequestSpec
from simnova.nova.scheduler.columns import HostColumns, for_all
from simnova.nova.scheduler.filters import BaseHostFilter, all_filters
from simnova.nova.scheduler.filters.ram_filter import RamFilter
from simnova.nova.scheduler.host_manager import HostManager
from simnova.nova.scheduler.host_state import HostState
from simnova.nova.scheduler.manager import SchedulerManager
from simnova.nova.scheduler.weights import BaseHostWeigher, all_weighers
from simnova.nova.weights import normalize

pytestmark = pytest.mark.thorough

SHORT = settings(max_examples=40, deadline=None)
METADATA = {
    "ram_weight_multiplier": ["2.0", "-1.5", "many"],
    "io_ops_weight_multiplier": ["0.25"],
    "ram_allocation_ratio": ["0.5", "2"],
    "cpu_allocation_ratio": ["1"],
    "disk_allocation_ratio": ["1.5"],
    "max_io_ops_per_host": ["3"],
    "max_instances_per_host": ["2"],
    "filter_tenant_id": ["p1", "p2"],
    "instance_type": ["m1.small", "m1.tiny,m1.large"],
    "availability_zone": ["north", "south"],
    "hw_disk_bus": ["scsi"],
    "ssd": ["true"],
}

aggregates = st.lists(
    st.fixed_dictionaries({}, optional={k: st.sampled_from(v) for k, v in METADATA.items()}),
    max_size=3,
)
hosts = st.lists(
    st.fixed_dictionaries(
        {
            "memory_mb": st.sampled_from([2048, 8192, 16384]),
            "free_ram_mb": st.sampled_from([-64, 512, 2048, 7680, 8192]),
            "vcpus": st.sampled_from([0, 2, 8]),
            "vcpus_used": st.sampled_from([0, 1, 9, 40]),
            "free_disk_gb": st.sampled_from([0, 20, 100]),
            "disk_available_least": st.sampled_from([None, 10]),
            "cpu_allocation_ratio": st.sampled_from([1.0, 4.0, 16.0]),
            "hypervisor_version": st.sampled_from([0, 6002000, 8002000]),
            "io": st.sampled_from([0, 1, 7, 9]),
            "servers": st.sampled_from([0, 1, 49]),
            "failed": st.sampled_from([0, 0, 2]),
            "supported": st.sampled_from(
                [[], [["x86_64", "kvm", "hvm"]], [["ppc64", "xen", "xen"]]]
            ),
            "pools": st.sampled_from(
                [None, [{"vendor_id": "8086", "product_id": "1", "count": 2}]]
            ),
            "metrics": st.sampled_from(["[]", '[{"name": "cpu.frequency", "value": 3}]']),
            "disabled": st.sampled_from([False, False, False, True]),
            "seen": st.sampled_from(["2026-01-01T00:00:00Z", "2025-12-31T23:00:00Z"]),
            "cell": st.sampled_from(["c1", "c2"]),
            "here": st.lists(st.sampled_from(["a", "b"]), unique=True),
            "aggregates": st.sets(st.integers(0, 2)),
        }
    ),
    min_size=1,
    max_size=12,
)
requests = st.fixed_dictionaries(
    {},
    optional={
        "project_id": st.sampled_from(["p1", "p2"]),
        "availability_zone": st.sampled_from(["north", "nova"]),
        "ignore_hosts": st.just(["h1"]),
        "scheduler_hints": st.sampled_from(
            [
                {"same_host": ["a"]},
                {"different_host": ["a", "b"]},
                {"query": ['[">", "$free_ram_mb", 1000]']},
                {"build_near_host_ip": ["10.0.0.1"], "cidr": ["/30"]},
                {"_nova_check_type": ["rebuild"]},
            ]
        ),
        "image": st.sampled_from(
            [
                {"hw_architecture": "x86_64"},
                {"img_hv_type": "kvm", "img_hv_requested_version": ">=7.0"},
                {"hw_disk_bus": "virtio"},
            ]
        ).map(lambda given: ImageMeta.from_dict({"id": "i", "properties": given})),
        "policy": st.sampled_from(
            ["affinity", "anti-affinity", "soft-affinity", "soft-anti-affinity"]
        ),
        "requested_destination": st.just(Destination(cell_uuid="c1", allow_cross_cell_move=True)),
        "numa_topology": st.just(
            InstanceNUMATopology([InstanceNUMACell(0, frozenset({0}), memory=512)])
        ),
        "retry": st.just({"hosts": [["h0", "h0"]]}),
        "extra_specs": st.sampled_from(
            [{"capabilities:hypervisor_type": "QEMU"}, {"ssd": "true"}, {"quota:vif": "1"}]
        ),
    },
)
options = st.fixed_dictionaries(
    {},
    optional={
        "host_subset_size": st.just(3),
        "shuffle_best_same_weighed_hosts": st.just(True),
        "ram_weight_multiplier": st.sampled_from([-1.0, 0.0, 0.3]),
        "num_instances_weight_multiplier": st.sampled_from([0.7, -2.0]),
        "image_props_weight_multiplier": st.just(1.0),
        "isolated_hosts": st.just(["h0"]),
        "isolated_images": st.just(["i"]),
    },
)
chosen_filters = st.lists(st.sampled_from(sorted(all_filters())), unique=True, max_size=4)
sizes = st.tuples(st.sampled_from([1, 4]), st.sampled_from([64, 512]), st.sampled_from([0, 1, 7]))


def states(given: list[dict[str, Any]], known: list[dict[str, str]]) -> list[HostState]:
    made = [Aggregate(id=number, metadata=metadata) for number, metadata in enumerate(known)]
    return [state(number, one, made) for number, one in enumerate(given)]


def state(number: int, said: dict[str, Any], known: list[Aggregate]) -> HostState:
    amounts = ("memory_mb", "free_ram_mb", "vcpus", "vcpus_used", "free_disk_gb")
    more = ("disk_available_least", "cpu_allocation_ratio", "hypervisor_version", "metrics")
    node = ComputeNode(
        **{name: said[name] for name in (*amounts, *more)},
        uuid=f"u{number}",
        host=f"h{number}",
        host_ip=f"10.0.0.{number}",
        hypervisor_type="QEMU",
        local_gb=100,
        ram_allocation_ratio=1.5,
        disk_allocation_ratio=1.0,
        stats={
            "num_instances": str(said["servers"]),
            "io_workload": str(said["io"]),
            "failed_builds": str(said["failed"]),
        },
        supported_hv_specs=said["supported"],
        pci_device_pools=said["pools"],
    )
    found = HostState(node.host, node.host, said["cell"])
    service = {"disabled": said["disabled"], "forced_down": False, "last_seen_up": said["seen"]}
    mine = [aggregate for aggregate in known if aggregate.id in said["aggregates"]]
    found.update(node, service, mine, {uuid: Instance(uuid=uuid) for uuid in said["here"]})
    return found


def spec_of(asked: dict[str, Any], size: tuple[int, int, int]) -> RequestSpec:
    asked = dict(asked)
    policy, specs = asked.pop("policy", None), asked.pop("extra_specs", {})
    group = InstanceGroup(uuid="g", policy=policy, members=["a", "s0", "s1"]) if policy else None
    vcpus, memory, disk = size
    flavor = Flavor(name="m1.small", vcpus=vcpus, memory_mb=memory, root_gb=disk, extra_specs=specs)
    return copy.deepcopy(RequestSpec(flavor=flavor, instance_group=group, **asked))


def derived(kind: type) -> type:
    """The same plug-in, asked host by host: what a class inherits is not asked for all at once."""
    return type(kind.__name__, (kind,), {"__module__": kind.__module__})


class Request:
    """A request for some servers, decided without Placement."""

    def __init__(self, conf: Config, filters: list[type], weighers: list[type]) -> None:
        self.clock = Clock()
        place = Place(self.clock)
        self.manager = HostManager(place, conf, filters, weighers)
        self.scheduler = SchedulerManager(place, conf, None, self.manager)
        self.context = RequestContext(place=place)

    def decide(self, spec: RequestSpec, hosts: list[HostState], servers: int) -> list[Any]:
        """The journal, as far as it says something, and the answer or what was raised in its place."""
        uuids = [f"s{number}" for number in range(servers)]
        work = self.scheduler._schedule(self.context, spec, uuids, hosts, None, 2)
        task = self.clock.spawn(work, service=self.clock.start("nova-scheduler"))
        while task.is_alive:
            try:
                self.clock.step()
            except Exception:
                if task.error is None:
                    raise
        told = [(event.kind, dict(event.data)) for event in self.clock.journal]
        return [*told, task.outcome if task.error is None else repr(task.error)]


def request(names: list[str], more: dict[str, Any], one_by_one: bool) -> Request:
    none: dict[str, Any] = {"enabled_filters": [], "weight_classes": []}
    conf = Config(
        filter_scheduler={**more, **none}, metrics={"weight_setting": ["cpu.frequency=2"]}
    )
    conf.set("metrics.required", False)
    kinds = [all_filters()[name] for name in names], list(all_weighers().values())
    filters, weighers = ([derived(kind) if one_by_one else kind for kind in of] for of in kinds)
    return Request(conf, filters, weighers)


@SHORT
@given(hosts, aggregates, requests, options, chosen_filters, sizes, st.integers(1, 6))
def test_the_journal_is_the_same_as_when_each_host_is_asked_for_each_server(
    given: Any, known: Any, asked: Any, more: Any, names: Any, size: Any, servers: int
) -> None:
    at_once, one_by_one = (
        request(names, more, each).decide(spec_of(asked, size), states(given, known), servers)
        for each in (False, True)
    )
    assert at_once == one_by_one


@SHORT
@given(hosts, aggregates, requests, sizes)
def test_who_passes_for_certain_passes_and_leaves_nothing_in_the_log(
    given: Any, known: Any, asked: Any, size: Any
) -> None:
    spec, clock = spec_of(asked, size), Clock()
    conf = Config(metrics={"weight_setting": ["cpu.frequency=2"]})
    for kind in all_filters().values():
        filter_: Any = loadables.make(kind, conf, clock)
        columns = HostColumns(states(given, known))
        assert for_all(filter_, "hosts_pass")
        sure = filter_.pass_for_certain(columns, spec)
        passing = [host for host, certain in zip(columns.hosts, sure, strict=True) if certain]
        limits = [dict(host.limits) for host in passing]
        assert len(sure) == len(columns)
        assert asked_for(clock, filter_, passing, spec) == ([True] * len(passing), []), kind
        assert [host.limits for host in passing] == limits, kind


def asked_for(
    clock: Clock, filter_: Any, hosts: list[HostState], spec: RequestSpec
) -> tuple[list[Any], list[str]]:
    """What a filter says of each host, and what it logs."""

    async def ask() -> list[Any]:
        return [filter_._filter_one(host, spec) for host in hosts]

    seen = len(clock.journal)
    task = clock.spawn(ask(), service=clock.start("nova-scheduler"))
    while task.is_alive:
        clock.step()
    logged = (event for event in clock.journal.events[seen:] if event.kind == "log")
    return task.outcome, [event.data["message"] for event in logged]


@SHORT
@given(hosts, aggregates, requests, options, sizes, st.integers(1, 8))
def test_every_server_is_weighed_as_if_it_were_the_first(
    given: Any, known: Any, asked: Any, more: Any, size: Any, servers: int
) -> None:
    """The numbers are Python's, worked out from nothing for each server, to the last bit."""
    more = {**more, "host_subset_size": 1, "shuffle_best_same_weighed_hosts": False}
    decided, spec = request([], more, False), spec_of({**asked, "ignore_hosts": None}, size)
    left = {host.host: host for host in states(given, known)}
    decided.decide(spec, states(given, known), servers)
    events = [event.data for event in decided.clock.journal if event.kind == "scheduler.weigh"]
    assert len(events) in (servers + (servers > 1), 0)
    order = list(left)
    for number, event in enumerate(events):
        spec.instance_uuid = f"s{min(number, servers - 1)}"
        weights = dict.fromkeys(order, 0.0)
        for weigher, told in zip(decided.manager.weighers, event["weighers"], strict=True):
            raw = [weigher._clamp(weigher._weigh_object(left[name], spec)) for name in order]
            scaled = normalize(raw, weigher.minval, weigher.maxval)
            assert list(told["raw"].items()) == list(zip(order, raw, strict=True))
            assert list(told["normalized"].items()) == list(zip(order, scaled, strict=True))
            for name, weight in zip(order, scaled, strict=True):
                weights[name] += weigher.weight_multiplier(left[name]) * weight
        order.sort(key=lambda name: weights[name], reverse=True)
        assert list(event["weights"].items()) == [(name, weights[name]) for name in order]
        assert event["order"] == order
        _take(left[order[0]], spec)


def _take(host: HostState, spec: RequestSpec) -> None:
    host.consume_from_request(spec)
    if spec.instance_group:
        host.instances.setdefault(spec.instance_uuid, Instance(uuid=spec.instance_uuid))


def many(count: int) -> list[HostState]:
    said = dict.fromkeys(("disk_available_least",)) | {
        "memory_mb": 8192,
        "free_ram_mb": 8192,
        "vcpus": 8,
        "vcpus_used": 0,
        "free_disk_gb": 100,
        "cpu_allocation_ratio": 4.0,
        "hypervisor_version": 8002000,
        "io": 0,
        "servers": 0,
        "failed": 0,
        "supported": [["x86_64", "kvm", "hvm"]],
        "pools": None,
        "metrics": "[]",
        "disabled": False,
        "seen": "2026-01-01T00:00:00Z",
        "cell": "c1",
        "here": [],
        "aggregates": [],
    }
    return [state(number, said, []) for number in range(count)]


class Odd(RamFilter):
    """Passes hosts with an odd number; RamFilter's form for all hosts at once is not its own."""

    def host_passes(self, host_state: HostState, spec_obj: RequestSpec) -> bool:
        return int(host_state.host[1:]) % 2 == 1


class Shrinking(BaseHostFilter):
    """Takes memory from every host that it is asked about."""

    def host_passes(self, host_state: HostState, spec_obj: RequestSpec) -> bool:
        host_state.free_ram_mb -= int(host_state.host[1:])
        return True


class Lazy(BaseHostWeigher):
    """Likes hosts less that have been asked about often."""

    def __init__(self) -> None:
        self.asked: dict[str, int] = {}

    def _weigh_object(self, host_state: HostState, weight_properties: RequestSpec) -> float:
        self.asked[host_state.host] = self.asked.get(host_state.host, 0) + 1
        return -self.asked[host_state.host] * int(host_state.host[1:])


def decided(filters: list[type], weighers: list[type], servers: int, count: int = 4) -> Request:
    found = Request(Config(), filters, weighers)
    found.decide(spec_of({}, (1, 64, 1)), many(count), servers)
    return found


def test_a_filter_derived_from_a_stock_one_is_asked_itself() -> None:
    (event,) = [
        event.data
        for event in decided([Odd], [], 1).clock.journal
        if event.kind == "scheduler.filter" and event.data["filter"] == "Odd"
    ]
    assert event["verdicts"] == {"h0": "False", "h1": True, "h2": "False", "h3": True}


def test_what_a_filter_of_ones_own_changes_on_a_host_is_weighed() -> None:
    found = decided([Shrinking], [], 3)
    weighed = [event.data for event in found.clock.journal if event.kind == "scheduler.weigh"]
    ram = [
        next(one["raw"] for one in data["weighers"] if one["name"] == "RAMWeigher")
        for data in weighed
    ]
    assert ram[0] == {"h0": 8192, "h1": 8191, "h2": 8190, "h3": 8189}
    assert ram[1]["h3"] == 8186
    assert any("(h3, h3) ram: 8183MB" in line for line in lines(found, "Filtered"))


def test_a_weigher_of_ones_own_is_asked_about_each_host_for_each_server() -> None:
    found = decided([], [Lazy], 3)
    weighed = [
        event.data["weighers"][-1]
        for event in found.clock.journal
        if event.kind == "scheduler.weigh"
    ]
    assert [one["raw"]["h2"] for one in weighed] == [-2, -4, -6, -8]


def test_an_option_that_changes_within_a_request_counts_from_then_on() -> None:
    found = Request(Config(), [], [])
    standings = found.manager.standings(many(3))
    spec = spec_of({}, (1, 64, 1))
    found.manager.get_weighed_hosts(standings, spec)
    assert standings.ranking.weights.tolist() == [3.0] * 3
    found.scheduler.conf.set("filter_scheduler.ram_weight_multiplier", 5.0)
    found.manager.get_weighed_hosts(standings, spec)
    assert standings.ranking.weights.tolist() == [7.0] * 3


def lines(found: Request, begin: str) -> list[str]:
    logged = (event.data["message"] for event in found.clock.journal if event.kind == "log")
    return [line for line in logged if line.startswith(begin)]


def test_long_lines_are_made_when_they_are_read_and_say_how_it_was_then() -> None:
    found = decided([], [], 3)
    assert sum(isinstance(event.data, Late) for event in found.clock.journal) > 3 * 39
    assert lines(found, "RAMWeigher: raw weights")[1] == (
        "RAMWeigher: raw weights {('h0', 'h0'): 8128, ('h1', 'h1'): 8192, ('h2', 'h2'): 8192, ('h3', 'h3'): 8192}"
    )
    assert lines(found, "Weighed")[1].startswith(
        "Weighed [WeighedHost [host: (h1, h1) ram: 8192MB disk: 102400MB io_ops: 0 instances: 0, "
    )
    assert lines(found, "Weighed") == lines(found, "Weighed")


def test_what_is_told_does_not_depend_on_the_order_in_which_it_is_read() -> None:
    found = decided([], [], 6)
    weighed = [event for event in found.clock.journal if event.kind == "scheduler.weigh"]
    forwards = [event.data.copy() for event in weighed]
    assert [event.data.copy() for event in reversed(weighed)] == forwards[::-1]


def test_one_host_that_is_left_is_not_weighed() -> None:
    found = decided([], [], 2, count=1)
    assert lines(found, "Weighed")[0].endswith("weight: 0.0]]")
    assert not [event for event in found.clock.journal if event.kind == "scheduler.weigh"]


@pytest.mark.parametrize("name", sorted(all_weighers()))
def test_every_stock_weigher_answers_for_all_hosts_at_once(name: str) -> None:
    weigher = loadables.make(all_weighers()[name], Config(), Clock())
    columns = HostColumns(many(3))
    raw = weigher.weigh_hosts(columns, RequestSpec())
    assert raw.tolist() == [weigher._weigh_object(host, RequestSpec()) for host in columns.hosts]

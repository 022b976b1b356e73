"""What the scheduler answers where the recordings have no word: odd requests, odd clouds, filters of one's own."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from simnova import UsageError
from simnova.nova.scheduler.filters import BaseHostFilter, Rejected
from simnova.scenario import config, from_json, host_states, request_spec

Data = dict[str, Any]


def asked(small: Data, **request: Any) -> Data:
    return small | {"request": small["request"] | request}


def with_specs(small: Data, **specs: str) -> Data:
    return asked(small, flavor=small["request"]["flavor"] | {"extra_specs": specs})


def test_no_hosts_are_no_candidates(small: Data) -> None:
    answer = from_json(small | {"hosts": []}).answer()
    assert (answer["hosts"], answer["order"], answer["selections"]) == ({}, [], None)
    assert answer["error"] == "No valid host was found. "


def test_a_ratio_of_zero_promises_nothing(small: Data) -> None:
    small["hosts"][0]["ram_allocation_ratio"] = 0.0
    answer = from_json(small).answer()
    assert [answer["hosts"][host]["placement"] for host in "ab"] == [False, True]


def test_a_filter_that_there_is_not_keeps_the_scheduler_from_starting(small: Data) -> None:
    answer = from_json(small | {"enabled_filters": ["ComputeFilter", "Nope"]}).answer()
    assert answer["error"] == "Scheduler Host Filter Nope could not be found."
    assert (answer["hosts"], answer["selections"]) == ({}, None)


def test_filters_of_old_decide_where_they_are_enabled(small: Data) -> None:
    small["hosts"][0]["zone"] = "z1"
    data = asked(small, availability_zone="z1") | {"enabled_filters": ["AvailabilityZoneFilter"]}
    answer = from_json(data).answer()
    assert answer["hosts"]["a"]["filters"]["AvailabilityZoneFilter"] is True
    assert answer["hosts"]["b"]["filters"]["AvailabilityZoneFilter"] is False
    assert answer["selections"] == [["a"]]


def test_in_the_classic_era_there_is_no_placement(small: Data) -> None:
    small["request"]["flavor"]["ram_mb"] = 99999
    answer = from_json(small | {"release": "mitaka"}).answer()
    assert answer["placement_query"] is None
    assert not answer["hosts"]["a"]["filters"]["RamFilter"]
    assert answer["error"] == "No valid host was found. There are not enough hosts available."


def test_a_filter_that_raises_ends_the_request(small: Data) -> None:
    answer = from_json(with_specs(small, **{"capabilities:free_ram_mb": ">= x"})).answer()
    raised = "EXC ValueError: could not convert string to float: 'x'"
    assert answer["hosts"]["a"]["filters"]["ComputeCapabilitiesFilter"] == raised
    assert (answer["error"], answer["selections"]) == (raised, None)
    assert not answer["hosts"]["a"]["passed"]


@pytest.mark.parametrize(
    ("spec", "value", "said"),
    [
        ("hw:numa_nodes", "x", "The property 'numa_nodes' cannot be 'x'."),
        ("pci_passthrough:alias", "nic:1", "PCI alias nic is not defined"),
    ],
)
def test_a_request_that_nova_refuses_has_its_words(
    small: Data, spec: str, value: str, said: str
) -> None:
    answer = from_json(with_specs(small, **{spec: value})).answer()
    assert answer["error"].startswith(said)
    assert answer["hosts"] == {}


@pytest.mark.parametrize("query", ["[", '{"a": 1}', 5, ["xor", 1, 2], ["<", "$free_ram_mb", "x"]])
def test_a_query_that_is_none_is_said_by_the_filter_that_reads_it(small: Data, query: Any) -> None:
    data = asked(small, hints={"query": query}) | {"enabled_filters": ["JsonFilter"]}
    answer = from_json(data).answer()
    assert answer["hosts"]["a"]["filters"]["JsonFilter"] == answer["error"]
    assert answer["error"].startswith("EXC ")


def test_a_query_may_be_nested_deeply(small: Data) -> None:
    query: Any = [">", "$free_ram_mb", 0]
    for _ in range(100):
        query = ["and", query]
    data = asked(small, hints={"query": query}) | {"enabled_filters": ["JsonFilter"]}
    assert from_json(data).answer()["selections"] == [["a", "b"]]


@pytest.mark.parametrize(
    "request_", [{"force_hosts": ["c"]}, {"requested_destination": {"host": "c"}}]
)
def test_a_host_that_there_is_not_is_not_asked_for(small: Data, request_: Data) -> None:
    answer = from_json(asked(small, **request_)).answer()
    assert answer["error"] == "No valid host was found. No such host - host: c node: None "
    assert answer["placement_query"] is None


def test_inventories_of_ones_own_have_steps_and_reserves(small: Data) -> None:
    small["hosts"][0]["extra_inventory"] = {"VGPU": {"total": 4, "used": 3}}
    small["hosts"][1]["extra_inventory"] = {"VGPU": {"total": 4, "reserved": 1, "step_size": 2}}
    answer = from_json(with_specs(small, **{"resources:VGPU": "2"})).answer()
    assert answer["selections"] == [["b"]]
    answer = from_json(with_specs(small, **{"resources:VGPU": "3"})).answer()
    assert answer["selections"] is None


def test_what_a_numa_node_has_given_away_is_gone(small: Data) -> None:
    for host, used in zip(small["hosts"], (0, 16000), strict=True):
        cell = {"id": 0, "cpus": [0, 1], "memory_mb": 16384, "memory_usage": used}
        host["numa_topology"] = {"cells": [cell]}
    data = with_specs(small, **{"hw:numa_nodes": "1"})
    answer = from_json(data | {"enabled_filters": ["NUMATopologyFilter"]}).answer()
    assert answer["selections"] == [["a"]]


def test_an_image_requires_traits(small: Data) -> None:
    small["hosts"][1]["traits"] = ["CUSTOM_GPU"]
    image = {"properties": {"trait:CUSTOM_GPU": "required"}}
    answer = from_json(asked(small, image=image)).answer()
    assert "&required=CUSTOM_GPU&" in answer["placement_query"]
    assert answer["selections"] == [["b"]]


def test_a_zone_may_be_named_twice(small: Data) -> None:
    zone = {"name": "az-z1", "metadata": {"availability_zone": "z1"}}
    small["hosts"][0] |= {"zone": "z1", "aggregates": ["az-z1"]}
    data = asked(small, availability_zone="z1") | {"aggregates": [zone]}
    assert from_json(data).answer()["selections"] == [["a"]]


def test_what_went_wrong_once_is_forgotten(small: Data) -> None:
    before = from_json(small).answer()
    small["hosts"][0]["stats"] = {"num_instances": "many"}
    assert from_json(small).answer()["error"].startswith("EXC ValueError")
    del small["hosts"][0]["stats"]
    assert from_json(small).answer() == before


def test_one_scenario_leaves_nothing_to_the_next(small: Data) -> None:
    before = from_json(small).answer()
    small["hosts"][0] |= {"name": "c", "traits": ["CUSTOM_X"], "instances": ["i"], "zone": "z"}
    from_json(asked(small, num_instances=3)).answer()
    small["hosts"][0] = small["hosts"][1] | {"name": "a"}
    assert from_json(small).answer() == before


class Picky(BaseHostFilter):
    """Passes one host; asks for another scenario while it does."""

    inner: Any = None

    def host_passes(self, host_state: Any, spec_obj: Any) -> Any:
        assert Picky.inner.answer()["selections"] == [["a", "b"]]
        return host_state.host == "b" or Rejected(f"{host_state.host} is not b")


def test_filters_of_ones_own_decide_too_and_may_ask_for_other_scenarios(small: Data) -> None:
    Picky.inner = from_json(small)
    answer = from_json(small).answer(filters=[Picky])
    assert answer["enabled_filters"][-1] == "Picky"
    assert [answer["hosts"][host]["filters"]["Picky"] for host in "ab"] == [False, True]
    assert answer["selections"] == [["b"]]


def test_what_is_no_filter_is_refused(small: Data) -> None:
    with pytest.raises(UsageError, match="BaseHostFilter"):
        from_json(small).answer(filters=[3])


def test_threads_do_not_meet(small: Data) -> None:
    scenarios = [from_json(asked(small, num_instances=count)) for count in (1, 2, 3, 4)]
    expected = [each.answer() for each in scenarios]
    found: dict[int, Any] = {}

    def work(number: int) -> None:
        found[number] = scenarios[number].answer()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[number] for number in range(4)] == expected


def test_the_objects_are_new_each_time(small: Data) -> None:
    read = from_json(small)
    host_states(read)[0].free_ram_mb = 0
    request_spec(read).flavor.memory_mb = 0
    config(read).set("scheduler.max_attempts", 1)
    assert host_states(read)[0].free_ram_mb == 16384
    assert request_spec(read).flavor.memory_mb == 1024
    assert config(read).scheduler.max_attempts == 3


def test_it_is_told_where_a_host_fell_out_and_why(small: Data) -> None:
    small["hosts"][0]["service"] = {"forced_down": True}
    small["hosts"] += [small["hosts"][1] | {"name": "c", "free_ram_mb": 0}]
    told = str(from_json(asked(small, ignore_hosts=["b"])).told())
    lines = {line.split()[0]: line for line in told.splitlines() if line}
    assert "the service is forced down" in lines["a"]
    assert "the request" in lines["b"]
    assert "Placement" in lines["c"]
    assert told.endswith("No valid host was found. There are not enough hosts available.")

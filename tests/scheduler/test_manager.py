"""select_destinations: candidates, filters, weights, claims and alternates, all or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest

from simnova.nova import exception
from simnova.nova.objects.request_spec import Destination


def queries(nova: Any) -> list[dict[str, list[str]]]:
    """What Placement was asked for candidates."""
    asked = [event.data for event in nova.events("http.request")]
    return [parse_qs(data["query"]) for data in asked if data["path"] == "/allocation_candidates"]


def three_hosts(nova: Any) -> None:
    for name, free in (("host1", 4096), ("host2", 8192), ("host3", 2048)):
        nova.host(name, free_ram_mb=free)


def test_the_heaviest_host_is_claimed_and_the_next_ones_are_alternates(nova: Any) -> None:
    three_hosts(nova)
    assert nova.select(nova.scheduler()) == [["host2", "host1", "host3"]]
    assert nova.claimed() == {"host2": 1}


def test_placement_is_asked_what_nova_34_asks(nova: Any) -> None:
    three_hosts(nova)
    nova.select(nova.scheduler(), memory_mb=512, root_gb=1)
    (event,) = [
        e for e in nova.events("http.request") if e.data["path"] == "/allocation_candidates"
    ]
    assert event.data["query"] == (
        "limit=1000&resources=DISK_GB%3A1%2CMEMORY_MB%3A512%2CVCPU%3A1"
        "&root_required=OWNER_NOVA%2C%21COMPUTE_STATUS_DISABLED"
    )


def test_an_old_compute_service_keeps_owner_nova_out_of_the_query(nova: Any) -> None:
    nova.host("host1")
    nova.host("host2", service={"version": 72})
    nova.select(nova.scheduler())
    assert queries(nova)[0]["root_required"] == ["!COMPUTE_STATUS_DISABLED"]
    assert any("not all nova-compute services are upgraded" in line for line in nova.log("WARNING"))


def test_the_selection_carries_the_claim_and_the_cell(nova: Any) -> None:
    nova.host("host1")
    nova.host("host2", cell=2, free_ram_mb=1024)
    ((chosen,),) = nova.ask(nova.scheduler())
    claim = json.loads(chosen.allocation_request)
    assert claim["allocations"][chosen.compute_node_uuid]["resources"]["MEMORY_MB"] == 1024
    assert (chosen.cell_uuid, chosen.availability_zone) == ("c1", "nova")
    assert chosen.allocation_request_version == "1.36"


def test_servers_of_one_request_see_each_other(nova: Any) -> None:
    for name in ("host1", "host2", "host3"):
        nova.host(name)
    found = nova.select(nova.scheduler(), 3)
    assert sorted(hosts[0] for hosts in found) == ["host1", "host2", "host3"]
    assert nova.claimed() == {"host1": 1, "host2": 1, "host3": 1}


def test_an_alternate_was_never_chosen_in_the_request_and_is_of_the_same_cell(nova: Any) -> None:
    for name, cell in (("a1", 1), ("a2", 1), ("a3", 1), ("b1", 2), ("b2", 2)):
        nova.host(name, cell)
    for chosen, *alternates in nova.select(nova.scheduler(max_attempts=5), 2):
        assert {name[0] for name in alternates} == {chosen[0]}
        assert not {chosen, "a1", "b1"} & set(alternates)


def test_max_attempts_of_one_leaves_no_alternates(nova: Any) -> None:
    three_hosts(nova)
    assert nova.select(nova.scheduler(max_attempts=1)) == [["host2"]]


def test_fewer_hosts_than_servers_fails_for_all_and_removes_the_claims(nova: Any) -> None:
    nova.host("host1", memory_mb=2048, free_ram_mb=2048)
    with pytest.raises(exception.NoValidHost, match="There are not enough hosts available"):
        nova.select(nova.scheduler(), 3, memory_mb=1024)
    assert nova.claimed() == {}


def test_no_candidates_is_no_valid_host_without_a_reason(nova: Any) -> None:
    nova.host("host1")
    with pytest.raises(exception.NoValidHost) as caught:
        nova.select(nova.scheduler(), memory_mb=65536)
    assert str(caught.value) == "No valid host was found. "
    assert any(line.startswith("Got no allocation candidates") for line in nova.log("INFO"))


def test_a_host_that_another_scheduler_has_filled_is_passed_over(nova: Any) -> None:
    nova.host("host1", memory_mb=2048, free_ram_mb=2048)
    nova.host("host2", memory_mb=2048, free_ram_mb=1024)
    fill = nova.scheduler(filters=[])
    racing = nova.scheduler()
    asked = racing.placement_client.get_allocation_candidates

    async def then_filled(context: Any, resources: Any) -> Any:
        found = await asked(context, resources)
        spec = nova.spec(memory_mb=2048, force_hosts=["host1"])
        racing.placement_client.get_allocation_candidates = asked
        await fill.select_destinations(context, spec, [nova.clock.uuid("other")])
        return found

    racing.placement_client.get_allocation_candidates = then_filled
    assert nova.select(racing, memory_mb=1024)[0][0] == "host2"
    assert nova.claimed() == {"host1": 1, "host2": 1}


def test_forced_hosts_are_not_filtered_but_placement_is_asked_for_their_tree(nova: Any) -> None:
    nova.host("host1")
    nova.host("host2", service={"disabled": True})
    assert nova.select(nova.scheduler(), force_hosts=["host2"])[0] == ["host2"]
    assert len(queries(nova)[0]["in_tree"]) == 1
    assert nova.events("scheduler.filter") == []


def test_a_requested_destination_is_filtered(nova: Any) -> None:
    nova.host("host1")
    nova.host("host2", service={"disabled": True})
    scheduler = nova.scheduler()
    assert nova.select(scheduler, requested_destination=Destination(host="host1")) == [["host1"]]
    with pytest.raises(exception.NoValidHost, match="not enough hosts"):
        nova.select(scheduler, requested_destination=Destination(host="host2"))


def test_an_unknown_forced_host_is_named(nova: Any) -> None:
    nova.host("host1")
    with pytest.raises(exception.NoValidHost, match="No such host - host: nowhere node: None"):
        nova.select(nova.scheduler(), force_hosts=["nowhere"])


def test_ignored_hosts_are_left_out(nova: Any) -> None:
    three_hosts(nova)
    assert nova.select(nova.scheduler(), ignore_hosts=["HOST2"]) == [["host1", "host3"]]


def test_a_cell_that_does_not_answer_is_left_out(nova: Any) -> None:
    nova.host("host1")
    nova.host("host2", cell=2)
    scheduler = nova.scheduler()
    read = nova.place.databases["nova_cell2"]
    asked = scheduler.placement_client.get_allocation_candidates

    async def then_down(context: Any, resources: Any) -> Any:
        read.refusing = "connection lost"
        return await asked(context, resources)

    scheduler.placement_client.get_allocation_candidates = then_down
    assert nova.select(scheduler) == [["host1"]]
    assert "Failed to get computes for cell c2: connection lost" in nova.log("WARNING")


def test_a_disabled_cell_takes_no_servers(nova: Any) -> None:
    nova.host("host1")
    nova.host("host2", cell=2, memory_mb=65536, free_ram_mb=65536)
    nova.do(nova.place.api_database.update("cell_mappings", {"uuid": "c2"}, {"disabled": True}))
    assert nova.select(nova.scheduler()) == [["host1"]]


def test_a_host_without_a_service_record_is_passed_over(nova: Any) -> None:
    nova.host("host1")
    nova.host("host2")
    nova.do(nova.place.databases["nova_cell1"].delete("services", {"host": "host1"}))
    assert nova.select(nova.scheduler()) == [["host2"]]
    assert "No compute service record found for host host1" in nova.log("WARNING")


def test_a_rebuild_asks_only_the_filters_that_decide_on_rebuilds(nova: Any) -> None:
    nova.host("host1", service={"disabled": True})
    hints = {"_nova_check_type": ["rebuild"]}
    assert nova.select(nova.scheduler(), scheduler_hints=hints) == [["host1"]]
    assert queries(nova) == []
    assert nova.claimed() == {}


def test_without_placement_the_filters_of_old_decide(nova: Any) -> None:
    nova.host("host1", free_ram_mb=-2048, ram_allocation_ratio=1.5)
    nova.host("host2", free_ram_mb=-3584, ram_allocation_ratio=1.5)
    options = {"enabled_filters": ["RamFilter", "ComputeFilter"]}
    scheduler = nova.scheduler(placement=False, filter_scheduler=options)
    ((chosen,),) = nova.ask(scheduler, memory_mb=2048)
    assert (chosen.service_host, chosen.limits) == ("host1", {"memory_mb": 8192 * 1.5})
    verdicts = nova.events("scheduler.filter")[0].data["verdicts"]
    assert verdicts == {"host1": True, "host2": "needs 2048 MB, 512 MB of 8192 x 1.5 free"}


def test_a_subset_of_the_best_shares_the_load(another: Callable[[int], Any]) -> None:
    chosen = set()
    for seed in range(12):
        nova = another(seed)
        three_hosts(nova)
        options = {"host_subset_size": 2}
        chosen.add(nova.select(nova.scheduler(filter_scheduler=options))[0][0])
    assert chosen == {"host1", "host2"}


def test_shuffling_touches_only_the_best_of_equal_weight(another: Callable[[int], Any]) -> None:
    chosen = set()
    for seed in range(12):
        nova = another(seed)
        for name in ("host1", "host2"):
            nova.host(name)
        nova.host("host3", free_ram_mb=4096)
        options = {"shuffle_best_same_weighed_hosts": True}
        first, _, third = nova.select(nova.scheduler(filter_scheduler=options))[0]
        chosen.add(first)
        assert third == "host3"
    assert chosen == {"host1", "host2"}


def test_among_equals_the_first_listed_wins(nova: Any) -> None:
    for name in ("host2", "host1", "host3"):
        nova.host(name)
    assert nova.select(nova.scheduler()) == [["host2", "host1", "host3"]]


def test_the_choice_is_journalled_with_its_alternates(nova: Any) -> None:
    three_hosts(nova)
    ((chosen, *_),) = nova.ask(nova.scheduler())
    (event,) = nova.events("scheduler.select")
    assert event.data["host"] == chosen.service_host
    assert event.data["alternates"] == ["host1", "host3"]

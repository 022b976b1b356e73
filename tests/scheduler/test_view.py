"""The scheduler's view: who is up, and which servers it believes to be where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simnova.config import Config
from simnova.nova import servicegroup
from simnova.nova.objects.aggregate import Aggregate
from simnova.nova.objects.instance import Instance
from simnova.nova.scheduler.host_manager import HostManager


def servers(*uuids: str) -> list[Instance]:
    return [Instance(uuid=uuid) for uuid in uuids]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({}, None),
        ({"forced_down": True}, "the service is forced down"),
        ({"last_seen_up": None}, None),
        ({"last_seen_up": None, "created_at": None}, "the service has never reported"),
        ({"last_seen_up": "2025-12-31T23:59:00Z"}, None),
        (
            {"last_seen_up": "2025-12-31T23:58:59Z"},
            "no report for 61 s, service_down_time is 60 s",
        ),
    ],
)
def test_a_service_is_up_while_it_reports(nova: Any, row: dict[str, Any], why: str | None) -> None:
    api = servicegroup.API(Config(), type(nova.clock)())
    now = {"last_seen_up": "2026-01-01T00:00:00Z", "created_at": "2026-01-01T00:00:00Z"}
    assert api.why_down({**now, **row}) == why
    assert api.service_is_up({**now, **row}) is (why is None)


def test_service_down_time_is_kept_above_the_report_interval() -> None:
    from simnova.kernel.clock import Clock

    api = servicegroup.API(Config(report_interval=60, service_down_time=30), Clock())
    assert api.service_down_time == 150


@pytest.fixture
def view(nova: Any) -> Any:
    """What the scheduler believes to be on host1, where the database has server a."""
    nova.host("host1")
    nova.server("a", "host1")
    scheduler = nova.scheduler()

    def of_host(*steps: tuple[str, Any]) -> list[str]:
        for method, argument in steps:
            nova.do(getattr(scheduler, method)(nova.context, "host1", argument))
        (state,) = nova.do(
            scheduler.host_manager.get_host_states_by_uuids(nova.context, None, nova.spec())
        )
        return sorted(state.instances)

    return of_host


def test_of_a_host_that_never_told_the_database_is_asked(view: Any) -> None:
    assert view() == ["a"]


def test_a_host_that_tells_all_it_has_is_believed(view: Any) -> None:
    assert view(("update_instance_info", servers("b", "c"))) == ["b", "c"]


def test_the_first_word_of_an_unknown_host_makes_the_scheduler_read(nova: Any, view: Any) -> None:
    assert view(("update_instance_info", servers("b"))) == ["a"]
    text = "Received an update from an unknown host 'host1'. Re-created its InstanceList."
    assert text in nova.log("INFO")


def test_later_words_add_to_what_was_read(view: Any) -> None:
    first = ("update_instance_info", servers("a"))
    assert view(first, ("update_instance_info", servers("b"))) == ["a", "b"]


def test_a_server_that_is_gone_is_forgotten(view: Any) -> None:
    first = ("update_instance_info", servers("b", "c"))
    assert view(first, ("delete_instance_info", "b")) == ["c"]


def test_a_sync_that_does_not_match_makes_the_scheduler_read(nova: Any, view: Any) -> None:
    first = ("update_instance_info", servers("b", "c"))
    assert view(first, ("sync_instance_info", ["c"])) == ["a"]
    assert any("did not match" in line for line in nova.log("INFO"))


def test_a_sync_that_matches_confirms(nova: Any, view: Any) -> None:
    first = ("update_instance_info", servers("b", "c"))
    assert view(first, ("sync_instance_info", ["c", "b"])) == ["b", "c"]
    assert "Successfully synced instances from host 'host1'." in nova.log("DEBUG")


def seen(manager: HostManager, nova: Any, uuids: list[str] | None) -> list[dict[str, Any]]:
    """What a request sees of the hosts, whole."""
    states = nova.do(manager.get_host_states_by_uuids(nova.context, uuids, nova.spec()))
    found = [vars(state) | {"service": dict(state.service)} for state in states]
    pools = [each.pop("pci_stats").pools for each in found]
    return [each | {"pools": held} for each, held in zip(found, pools, strict=True)]


HOST = st.sampled_from(["h0", "h1", "h2"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("compute_nodes"), HOST, st.sampled_from(["free_ram_mb", "vcpus_used"])),
        st.tuples(
            st.just("services"), HOST, st.sampled_from(["disabled", "forced_down", "deleted"])
        ),
        st.tuples(st.just("compute_nodes"), HOST, st.sampled_from(["disk_available_least"])),
        st.tuples(st.just("instances"), HOST, st.just("host")),
        st.tuples(st.just("deleted"), HOST, st.just("")),
        st.tuples(st.just("look"), HOST, st.just("")),
    ),
    max_size=8,
)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # `another` makes one each time
)
@given(steps=STEPS)
def test_every_request_sees_the_rows_of_that_moment(
    another: Callable[[int], Any], steps: list[tuple[str, str, str]]
) -> None:
    """A view that is kept shows what one shows that is made for the request."""
    nova = another(0)
    for number in range(3):
        nova.host(f"h{number}", cell=1 + number % 2, pci_device_pools=[{"count": number}])
    kept = nova.scheduler().host_manager
    for number, (what, host, column) in enumerate(steps):
        cell = nova.place.databases[f"nova_cell{1 + int(host[1]) % 2}"]
        if what == "look":
            states = nova.do(kept.get_host_states_by_uuids(nova.context, None, nova.spec()))
            for state in states:
                state.consume_from_request(nova.spec())
                state.limits["vcpu"] = 1
                state.pci_stats.pools.clear()
        elif what == "deleted":
            nova.do(cell.delete("compute_nodes", {"host": host}))
        elif what == "instances":
            nova.do(cell.update(what, {"uuid": f"s{number - 1}"}, {"host": None}))
            nova.server(f"s{number}", host, cell=1 + int(host[1]) % 2)
        else:
            value = number % 2 == 0 if column in ("disabled", "forced_down") else number
            nova.do(cell.update(what, {"host": host}, {column: value}))
        fresh = nova.scheduler().host_manager
        uuids = [nova.clock.uuid("unknown"), *(one["uuid"] for one in seen(fresh, nova, None)[:2])]
        assert seen(kept, nova, None) == seen(fresh, nova, None)
        assert seen(kept, nova, uuids) == seen(fresh, nova, uuids)


def test_a_host_is_in_the_aggregates_that_it_is_in_now(nova: Any) -> None:
    manager = nova.scheduler().host_manager
    manager.update_aggregate(Aggregate(id=1, name="fast", hosts=["h0"]))
    assert [one.name for one in manager.get_aggregates_of_host("h0")] == ["fast"]
    manager.update_aggregate(Aggregate(id=1, name="fast", hosts=["h1"]))
    assert [one.name for one in manager.get_aggregates_of_host("h0")] == []
    manager.delete_aggregate(Aggregate(id=1))
    assert manager.get_aggregates_of_host("h1") == []

"""Filters and weighers from a cell: how they are chosen, asked, and blamed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simnova.exceptions import UsageError
from simnova.nova.scheduler.filters import BaseHostFilter, Rejected, get_filter_classes
from simnova.nova.scheduler.weights import BaseHostWeigher
from simnova.nova.weights import normalize

NUMBERS = st.lists(st.floats(-1e6, 1e6), min_size=1)


class Second(BaseHostFilter):
    """Passes host2 only, and says why."""

    def host_passes(self, host_state: Any, spec_obj: Any) -> Any:
        return host_state.host == "host2" or Rejected(f"{host_state.host} is not host2")


class Broken(BaseHostFilter):
    """Reads what is not there."""

    def host_passes(self, host_state: Any, spec_obj: Any) -> Any:
        return host_state.free_rum_mb > 0


class Odd(BaseHostFilter):
    """Answers neither True nor False."""

    def host_passes(self, host_state: Any, spec_obj: Any) -> Any:
        return "yes" if host_state.host == "host1" else []


class Once(BaseHostFilter):
    """Counts how often it was asked."""

    run_filter_once_per_request = True

    def __init__(self) -> None:
        self.asked = 0

    def host_passes(self, host_state: Any, spec_obj: Any) -> Any:
        self.asked += 1
        return True


class LastOfAll(BaseHostFilter):
    """Sees all hosts together."""

    def filter_all(self, filter_obj_list: Any, spec_obj: Any) -> Any:
        return list(filter_obj_list)[-1:]


class ByName(BaseHostWeigher):
    """The higher the number in the name, the better."""

    def weight_multiplier(self, host_state: Any) -> float:
        return 10.0

    def _weigh_object(self, host_state: Any, weight_properties: Any) -> float:
        return int(host_state.host[4:])


class Wrong(BaseHostWeigher):
    """A weight that is no number."""

    def _weigh_object(self, host_state: Any, weight_properties: Any) -> Any:
        return "heavy"


@pytest.fixture
def hosts(nova: Any) -> Any:
    for name in ("host1", "host2", "host3"):
        nova.host(name)
    return nova


def enabled(*filters: Any) -> dict[str, Any]:
    return {"filter_scheduler": {"enabled_filters": []}, "filters": filters}


def test_a_class_given_beside_the_names_decides_with_its_reason(hosts: Any) -> None:
    assert hosts.select(hosts.scheduler(filters=[Second])) == [["host2"]]
    event = hosts.events("scheduler.filter")[-1]
    assert event.data == {
        "filter": "Second",
        "instance": event.data["instance"],
        "asked": 3,
        "passed": 1,
        "verdicts": {"host1": "host1 is not host2", "host2": True, "host3": "host3 is not host2"},
    }


def test_names_and_classes_can_be_mixed_and_count_once() -> None:
    from simnova.nova.scheduler.filters.ram_filter import RamFilter

    named = get_filter_classes(["RamFilter", Second, "nova.scheduler.filters.RamFilter"])
    assert named == [RamFilter, Second]


def test_what_a_filter_raises_fails_the_request_and_names_its_line(hosts: Any) -> None:
    with pytest.raises(AttributeError, match="free_rum_mb"):
        hosts.select(hosts.scheduler(filters=[Broken]))
    (line, *_) = hosts.log("ERROR")
    assert line.startswith("Broken raised AttributeError about host1: ")
    assert ": return host_state.free_rum_mb > 0" in line.splitlines()[0]
    assert "Traceback" in line
    assert 'File "/' not in line
    assert hosts.claimed() == {}


def test_any_answer_is_taken_for_true_or_false(hosts: Any) -> None:
    assert hosts.select(hosts.scheduler(filters=[Odd])) == [["host1"]]
    verdicts = hosts.events("scheduler.filter")[-1].data["verdicts"]
    assert verdicts == {"host1": True, "host2": "[]", "host3": "[]"}


def test_zero_hosts_left_stop_the_filters(hosts: Any) -> None:
    with pytest.raises(Exception, match="not enough hosts"):
        hosts.select(hosts.scheduler(**enabled(lambda_filter("host9"), Second)))
    assert [event.data["filter"] for event in hosts.events("scheduler.filter")] == ["Only"]
    lines = hosts.log("INFO")
    assert "Filter Only returned 0 hosts" in lines
    assert any("Filter results: ['Only: (start: 3, end: 0)']" in line for line in lines)


def lambda_filter(name: str) -> type[BaseHostFilter]:
    class Only(BaseHostFilter):
        def host_passes(self, host_state: Any, spec_obj: Any) -> Any:
            return host_state.host == name

    return Only


def test_a_filter_may_ask_to_run_for_the_first_server_only(hosts: Any) -> None:
    scheduler = hosts.scheduler(**enabled(Once))
    hosts.select(scheduler, 2)
    (made,) = scheduler.host_manager.enabled_filters
    assert made.asked == 3


def test_a_filter_that_sees_all_hosts_is_asked_once(hosts: Any) -> None:
    assert hosts.select(hosts.scheduler(**enabled(LastOfAll))) == [["host3"]]
    assert hosts.events("scheduler.filter")[-1].data["verdicts"]["host1"] == "False"


def test_an_object_is_copied_so_that_the_next_cloud_starts_afresh(hosts: Any) -> None:
    given_filter = Once()
    hosts.select(hosts.scheduler(**enabled(given_filter)))
    assert given_filter.asked == 0


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="unknown filter 'RamFliter': did you mean 'RamFilter'"):
        get_filter_classes(["RamFliter"])


def test_a_class_that_is_no_filter_is_refused() -> None:
    with pytest.raises(UsageError, match="is no filter: derive its class from BaseHostFilter"):
        get_filter_classes([int])


def test_the_default_filters_are_all_there(nova: Any) -> None:
    assert [type(one).__name__ for one in nova.scheduler().host_manager.enabled_filters] == [
        "ComputeFilter",
        "ComputeCapabilitiesFilter",
        "ImagePropertiesFilter",
        "ServerGroupAntiAffinityFilter",
        "ServerGroupAffinityFilter",
    ]


def test_a_weigher_from_a_cell_counts_with_its_multiplier(hosts: Any) -> None:
    assert hosts.select(hosts.scheduler(weighers=[ByName])) == [["host3", "host2", "host1"]]
    (event,) = hosts.events("scheduler.weigh")
    (mine,) = [each for each in event.data["weighers"] if each["name"] == "ByName"]
    assert mine["raw"] == {"host1": 1, "host2": 2, "host3": 3}
    assert mine["normalized"] == {"host1": 0.0, "host2": 0.5, "host3": 1.0}
    assert mine["multiplier"] == 10.0
    assert event.data["order"] == ["host3", "host2", "host1"]


def test_a_weight_that_is_no_number_fails_the_request_with_a_log_line(hosts: Any) -> None:
    with pytest.raises(ValueError, match="heavy"):
        hosts.select(hosts.scheduler(weighers=[Wrong]))
    assert hosts.log("ERROR")[0].startswith("Wrong raised ValueError about host1")


def test_one_host_is_not_weighed(nova: Any) -> None:
    nova.host("host1")
    assert nova.select(nova.scheduler()) == [["host1"]]
    assert nova.events("scheduler.weigh") == []


@given(NUMBERS)
def test_normalized_weights_are_between_zero_and_one_and_keep_their_order(
    weights: list[float],
) -> None:
    scaled = normalize(weights)
    assert all(0.0 <= weight <= 1.0 for weight in scaled)
    order = sorted(range(len(weights)), key=weights.__getitem__)
    assert [scaled[i] for i in order] == sorted(scaled)


@given(st.floats(-1e6, 1e6), st.integers(1, 5))
def test_equal_weights_are_normalized_to_zero(weight: float, count: int) -> None:
    assert normalize([weight] * count) == [0.0] * count


def test_a_minval_is_the_foot_of_the_scale() -> None:
    assert normalize([4.0, 4.0, 2.0], minval=0) == [1.0, 1.0, 0.5]

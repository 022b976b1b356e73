"""What breaks a cloud, asked for wrongly: the mistake is told before anything happens, and the cloud goes on."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from simnova import Cloud, NovaError, UsageError, search
from simnova.explore import endings

HUGE = 10**400
NO_NAMES: list[Any] = [None, 0, -1, 1.5, math.nan, HUGE, True, "", "x", b"x", [], ["x"], {}, "a\nb"]
NO_NUMBERS: list[Any] = [None, -1, math.nan, math.inf, HUGE, True, "", "1", [], {}]

NAMES = [
    *(["crash", "stop", "start", "restart", "cut_off", "reconnect", "power_off", "power_on"]),
    *(["refuse", "accept", "lose", "duplicate", "reorder", "reach"]),
]
NUMBERS: dict[str, Callable[[Cloud, Any], object]] = {
    "slow": lambda cloud, value: cloud.slow("nova-api", value),
    "slow_disk": lambda cloud, value: cloud.slow_disk("compute1", value),
    "fail, times": lambda cloud, value: cloud.fail("compute1", times=value),
    "lose, times": lambda cloud, value: cloud.lose("select_destinations", value),
    "delay": lambda cloud, value: cloud.delay("select_destinations", value),
    "reorder": lambda cloud, value: cloud.reorder("select_destinations", within=value),
    "crash_at": lambda cloud, value: cloud.crash_at("rpc.cast", "nova-api", value),
    "at": lambda cloud, value: cloud.at(value),
    "pace": lambda cloud, value: cloud.run(pace=value) if value is not None else cloud.at(value),
    "set": lambda cloud, value: cloud.set("filter_scheduler.host_subset_size", value),
}
SWITCHES: dict[str, Callable[[Cloud, Any], object]] = {
    "lose": lambda cloud, value: cloud.lose("select_destinations", reply=value),
    "delay": lambda cloud, value: cloud.delay("select_destinations", 1, reply=value),
    "duplicate": lambda cloud, value: cloud.duplicate("select_destinations", reply=value),
    "refuse": lambda cloud, value: cloud.refuse("nova_api", hang=value),
}


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with Cloud(hosts=1) as made:
        made.boot("web")
        made.run()
        yield made


def refused(cloud: Cloud, ask: Callable[[], object]) -> str:
    """It is a UsageError of a readable length, and nothing has happened in the cloud."""
    before = len(cloud.journal)
    with pytest.raises(UsageError) as told:
        ask()
    assert len(cloud.journal) == before
    return str(told.value)


@pytest.mark.parametrize("verb", NAMES)
@pytest.mark.parametrize("name", NO_NAMES, ids=lambda name: repr(name)[:20])
def test_what_is_no_name_breaks_nothing(cloud: Cloud, verb: str, name: Any) -> None:
    said = refused(cloud, lambda: getattr(cloud, verb)(name))
    assert said.startswith("unknown")
    assert "\n" not in said
    assert len(said) < 1500


@pytest.mark.parametrize("what", NUMBERS)
@pytest.mark.parametrize("value", NO_NUMBERS, ids=lambda value: repr(value)[:20])
def test_what_is_no_number_breaks_nothing(cloud: Cloud, what: str, value: Any) -> None:
    if what == "set" and value in ("1", HUGE):
        pytest.skip("as in nova.conf, where every value is a text, and this option has no limit")
    assert len(refused(cloud, lambda: NUMBERS[what](cloud, value))) < 1000


@pytest.mark.parametrize("what", SWITCHES)
@pytest.mark.parametrize("value", [None, 0, "no", []])
def test_what_is_neither_true_nor_false_breaks_nothing(cloud: Cloud, what: str, value: Any) -> None:
    assert "give True or False" in refused(cloud, lambda: SWITCHES[what](cloud, value))


@pytest.mark.parametrize("until", [math.nan, math.inf, HUGE], ids=["nan", "inf", "huge"])
def test_a_run_until_a_time_that_never_comes_is_not_begun(cloud: Cloud, until: Any) -> None:
    assert "never ends" in refused(cloud, lambda: cloud.run(until))


@pytest.mark.parametrize("timeout", [None, -1, math.nan, "x", True])
def test_a_limit_that_is_none_is_refused(cloud: Cloud, timeout: Any) -> None:
    assert "timeout=" in refused(cloud, lambda: cloud.run(timeout=timeout))


@pytest.mark.parametrize("step", ["x", 1.5, -1, 10**9, [], math.nan])
def test_there_is_no_fork_at_what_is_no_step(cloud: Cloud, step: Any) -> None:
    assert "no event" in refused(cloud, lambda: cloud.fork(step))


def test_a_failure_is_checked_before_it_is_arranged(cloud: Cloud) -> None:
    assert "driver method or step" in refused(cloud, lambda: cloud.fail("compute1", "explode"))
    error: Any = 5
    assert "give a text" in refused(cloud, lambda: cloud.fail("compute1", "start", error))


def test_a_body_that_is_no_json_is_not_sent(cloud: Cloud) -> None:
    name: Any = b"web"
    assert "cannot be sent as JSON" in refused(cloud, lambda: cloud.boot(name))


@pytest.mark.parametrize("where", [None, 1, "x", [], {"uuid": {}}, {"id": HUGE}])
def test_what_is_no_condition_changes_no_row(cloud: Cloud, where: Any) -> None:
    refused(cloud, lambda: cloud.update_rows("nova_cell1.instances", where, host="x"))


@pytest.mark.parametrize("table", NO_NAMES, ids=lambda name: repr(name)[:20])
def test_what_is_no_table_has_no_rows_to_change(cloud: Cloud, table: Any) -> None:
    assert "unknown table" in refused(cloud, lambda: cloud.update_rows(table, {}, host="x"))


@pytest.mark.parametrize("server", ["nobody", 1, "", []])
def test_allocations_are_healed_of_servers_alone(cloud: Cloud, server: Any) -> None:
    assert "is no server" in refused(cloud, lambda: cloud.heal_allocations(server))


def test_after_all_these_mistakes_the_cloud_forks_and_goes_on(cloud: Cloud) -> None:
    cloud.fork().close()
    assert cloud.boot("after").name == "after"


def test_an_input_that_failed_fails_again_in_a_fork() -> None:
    with Cloud(hosts=1) as cloud:
        cloud.boot("web")
        cloud.run()
        with pytest.raises(NovaError):
            cloud.update_rows("nova_cell1.instances", {}, id=None)
        with cloud.fork() as twin:
            assert len(twin.journal) == len(cloud.journal)


def test_what_is_changed_after_it_was_given_is_as_it_was_in_a_fork() -> None:
    with Cloud(hosts=1) as cloud:
        body: Any = {"flavor": {"name": "mine", "ram": 512, "vcpus": 1, "disk": 1}}
        cloud.request("POST", "/v2.1/flavors", body)
        body["flavor"]["name"] = "yours"
        with cloud.fork() as twin:
            assert "mine" in twin.flavors


CLOSED: dict[str, Callable[[Cloud], object]] = {
    **{name: lambda cloud, verb=name: getattr(cloud, verb)("nova-api") for name in NAMES[:6]},
    "power_on": lambda cloud: cloud.power_on("compute1"),
    "reach": lambda cloud: cloud.reach("compute1"),
    "accept": lambda cloud: cloud.accept("nova_api"),
    "heal": lambda cloud: cloud.heal(),
    "run": lambda cloud: cloud.run(),
    "run until": lambda cloud: cloud.run(100),
    "step": lambda cloud: cloud.step(),
    "at": lambda cloud: cloud.at(500).crash("nova-api"),
    "add_host": lambda cloud: cloud.add_host("n1"),
    "poweroff": lambda cloud: cloud.servers["web"].power_off_inside(),
}


@pytest.mark.parametrize("verb", CLOSED)
def test_a_closed_cloud_says_that_it_is_closed(verb: str) -> None:
    cloud = Cloud(hosts=1)
    cloud.boot("web")
    cloud.close()
    assert "this cloud is closed" in refused(cloud, lambda: CLOSED[verb](cloud))


def test_another_thread_may_ask_look_and_break_while_the_cloud_runs() -> None:
    with Cloud(hosts=2) as cloud:
        cloud.boot("web")
        running = threading.Thread(target=cloud.run, args=(600,))
        running.start()
        for number in range(5):
            cloud.submit(f"more{number}")
            assert cloud.sql("SELECT COUNT(*) FROM nova_cell1.instances").rows
            assert len(cloud.services) == 4
            cloud.slow("nova-scheduler", number)
        running.join()
        cloud.fork().close()


@pytest.mark.parametrize("cost", NO_NUMBERS, ids=lambda value: repr(value)[:20])
def test_work_costs_a_number_of_seconds_that_ends(cost: Any) -> None:
    with pytest.raises(UsageError, match="cost of a request"):
        Cloud(hosts=1, costs={"request": cost})


@pytest.mark.parametrize("option", ["report_interval", "rpc_response_timeout", "long_rpc_timeout"])
def test_no_wait_is_shorter_than_none(option: str) -> None:
    with pytest.raises(UsageError, match="at least 0"):
        Cloud(hosts=1, config={option: -1})


def test_without_an_interval_nobody_reports() -> None:
    with Cloud(hosts=1, config={"report_interval": 0}) as cloud:
        cloud.run(100)
        assert {service["State"] for service in cloud.services.table().as_dicts()} == {"down"}


def test_an_option_has_a_name() -> None:
    config: Any = {1: 1}
    with pytest.raises(UsageError, match="1 is no option"):
        Cloud(config=config)


@pytest.mark.parametrize("step", ["x", 1.5, -1, 10**9, [], math.nan])
def test_the_load_is_that_between_two_steps(step: Any) -> None:
    with Cloud(hosts=1, costs="measured") as cloud:
        assert "no event" in refused(cloud, lambda: cloud.load(0, step))
        assert cloud.load(0).processes().rows


def test_a_fork_stands_at_the_same_time() -> None:
    with Cloud(hosts=1) as cloud:
        cloud.boot("web")
        assert cloud.now > cloud.journal[-1].time
        with cloud.fork() as twin:
            assert twin.now == cloud.now


def _ask(cloud: Cloud) -> None:
    cloud.submit("web")


async def _later(cloud: Cloud) -> None:
    cloud.submit("web")


def _slowly(cloud: Cloud) -> Iterator[object]:
    yield cloud.submit("web")


@pytest.mark.parametrize("scenario", [_later, _slowly, None, "boot"])
def test_a_scenario_that_does_nothing_is_not_searched(scenario: Any) -> None:
    with pytest.raises(UsageError, match="scenario="):
        search(scenario, hosts=1, runs=1)


def test_a_scenario_that_closes_its_cloud_is_told_so() -> None:
    with pytest.raises(UsageError, match="this cloud is closed"):
        search(lambda cloud: cloud.close(), hosts=1, runs=1)


@pytest.mark.parametrize("answer", [5, [], {}, "nothing"[:0].encode(), object()])
def test_a_property_answers_yes_no_or_what_is_wrong(answer: Any) -> None:
    with pytest.raises(UsageError, match="return True where it holds"):
        search(_ask, lambda cloud: answer, hosts=1, runs=1)


def test_what_must_always_hold_may_only_look() -> None:
    with pytest.raises(UsageError, match="may only look"):
        search(_ask, always=lambda cloud: cloud.submit("more") is not None, hosts=1, runs=1)


def test_at_random_is_a_switch() -> None:
    yes: Any = "yes"
    with pytest.raises(UsageError, match="at_random='yes'"):
        search(_ask, hosts=1, runs=1, at_random=yes)


@pytest.mark.parametrize("scenario", [None, 5, _ask])
def test_endings_are_those_of_a_scenario(scenario: Any) -> None:
    with pytest.raises(UsageError, match="is no scenario"):
        endings(scenario)

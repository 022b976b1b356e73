"""A decision as a scenario: rebuilt from the journal, it is answered as it was decided."""

import json

import pytest

from simnova import Cloud, Host, scenario
from simnova.exceptions import UsageError
from simnova.nova.scheduler.filters import BaseHostFilter, Rejected
from simnova.scenario.play import play


class EvenMemory(BaseHostFilter):
    """A filter of somebody's own."""

    def host_passes(self, host_state, spec_obj):
        """Whether a whole number of GB is free."""
        left = host_state.free_ram_mb % 1024
        return left == 512 or Rejected(f"{left} MB over")


def hosts():
    return [
        Host(f"compute{n}", vcpus=4 + n % 3 * 4, memory_mb=4096 * (1 + n % 4)) for n in range(1, 9)
    ]


@pytest.fixture(scope="module")
def used() -> Cloud:
    """Eight hosts of which some are full, one is disabled, one is down; an aggregate; servers on them."""
    cloud = Cloud(hosts=hosts(), filters=[EvenMemory])
    for n in range(5):
        cloud.boot(f"s{n}", flavor="m1.small")
    cloud.run()
    cloud.crash("nova-compute@compute2")
    cloud.run(cloud.now + 100)
    cloud.set("filter_scheduler.cpu_weight_multiplier", 2.5)
    cloud.boot("web", flavor="m1.medium")
    cloud.run()
    return cloud


def agrees(cloud, made):
    """What the scheduler answers to the scenario is what was recorded: verdicts, weights, order, choice."""
    data = json.loads(json.dumps(made.scenario()))
    played = play(
        scenario.from_json(data),
        cloud.assembly.processes.filters,
        cloud.assembly.processes.weighers,
    )
    assert not scenario.from_json(data).warnings
    assert played.error is None
    candidates, *filters = made.rows
    assert sorted(played.candidates) == sorted(
        host for host, verdict in candidates.verdicts.items() if verdict.passed
    )
    for row in filters:
        for host, verdict in row.verdicts.items():
            told = played.verdicts[host][row.name]
            assert (told is True) == verdict.passed, (row.name, host)
    assert list(played.weights) == made.order
    assert played.weights == pytest.approx(made.weights, rel=1e-9)
    return played.selections


def test_a_decision_is_answered_as_it_was_decided_with_a_filter_of_ones_own(used):
    made = used.decision("web")
    assert {row.name for row in made.rows if any(not v.passed for v in row.verdicts.values())} >= {
        "Placement",
        "ComputeFilter",
    }
    assert agrees(used, made) == [[made.host, *made.alternates]]
    assert made.scenario()["config"]["filter_scheduler"]["cpu_weight_multiplier"] == 2.5


def test_an_earlier_decision_has_the_rows_and_options_of_its_own_step(used):
    made = used.decision("s3")
    assert agrees(used, made)[0][0] == made.host
    assert "cpu_weight_multiplier" not in json.dumps(made.scenario())
    counted = sum(host["num_instances"] for host in made.scenario()["hosts"])
    assert counted <= 3


def test_all_servers_of_one_request_are_answered_at_once():
    cloud = Cloud(hosts=hosts())
    cloud.boot("many", count=4)
    cloud.run()
    made = [cloud.decision(name) for name in ("many-1", "many-2", "many-3", "many-4")]
    data = made[2].scenario()
    assert data["request"]["num_instances"] == 4
    found = scenario.from_json(data).answer()["selections"]
    assert [one[0] for one in found] == [one.host for one in made]


def test_a_summary_has_not_kept_the_request():
    cloud = Cloud(hosts=2, level="summary")
    server = cloud.boot("web")
    cloud.run()
    with pytest.raises(UsageError, match="the journal has not kept what was asked for"):
        cloud.decision(server).scenario()

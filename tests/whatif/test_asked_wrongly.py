"""What was asked wrongly is named, with what comes near; where there is no decision, why."""

import pytest

from simnova import Cloud, Host
from simnova.exceptions import UsageError
from simnova.nova.scheduler.filters import BaseHostFilter


@pytest.fixture(scope="module")
def made():
    """A decision among three equal hosts."""
    cloud = Cloud(hosts=3)
    cloud.boot("a")
    cloud.run()
    return cloud.decision("a")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"config": {"filter_scheduler": {"ram_weight_multiplierr": 5}}}, "ram_weight_multiplier'"),
        ({"config": {"filter_schedulr": {"x": 5}}}, "did you mean 'filter_scheduler'"),
        ({"config": {"ram_weight_multiplier": "many"}}, "it is a number"),
        ({"config": 3}, "config is 3"),
        ({"hosts": {"compute2": {"free_ramb": 5}}}, "'free_ramb': did you mean 'free_ram_mb'"),
        ({"hosts": {"compute2": 5}}, "'compute2'. is 5"),
        ({"request": {"flavor": {"ramb": 5}}}, "did you mean 'ram_mb'"),
        ({"foo": 3}, "unknown field of the scenario 'foo'"),
    ],
)
def test_what_is_asked_by_a_wrong_name_or_with_a_wrong_value_is_refused(made, asked, told):
    with pytest.raises(UsageError, match=told):
        made.ask(**asked)


def test_an_option_may_be_named_without_its_section(made):
    beside = made.ask(config={"ram_weight_multiplier": 5.0})
    assert beside.would.weights[made.host] == made.weights[made.host] + 4.0


def test_a_summary_says_that_it_keeps_no_names():
    cloud = Cloud(hosts=1, level="summary")
    server = cloud.boot("a")
    cloud.run()
    with pytest.raises(UsageError, match="this cloud keeps no payloads"):
        cloud.decision("a")
    assert cloud.decision(server).host == "compute1"
    said = str(cloud.story())
    assert "asks the API to boot a server." in said
    assert "this cloud keeps no payloads" in " ".join(said.split())


class Broken(BaseHostFilter):
    """A filter that cannot be made."""

    def __init__(self):
        raise RuntimeError("no licence")

    def host_passes(self, host_state, spec_obj):
        """Never asked."""
        return True


def test_where_there_is_no_decision_it_is_said_why():
    with pytest.warns(UserWarning, match="nova-scheduler did not start"):
        cloud = Cloud(hosts=1, filters=[Broken])
    cloud.boot("a")
    cloud.run()
    for none in (cloud.decision(), cloud.decision("a")):
        assert not none
        assert "nova-scheduler is not running (Broken.__init__ raised" in str(none)
        assert "no licence" in none._repr_html_()
        with pytest.raises(UsageError, match="not running"):
            none.what_if("compute1")
    assert "nothing has come to the scheduler" in str(Cloud(hosts=1).decision())


def test_of_many_hosts_the_largest_group_comes_first_whole_and_few_names_are_listed():
    small = [Host(f"small{n}", vcpus=2, memory_mb=1024) for n in range(1, 71)]
    cloud = Cloud(hosts=[Host("far", vcpus=1, memory_mb=16384), *small])
    cloud.boot("a", flavor="m1.medium")
    cloud.run()
    made = cloud.decision("a")
    counts = made.groups().column("hosts")
    assert counts == sorted(counts, reverse=True)
    assert sum(counts) == 71
    assert len(counts) > 1
    assert made.groups().column("because")[0] in str(made.groups())
    with pytest.raises(UsageError, match=r"known: far, small1, .* and 63 more"):
        made.reason("nope")

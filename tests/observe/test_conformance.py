"""One script on several clouds: what is the same, what differs, and how long it took."""

import pytest

from simnova import Cloud, Host, Profile, UsageError, conformance
from simnova.cloud.conformance import ALIKE
from simnova.kernel.clock import Between

SCRIPT = ("boot", "stop", "start", "resize=m1.small", "confirm_resize", "delete")


def clouds(**more):
    slow = [Host(name, profile=Profile(start=Between(5, 6))) for name in ("compute1", "compute2")]
    return {"quick": Cloud(2, config=ALIKE), "slow": Cloud(slow, config=ALIKE, **more)}


@pytest.fixture(scope="module")
def report():
    return conformance(SCRIPT, clouds())


def test_on_a_slower_hypervisor_all_is_the_same_at_other_times(report):
    assert report.same
    assert report.table().column("quick")[:2] == ["ACTIVE", "SHUTOFF"]
    assert set(report.table().column("same")) == {"="}
    assert "are the same" in str(report)
    times = report.table(times=True)
    assert times.column("slow, s")[0] > times.column("quick, s")[0]


def test_durations_of_each_step_stand_beside_each_other(report):
    table = report.durations.table()
    least = {(row[0], row[1]): row[3] for row in table}
    assert least["start", "slow"] >= 5 > 1 > least["start", "quick"]
    axes = report.durations.figure()
    assert [label.get_text() for label in axes.get_yticklabels()] == report.durations.steps


def test_the_first_difference_is_told_with_its_operation():
    both = clouds()
    for host in ("compute1", "compute2"):
        both["slow"].fail(host, "pause")
    report = conformance(["boot", "pause", "unpause", "delete"], both)
    assert not report.same
    first = report.differences[0]
    assert (first.operation, first.run) == ("pause", "slow")
    assert report.table().column("same")[:2] == ["=", "≠"]
    assert "First difference: pause, after 2 equal lines" in report.verdict
    assert not report.lines("pause").same
    assert report.lines("boot").same
    assert report.lines().first == len(report.lines("boot").pairs) + first.after


def test_what_one_cloud_refuses_is_told_and_the_script_goes_on():
    report = conformance(["boot", "unpause", "stop"], clouds())
    refused, stopped = report.table().column("quick")[1:]
    assert refused.startswith("refused: ")
    assert stopped == "SHUTOFF"


def test_equal_hosts_are_told_by_the_parts_they_play():
    """The same script, begun on the other host: no line but by names would differ."""

    def boot(on):
        return lambda cloud: cloud.boot("web", host=on[cloud])

    first, second = Cloud(2, config=ALIKE), Cloud(2, config=ALIKE)
    on = {first: "compute1", second: "compute2"}
    report = conformance([boot(on), "stop", "migrate"], {"one": first, "other": second})
    assert report.same
    assert {server.host for one in (first, second) for server in one.servers} == {
        "compute1",
        "compute2",
    }


def test_three_clouds_are_held_against_the_first():
    odd = Cloud(2, config=ALIKE)
    odd.fail("compute1", "pause")
    odd.fail("compute2", "pause")
    three = {"one": Cloud(2, config=ALIKE), "two": Cloud(2, config=ALIKE), "odd": odd}
    report = conformance(["boot", "pause"], three)
    assert report.table().column("same") == ["=", "≠ odd"]
    assert report.lines(run="two").same
    with pytest.raises(UsageError, match="unknown run 'thre'"):
        report.lines(run="thre")


def test_a_script_and_its_clouds_are_checked_before_anything_runs():
    both = clouds()
    with pytest.raises(UsageError, match="did you mean 'stop'"):
        conformance(["boot", "stpo"], both)
    with pytest.raises(UsageError, match="pause takes no value"):
        conformance(["boot", "pause=3"], both)
    with pytest.raises(UsageError, match="name two or more"):
        conformance(["boot"], {"one": both["quick"]})
    assert len(list(both["quick"].servers)) == 0

"""Two runs side by side: what is equal stands in one row, what only one has stands alone."""

import pytest

from simnova import Cloud, Host, Profile
from simnova.kernel.clock import Between
from simnova.observe.compare import side_by_side


def boot(*hosts, failing=None):
    cloud = Cloud(hosts=hosts)
    if failing:
        cloud.fail(failing, "start")
    cloud.boot("web")
    cloud.run()
    return cloud


@pytest.fixture(scope="module")
def first():
    return boot("compute1", "compute2")


def test_the_same_boot_on_slower_hosts_has_the_same_lines_at_other_times(first):
    hosts = [Host(name, profile=Profile(start=Between(5, 6))) for name in ("compute1", "compute2")]
    slow = boot(*hosts)
    found = side_by_side(first.journal, slow.journal, ("fast", "slow"))
    assert found.same
    assert found.table().columns == ["fast", "", "slow"]
    times = found.table(times=True)
    assert times.column("fast, s")[0] == times.column("slow, s")[0] == "0.000"
    assert float(times.column("fast, s")[-1]) < float(times.column("slow, s")[-1])


def test_a_failed_build_stands_alone_where_the_other_run_went_on(first):
    tried = first.decision().host
    again = boot("compute1", "compute2", failing=tried)
    found = side_by_side(first.journal, again.journal)
    assert not found.same
    rows = found.table().rows
    only = [other for one, sign, other in rows if sign == "≠" and not one]
    assert "cast build_instances to conductor" in only
    assert rows[0] == ["cast schedule_and_build_instances to conductor", "=", rows[0][0]]


def test_nothing_in_one_of_them(first):
    found = side_by_side(Cloud(hosts=1).journal, first.journal)
    assert not found.same
    assert {one for one, _, _ in found.table().rows} == {""}


def test_it_shows_itself_as_text_and_as_html(first):
    found = side_by_side(first.journal, first.journal)
    assert "cast build_and_run_instance to compute." in str(found)
    assert found._repr_html_().count("<tr>") == len(found.pairs) + 1

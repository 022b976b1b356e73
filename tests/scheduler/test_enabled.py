"""Which filters and weighers there are is read when nova-scheduler starts; wrong names are told at once."""

import pytest

from simnova import Cloud, UsageError


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("enabled_filters", ["Foo"], "unknown filter 'Foo'"),
        ("enabled_filters", "ComputeFiltr", "did you mean 'ComputeFilter'"),
        ("enabled_filters", ["TrustedFilter"], r"Nova removed it in 17.0.0 \(Queens\)"),
        ("filter_scheduler.weight_classes", ["a.b.RAMWeiger"], "did you mean 'RAMWeigher'"),
        ("available_filters", ["a.b.RamFiltr"], "did you mean 'RamFilter'"),
    ],
)
def test_an_unknown_name_is_refused_before_anything_is_set(option, value, said):
    with Cloud(hosts=1) as cloud:
        with pytest.raises(UsageError, match=said):
            cloud.set(option, value)
        assert "filter_scheduler" not in cloud.conf.as_dict()


def test_the_scheduler_has_new_filters_when_it_has_started_again():
    with Cloud(hosts=1) as cloud:
        with pytest.warns(UserWarning, match=r"cloud.stop\('nova-scheduler'\)"):
            cloud.set("enabled_filters", ["AllHostsFilter"])
        assert asked(cloud, "web") != ["AllHostsFilter"]
        cloud.stop("nova-scheduler")
        cloud.start("nova-scheduler")
        assert asked(cloud, "db") == ["AllHostsFilter"]


def test_only_filters_that_are_available_can_be_enabled():
    path = "nova.scheduler.filters.ram_filter.RamFilter"
    with pytest.raises(UsageError, match="available_filters does not name it"):
        Cloud(hosts=1, config={"available_filters": [path]})
    with Cloud(hosts=1, config={"available_filters": [path], "enabled_filters": [path]}) as cloud:
        assert asked(cloud, "web") == ["RamFilter"]


def asked(cloud, name):
    """The filters that were asked about a new server."""
    seen = len(cloud.journal)
    cloud.boot(name)
    cloud.run()
    return [e.data["filter"] for e in cloud.journal.events[seen:] if e.kind == "scheduler.filter"]

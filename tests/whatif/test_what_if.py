"""What would have been enough: the told change is enough, and a slightly smaller one is not."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simnova import Cloud, Host
from simnova.exceptions import UsageError
from simnova.nova.scheduler.filters import BaseHostFilter, Rejected
from simnova.scenario import from_json
from simnova.whatif import search
from simnova.whatif.asked import Question, ask
from simnova.whatif.search import changes

pytestmark = pytest.mark.thorough


def amounts(name):
    """A host of any size and use."""
    return st.fixed_dictionaries(
        {
            "name": st.just(name),
            "vcpus": st.integers(1, 32),
            "vcpus_used": st.integers(0, 40),
            "total_ram_mb": st.integers(1024, 65536),
            "free_ram_mb": st.integers(0, 65536),
            "total_disk_gb": st.integers(10, 500),
            "free_disk_gb": st.integers(0, 500),
            "ram_allocation_ratio": st.sampled_from([1.0, 1.5]),
            "num_io_ops": st.integers(0, 12),
            "failed_builds": st.integers(0, 2),
            "service": st.fixed_dictionaries(
                {"disabled": st.booleans(), "last_seen_s": st.sampled_from([0, 0, 500])}
            ),
        }
    ).map(possible)


def possible(host):
    """No host has more free than it has."""
    host["free_ram_mb"] = min(host["free_ram_mb"], host["total_ram_mb"])
    host["free_disk_gb"] = min(host["free_disk_gb"], host["total_disk_gb"])
    return host


scenarios = st.fixed_dictionaries(
    {
        "hosts": st.tuples(*(amounts(f"compute{n}") for n in range(1, 5))).map(list),
        "enabled_filters": st.just(["ComputeFilter", "IoOpsFilter", "ImagePropertiesFilter"]),
        "request": st.fixed_dictionaries(
            {
                "flavor": st.fixed_dictionaries(
                    {
                        "vcpus": st.integers(1, 8),
                        "ram_mb": st.integers(512, 8192),
                        "disk_gb": st.integers(0, 80),
                    }
                )
            }
        ),
    }
)


def knob_of(question, host, change):
    """The knob that a told change turns."""
    base = ask(question)
    known = [
        *search.knobs.of_host(question, host),
        *search.knobs.of_request(question),
        *search.knobs.of_options(question, search._differ(base)),
    ]
    return next((knob for knob in known if knob.what == change.what), None)


@pytest.mark.thorough
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(scenarios, st.sampled_from(["compute1", "compute3"]))
def test_the_told_change_is_enough_and_a_slightly_smaller_one_is_not(data, host):
    question = Question(dict(from_json(data).data))
    told = changes(question, host)
    for change in told:
        reply = ask(change.question)
        assert reply.wins(host) if change.effect == "wins" else reply.passes(host)
        knob = knob_of(question, host, change)
        if knob is None:
            continue
        steps = round((change.other - change.now) / knob.grain)
        smaller = ask(knob.turned(question, steps - (1 if steps > 0 else -1)))
        assert not (smaller.wins(host) if change.effect == "wins" else smaller.passes(host)), change
    relative = [one.relative for one in told if one.relative is not None]
    assert relative == sorted(relative)


@pytest.fixture(scope="module")
def cloud():
    """compute3 is full, compute4 is small, compute5 is down; the rest differ in memory."""
    sizes = {
        "compute1": 16384,
        "compute2": 12288,
        "compute3": 8192,
        "compute4": 2048,
        "compute5": 8192,
    }
    made = Cloud(hosts=[Host(name, vcpus=8, memory_mb=size) for name, size in sizes.items()])
    made.boot("db", flavor="m1.medium", host="compute3")
    made.run()
    made.crash("nova-compute@compute5")
    made.run(made.now + 100)
    made.boot("web", flavor="m1.medium")
    return made.run()


def test_a_host_that_placement_left_out_needs_memory_or_a_smaller_flavor(cloud):
    found = cloud.decision("web").what_if("compute3")
    assert found.because.startswith(
        "compute3 fell at Placement: needs 4096 MB, 3584 MB of (8192 - 512) free"
    )
    told = {one.what: (one.now, one.other, one.effect) for one in reversed(found.changes)}
    assert told["memory used on compute3"] == (4608, 4096, "passes")
    assert told["memory of the flavor"] == (4096, 3584, "passes")
    assert (
        "compute3 would have passed with 512 MB less memory used (4,096 instead of 4,608 MB)."
        in found.sentences()
    )


def test_a_host_that_is_down_needs_its_service_or_no_compute_filter(cloud):
    found = cloud.decision("web").what_if("compute5")
    assert [(one.what, one.other) for one in found if one.relative is None] == [
        ("service of compute5", "just seen"),
        ("filter ComputeFilter", "off"),
    ]
    assert any(one.what == "service_down_time" for one in found)


def test_a_host_that_was_outweighed_is_told_what_would_have_won(cloud):
    made = cloud.decision("web")
    assert made.host == "compute1"
    found = made.what_if("compute2")
    assert len(found) > 1
    assert {one.effect for one in found} == {"wins"}
    assert any(one.what == "memory of compute2" for one in found)


class EvenCpus(BaseHostFilter):
    """A filter of somebody's own, which likes every second amount."""

    def host_passes(self, host_state, spec_obj):
        """Whether the number of VCPUs is even."""
        return host_state.vcpus_total % 2 == 0 or Rejected(f"{host_state.vcpus_total} are odd")


def decided(*hosts, filters=(), **asked):
    """The decision about one server on some hosts."""
    cloud = Cloud(hosts=hosts, filters=filters)
    cloud.boot("x", **asked)
    cloud.run()
    return cloud.decision("x")


def test_of_two_shortages_both_are_named():
    small = Host("small", memory_mb=1024, local_gb=5)
    told = str(decided(Host("big"), small).what_if("small"))
    assert "needs 20 GB, one server may have 5 at most; needs 2048 MB" in told
    assert told.endswith("enough for small: all of that stood in its way.")
    cloud = Cloud(hosts=[Host("big"), small], config={"release": "mitaka"})
    cloud.boot("x")
    cloud.run()
    found = cloud.decision("x").what_if("small")
    assert "fell at RamFilter: needs 2048 MB" in found.because
    assert [one.partition(":")[0] for one in found.besides] == ["DiskFilter"]
    assert "it would have fallen besides at DiskFilter: needs 20480 MB of disk" in str(found)
    assert "besides at DiskFilter" in found._repr_html_()


def test_the_least_is_found_where_a_filter_likes_every_second_amount():
    found = decided(Host("e", vcpus=8), Host("o", vcpus=3), filters=[EvenCpus]).what_if("o")
    told = [(one.other, one.effect) for one in found if one.what == "VCPUs of o"]
    assert told == [(2, "passes"), (4, "passes"), (10, "wins")]
    assert "passes: no filter turns it down" in str(found)
    assert "wins: it stands first" in str(found)


def test_a_small_host_beside_a_large_one_is_offered_more_than_that_one_has():
    found = decided(Host("a", memory_mb=4096), Host("b", memory_mb=65536)).what_if("a")
    assert ("memory of a", 65537) in [(one.what, one.other) for one in found]


def test_no_request_and_no_host_is_offered_nothing_at_all():
    made = decided(Host("o", vcpus=1), Host("e", vcpus=2), filters=[EvenCpus])
    found = made.what_if("o")
    assert found
    assert all(one.other for one in found if one.what in ("VCPUs of o", "VCPUs of the flavor"))


def test_who_would_fall_for_it_is_told():
    made = decided(Host("a", vcpus=16, memory_mb=8192), Host("b", memory_mb=16384))
    found = [one for one in made.what_if("a") if one.fallen]
    assert found
    for one in found:
        assert one.side != "host"
        assert not ask(one.question).passes("b")
    assert any("; b would have fallen." in told for told in made.what_if("a").sentences())


def test_a_full_anti_affinity_group_may_have_more_servers_on_a_host():
    cloud = Cloud(hosts=1)
    cloud.groups.create("apart", policy="anti-affinity")
    for name in ("x", "y"):
        cloud.boot(name, group="apart")
        cloud.run()
    found = cloud.decision("y").what_if("compute1")
    told = {one.what: (one.now, one.other) for one in found}
    assert told["max_server_per_host of the server group"] == (1, 2)


def test_who_was_chosen_or_is_unknown_cannot_be_asked_about(cloud):
    made = cloud.decision("web")
    with pytest.raises(UsageError, match="compute1 was chosen: ask about one that lost"):
        made.what_if("compute1")
    with pytest.raises(UsageError, match="unknown host 'compute9'"):
        made.what_if("compute9")


def test_any_change_can_be_asked_about_and_stands_beside_what_was(cloud):
    made = cloud.decision("web")
    beside = made.ask(hosts={"compute3": {"free_ram_mb": 8192}})
    assert not beside.would.fell("compute3")
    assert beside.was.fell("compute3").name == "Placement"
    smaller = made.ask(request={"flavor": {"ram_mb": 16384}})
    assert smaller.would.host is None
    assert smaller.would.reason("compute4") == (
        "compute4 fell at Placement: needs 16384 MB, one server may have 2048 at most"
    )
    assert "would have been: web: no valid host" in str(smaller)
    stacked = made.ask(config={"filter_scheduler": {"ram_weight_multiplier": -5.0}})
    assert stacked.would.host == "compute2"
    with pytest.raises(UsageError, match="unknown host 'compute9'"):
        made.ask(hosts={"compute9": {}})
    with pytest.raises(UsageError, match="vcpus"):
        made.ask(hosts={"compute2": {"vcpus": "many"}})


def test_the_player_says_what_else_stood_in_the_way():
    cloud = Cloud(hosts=[Host("big"), Host("small", memory_mb=1024, local_gb=5)])
    cloud.boot("x")
    cloud.run()
    player = cloud.player(step=cloud.decision().seq)
    player.what_if("small")
    assert player.answer["sentences"] == []
    assert player.answer["nothing"].endswith("enough for small: all of that stood in its way.")

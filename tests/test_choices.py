"""`Cloud(choices=…)`: what chance would decide, decided by name; and what never happens by chance, made to happen."""

import json

import pytest

from simnova import Cloud, UsageError


def boot(**options):
    cloud = Cloud(hosts=2, **options)
    cloud.submit("web")
    return cloud.run()


def events(cloud):
    return [event.digest() for event in cloud.journal]


def kinds(cloud, kind):
    return [event for event in cloud.journal if event.kind == kind]


@pytest.fixture(scope="module")
def usual():
    return boot(choices={})


def point(cloud, start, nth=0):
    return [one for one in cloud.choices.points if one.name.startswith(start)][nth]


def test_nothing_decided_is_the_same_run(usual):
    assert events(usual) == events(boot())
    assert not any(one.deviates for one in usual.choices.points)


def test_every_choice_has_a_name_of_its_own(usual):
    names = [one.name for one in usual.choices.points]
    assert len(set(names)) == len(names) > 100
    assert {"http/client/nova-api#1", "amqp/nova-conductor#1", "virt/compute1#1"} <= set(names)
    assert {"crash/nova-conductor#1", "lose/schedule_and_build_instances#1"} <= set(names)


def test_a_message_takes_as_long_as_was_decided(usual):
    late = boot(choices={"http/client/nova-api#1": 5.0})
    assert usual.servers["web"].status == late.servers["web"].status == "ACTIVE"
    first = next(one for one in late.journal if one.actor == "nova-api" and not one.background)
    assert first.time == pytest.approx(kinds(late, "input")[0].time + 5.0, abs=0.01)


def test_the_scheduler_takes_another_of_the_two_best():
    config = {"filter_scheduler": {"host_subset_size": 2}}
    first = boot(choices={}, config=config)
    drawn = point(first, "scheduler")
    other = boot(choices={drawn.name: 1 - drawn.value}, config=config)
    assert {first.servers["web"].host, other.servers["web"].host} == {"compute1", "compute2"}


def test_a_service_dies_after_one_of_its_events(usual):
    seq = point(usual, "crash/nova-conductor", 5).seq
    dead = boot(choices={"crash/nova-conductor#6": True})
    crash = kinds(dead, "service.crash")[0]
    assert (crash.seq, crash.actor) == (seq + 1, "nova-conductor")
    assert dead.journal[seq].digest() == usual.journal[seq].digest()


def test_a_message_and_a_reply_are_lost():
    lost = boot(choices={"lose/schedule_and_build_instances#1": True})
    assert kinds(lost, "fault")[0].data["method"] == "schedule_and_build_instances"
    assert lost.servers["web"].status == "BUILD"
    reply = boot(choices={"lose/reply to select_destinations#1": True})
    assert kinds(reply, "rpc.timeout")[0].data["method"] == "select_destinations"


def test_of_two_schedulers_the_other_gets_the_message():
    first = boot(choices={}, config={"scheduler": {"workers": 2}})
    second = boot(choices={"worker/scheduler#1": 1}, config={"scheduler": {"workers": 2}})
    actors = [kinds(one, "scheduler.select")[0].actor for one in (first, second)]
    assert sorted(actors) == ["nova-scheduler", "nova-scheduler:2"]


def test_of_what_is_due_at_the_same_time_something_else_is_first():
    together = {"http/client/nova-api#1": 0.001, "http/client/nova-api#2": 0.001}
    assert [asked_first(together), asked_first({**together, "tie#1": 1})] == ["a", "b"]


def asked_first(choices):
    """Which of two requests that arrive at once is served first: its mapping is the first row."""
    cloud = Cloud(hosts=1, choices=choices)
    for name in "ab":
        cloud.submit(name)
    cloud.run(until=lambda event: event.data.get("table") == "build_requests")
    (row,) = cloud.sql("SELECT instance FROM nova_api.build_requests").column("instance")
    return json.loads(row)["nova_object.data"]["display_name"]


@pytest.mark.parametrize(
    "choices",
    [
        {"http/client/nova-api#1": 2.0, "crash/nova-conductor#9": True},
        {"lose/build_and_run_instance#1": True, "tie#1": 1},
    ],
)
def test_a_fork_decides_the_same(choices):
    cloud = boot(choices=choices)
    with cloud.fork() as twin:
        assert events(twin) == events(cloud)
    cloud.fork(at=len(cloud.journal) // 2).close()


@pytest.mark.parametrize("choices", [["tie#1"], {"tie": 1}, {"tie#0": 1}, {"tie#1": "first"}])
def test_what_names_no_choice_is_refused(choices):
    with pytest.raises(UsageError, match="choices"):
        Cloud(hosts=1, choices=choices)

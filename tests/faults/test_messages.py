"""Messages that are lost, late, sent twice or overtaken: what oslo.messaging and Nova make of it."""

import pytest
from broken import events, logged, replays

from simnova import Cloud, UsageError


def boot(cloud, **more):
    server = cloud.boot("web", flavor="m1.tiny", **more)
    cloud.run()
    return server


def test_a_late_request_within_the_timeout_only_takes_longer(cloud):
    before = cloud.now
    cloud.delay("select_destinations", 20)
    assert boot(cloud).status == "ACTIVE"
    assert 20 < cloud.now - before < 60
    (struck,) = events(cloud, "fault", verb="delay")
    assert struck.data["seconds"] == 20
    assert replays(cloud)


def test_a_reply_that_comes_after_the_caller_has_given_up_finds_nobody(cloud):
    cloud.delay("select_destinations", 70, reply=True)
    server = boot(cloud)
    assert server.status == "ERROR"
    assert "Timed out waiting for a reply" in server.fault
    assert events(cloud, "rpc.timeout", method="select_destinations")
    assert logged(cloud, "No calling threads waiting for msg_id", "nova-conductor")
    assert replays(cloud)


def test_a_late_message_holds_up_no_other_one_of_its_sender(cloud):
    cloud.delay("build_and_run_instance", 30)
    first = cloud.boot("first", flavor="m1.tiny")
    cloud.run(cloud.now + 5)
    second = cloud.boot("second", flavor="m1.tiny")
    cloud.run(cloud.now + 15)
    assert (first.status, second.status) == ("BUILD", "ACTIVE")
    cloud.run()
    assert first.status == "ACTIVE"


def test_a_duplicate_is_dropped_by_its_unique_id(cloud):
    cloud.duplicate("build_and_run_instance")
    assert boot(cloud).status == "ACTIVE"
    (dropped,) = events(cloud, "rpc.duplicate")
    assert dropped.actor.startswith("nova-compute@")
    (cast,) = events(cloud, "rpc.cast", method="build_and_run_instance")
    assert dropped.data["unique_id"] == cast.data["unique_id"]
    assert len(events(cloud, "virt.call", method="spawn")) == 1
    assert replays(cloud)


def test_a_duplicate_for_a_topic_with_two_workers_is_worked_off_twice():
    with Cloud(hosts=2, config={"scheduler": {"workers": 2}}) as cloud:
        cloud.duplicate("select_destinations")
        assert boot(cloud).status == "ACTIVE"
        assert not events(cloud, "rpc.duplicate")
        chosen = [*events(cloud, "scheduler.weigh"), *events(cloud, "scheduler.select")]
        assert {event.actor for event in chosen} == {"nova-scheduler", "nova-scheduler:2"}


def test_a_duplicate_of_a_reply_finds_nobody_who_waits(cloud):
    cloud.duplicate("select_destinations", reply=True)
    assert boot(cloud).status == "ACTIVE"
    assert logged(cloud, "No calling threads waiting for msg_id", "nova-conductor")


def test_a_message_is_overtaken_by_the_one_behind_it_in_its_queue(cloud):
    cloud.reorder("schedule_and_build_instances")
    first = cloud.submit("first", flavor="m1.tiny")
    cloud.run(cloud.now + 2)
    second = cloud.submit("second", flavor="m1.tiny")
    cloud.run()
    assert [call.server.status for call in (first, second)] == ["ACTIVE", "ACTIVE"]
    sent = [
        event.request_id
        for event in events(cloud, "rpc.cast", method="schedule_and_build_instances")
    ]
    got = [
        event.request_id
        for event in events(cloud, "amqp.deliver", queue="conductor")
        if event.request_id in sent
    ]
    assert list(dict.fromkeys(got)) == [second.request_id, first.request_id]
    assert sent == [first.request_id, second.request_id]
    assert replays(cloud)


def test_a_message_that_nothing_follows_goes_on_alone(cloud):
    cloud.reorder("schedule_and_build_instances", within=3)
    before = cloud.now
    assert boot(cloud).status == "ACTIVE"
    assert cloud.now - before > 3


def test_what_lies_in_wait_is_told_until_it_has_struck(cloud):
    cloud.delay("build_and_run_instance", 5)
    cloud.duplicate("select_destinations", times=2, reply=True)
    armed = cloud.reorder("schedule_and_build_instances", within=1)
    assert list(armed) == [
        "the next message of build_and_run_instance is 5 s late",
        "the next 2 replies to select_destinations are sent twice",
        "the next message of schedule_and_build_instances is overtaken by the one behind it",
    ]
    boot(cloud)
    assert list(cloud.faults) == ["the next reply to select_destinations is sent twice"]
    assert not cloud.heal()
    assert replays(cloud)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda c: c.delay("select_destination", 1), "did you mean 'select_destinations'"),
        (lambda c: c.delay("select_destinations", -1), "seconds=-1 is no duration"),
        (lambda c: c.delay("select_destinations", True), "seconds=True is no duration"),
        (lambda c: c.duplicate("select_destinations", 0), "times=0 is no number of times"),
        (lambda c: c.reorder("select_destinations", within="soon"), "within='soon' is no duration"),
        (lambda c: c.at(-1).lose("select_destinations"), "in the past or never"),
        (lambda c: c.at("soon"), "at\\('soon'\\) is no time: give seconds"),
        (
            lambda c: c.at(1000).loose("select_destinations"),
            "unknown verb 'loose': did you mean 'lose'",
        ),
        (
            lambda c: c.at(1000).crash("nova-compute@compute9"),
            "unknown service 'nova-compute@compute9'",
        ),
    ],
)
def test_what_makes_no_sense_is_told_and_changes_nothing(cloud, ask, said):
    before = len(cloud.journal)
    with pytest.raises(UsageError, match=said):
        ask(cloud)
    assert len(cloud.journal) == before

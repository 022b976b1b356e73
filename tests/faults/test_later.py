"""Faults at a time to come."""

from broken import events, replays


def test_a_service_dies_at_its_time(cloud):
    when = cloud.now + 20
    cloud.at(when).crash("nova-scheduler")
    assert list(cloud.faults) == [f"at {when:g} s: crash(service='nova-scheduler')"]
    cloud.run(when + 1)
    (death,) = events(cloud, "service.crash")
    assert (death.time, death.actor) == (when, "nova-scheduler")
    assert cloud.journal[death.cause].kind == "fault"
    assert cloud.journal[cloud.journal[death.cause].cause].kind == "input"
    assert not cloud.faults
    cloud.at(when + 5).start("nova-scheduler")
    cloud.run(when + 10)
    assert cloud.boot("web").wait().status == "ACTIVE"
    assert replays(cloud)


def test_a_fault_to_come_does_not_keep_run_going(cloud):
    cloud.at(cloud.now + 1000).lose("build_and_run_instance")
    before = cloud.now
    cloud.run()
    assert cloud.now - before < 60
    assert cloud.boot("web").wait().status == "ACTIVE"
    assert cloud.faults


def test_what_cannot_be_done_when_its_time_comes_is_told(cloud):
    when = cloud.now + 5
    cloud.at(when).crash("nova-scheduler")
    cloud.stop("nova-scheduler")
    cloud.run(when + 1)
    (told,) = events(cloud, "fault", verb="crash")
    assert told.data["moot"] == "nova-scheduler is not running: start('nova-scheduler') it first"
    assert "nothing happens" in str(cloud.story())


def test_a_fault_can_be_arranged_for_later_like_any_other_verb(cloud):
    cloud.at(cloud.now + 2).fail("compute1", "start", times=5)
    cloud.at(cloud.now + 2).fail("compute2", "start", times=5)
    cloud.run(cloud.now + 3)
    server = cloud.boot("web")
    cloud.run()
    assert server.status == "ERROR"


def test_what_was_healed_does_not_strike(cloud):
    cloud.at(cloud.now + 5).crash("nova-scheduler")
    cloud.heal()
    cloud.run(cloud.now + 10)
    assert not events(cloud, "service.crash")
    assert replays(cloud)

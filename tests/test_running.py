"""run(), step(), pace: how far a cloud goes, and what stops it."""

import threading
import time

import pytest

from simnova import Cloud
from simnova.exceptions import UsageError
from simnova.observe.query import Query


@pytest.fixture
def cloud():
    return Cloud(hosts=3)


def test_the_constructor_brings_every_service_up_and_is_quiet(cloud):
    assert cloud.clock.quiet
    assert all(life.alive for life in cloud.assembly.running.values())
    assert all(event.background for event in cloud.journal)
    assert cloud.steps() == []


def test_run_until_a_time(cloud):
    cloud.run(until=42.5)
    assert cloud.now == 42.5


def test_run_until_a_kind_of_event(cloud):
    cloud.submit("web")
    cloud.run(until="scheduler.select")
    assert cloud.journal[-1].kind == "scheduler.select" or any(
        event.kind == "scheduler.select" for event in cloud.journal.events[-10:]
    )
    assert not cloud.clock.quiet


def test_run_until_a_condition(cloud):
    server = cloud.boot("web")
    cloud.run(until=lambda event: (event.data.get("after") or {}).get("task_state") == "spawning")
    assert server.task_state == "spawning"


@pytest.mark.parametrize("made", [str, Query.parse])
def test_run_until_a_query_holds(cloud, made):
    cloud.submit("web")
    cloud.run(until=made("service:nova-conductor kind:rpc.cast to:compute server:web"))
    casts = [event for event in cloud.journal if event.kind == "rpc.cast"]
    assert casts[-1].data["method"] == "build_and_run_instance"
    assert not cloud.clock.quiet


def test_a_query_that_never_holds_says_what_is_unknown(cloud):
    cloud.submit("web")
    with pytest.raises(
        UsageError, match=r"'server:wbe' has not come; unknown server 'wbe': did you mean 'web'"
    ):
        cloud.run(until="server:wbe")


def test_a_wrong_query_is_refused_before_anything_runs(cloud):
    before = len(cloud.journal)
    with pytest.raises(UsageError, match="'srvice:nova-api': unknown key 'srvice'"):
        cloud.run(until="srvice:nova-api")
    assert len(cloud.journal) == before


def test_wait_for_a_status(cloud):
    assert cloud.boot("web").wait("ACTIVE").status == "ACTIVE"


def test_what_never_comes_is_said(cloud):
    cloud.submit("web")
    with pytest.raises(UsageError, match=r"'rpc.timeout' has not come"):
        cloud.run(until="rpc.timeout")


def test_an_unknown_kind_names_the_nearest(cloud):
    with pytest.raises(
        UsageError, match=r"unknown kind of event 'rpc.cats': did you mean 'rpc.cast'"
    ):
        cloud.run(until="rpc.cats")


def test_the_past_cannot_be_run_to(cloud):
    cloud.run(until=10)
    with pytest.raises(UsageError, match="in the past"):
        cloud.run(until=5)


def test_a_step_is_the_next_event_that_is_no_background(cloud):
    cloud.submit("web")
    seen = []
    while events := cloud.step():
        seen += events
    assert all(not event.background for event in seen)
    assert [event.seq for event in seen] == sorted(event.seq for event in seen)
    assert cloud.servers["web"].status == "ACTIVE"


def test_stepping_ends_where_running_ends(cloud):
    other = Cloud(hosts=3)
    for one in (cloud, other):
        one.submit("web")
    while cloud.step():
        pass
    other.run()
    assert [e.digest() for e in cloud.journal] == [e.digest() for e in other.journal]


def test_a_paced_run_takes_wall_time(cloud):
    started = time.perf_counter()
    cloud.run(until=cloud.now + 2, pace=20)
    assert time.perf_counter() - started >= 0.1


def test_requests_of_other_threads_enter_a_running_cloud(cloud):
    calls = []
    threading.Timer(0.05, lambda: calls.append(cloud.submit("late"))).start()
    cloud.run(until=cloud.now + 20, pace=40)
    cloud.run()
    assert calls[0].server.status == "ACTIVE"
    again = cloud.fork()
    assert [e.digest() for e in again.journal] == [e.digest() for e in cloud.journal]


def test_a_cloud_that_has_run_for_hours_still_answers():
    """Keystone's tokens end after an hour; a client gets a new one when it is refused."""
    cloud = Cloud(hosts=1)
    cloud.run(until=2 * 3600)
    assert cloud.boot("late").wait().status == "ACTIVE"


def test_a_summary_journal_keeps_the_same_events_without_their_payloads():
    full, summary = Cloud(hosts=2), Cloud(hosts=2, level="summary")
    for cloud in (full, summary):
        cloud.boot("web")
        cloud.run()
    assert [event[:6] for event in full.journal] == [event[:6] for event in summary.journal]
    assert not any("body" in event.data for event in summary.journal)


class TestServices:
    def test_a_crashed_compute_loses_what_it_had_in_hand(self, cloud):
        server = cloud.boot("web")
        cloud.run(until="virt.call")
        host = server.host or next(
            event.data["server"]
            for event in cloud.journal
            if event.data.get("method") == "build_and_run_instance"
        )
        cloud.crash(f"nova-compute@{host}")
        cloud.run()
        assert server.status == "BUILD"
        cloud.start(f"nova-compute@{host}")
        cloud.run()
        assert server.status == "ERROR"  # _init_instance gives up what was left building

    def test_a_crash_at_an_event_is_between_it_and_the_next(self, cloud):
        cloud.crash_at("rpc.reply", "nova-scheduler")
        server = cloud.boot("web")
        cloud.run(until=cloud.now + 5)
        end = next(event for event in cloud.journal if event.kind == "service.crash")
        assert cloud.journal[end.cause].kind == "rpc.reply"
        assert not cloud.assembly.running["nova-scheduler"].alive
        assert server.status == "ACTIVE"  # what the dead had sent still arrived

    def test_before_an_event_means_it_never_happened(self, cloud):
        cloud.crash_at("scheduler.select", "nova-scheduler", moment="before")
        cloud.boot("web")
        cloud.run()
        assert "scheduler.select" not in [event.kind for event in cloud.journal]

    def test_a_lost_reply_is_a_timeout_although_the_work_was_done(self, cloud):
        cloud.lose("select_destinations", reply=True)
        server = cloud.boot("web")
        cloud.run()
        assert server.status == "ERROR"
        assert "Timed out waiting for a reply" in server.fault
        assert "scheduler.select" in [event.kind for event in cloud.journal]

    def test_a_lost_cast_leaves_the_server_in_build_and_nobody_says_why(self, cloud):
        cloud.lose("build_and_run_instance")
        server = cloud.boot("web")
        cloud.run()
        assert (server.status, server.fault) == ("BUILD", None)

    def test_a_call_with_nobody_listening_times_out_after_rpc_response_timeout(self, cloud):
        cloud.stop("nova-scheduler")
        server = cloud.boot("web")
        before = cloud.now
        cloud.run()
        assert server.status == "ERROR"
        assert "Timed out waiting for a reply" in server.fault
        assert cloud.now - before == pytest.approx(60, abs=1)

    def test_the_api_without_a_neighbour_says_so_and_lives_on(self, cloud):
        from simnova import NovaError

        cloud.stop("glance")
        with pytest.raises(NovaError):
            cloud.boot("web")
        cloud.start("glance")
        assert cloud.boot("web").wait().status == "ACTIVE"

    def test_faults_say_what_lies_in_wait_until_they_have_struck(self, cloud):
        cloud.fail("compute1", "start", times=2)
        cloud.lose("build_and_run_instance")
        armed = cloud.crash_at("rpc.reply", "nova-scheduler", nth=2)
        assert repr(armed) == (
            "<Faults: the hypervisor of compute1 fails the next 2 times it does start: Domain not started; "
            "the next message of build_and_run_instance is lost; "
            "nova-scheduler dies after its rpc.reply number 2, counted from now>"
        )
        cloud.boot("web")
        cloud.run()
        assert "build_and_run_instance" not in repr(cloud.faults)
        assert "dies after its next rpc.reply" in repr(cloud.faults)

    def test_only_what_runs_can_be_stopped(self, cloud):
        with pytest.raises(UsageError, match=r"did you mean 'nova-compute@compute1'"):
            cloud.crash("nova-compute@computer1")
        with pytest.raises(UsageError, match="is running"):
            cloud.start("nova-api")

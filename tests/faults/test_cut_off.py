"""Processes that are slow to reach, or cut off while they live; HTTP requests that are lost or late."""

import pytest
from broken import events, logged, replays

from simnova import NovaError, UsageError

COMPUTE = "nova-compute@compute1"


def state(cloud):
    return cloud.services[COMPUTE].state


def test_a_cut_off_compute_lives_but_reports_no_more(cloud):
    server = cloud.boot("web", host="compute1").wait()
    cloud.run()
    cloud.cut_off("compute1")
    assert list(cloud.faults) == ["nova-compute@compute1 is cut off"]
    cloud.run(cloud.now + 150)
    assert state(cloud) == "down"
    assert cloud.assembly.running[COMPUTE].alive
    assert logged(cloud, "unreachable: Too many heartbeats missed", COMPUTE)
    assert logged(cloud, "unreachable: [Errno 110] ETIMEDOUT", COMPUTE)
    assert server.status == "ACTIVE"
    cloud.reconnect("compute1")
    cloud.run(cloud.now + 60)
    assert state(cloud) == "up"
    lost = "Lost connection to nova-conductor for reporting service status."
    assert logged(cloud, lost, COMPUTE) == [lost]
    assert logged(cloud, "Recovered from being unable to report status.", COMPUTE)
    assert cloud.boot("next", host="compute1").wait().status == "ACTIVE"
    assert replays(cloud)


def test_an_evacuated_server_runs_twice_until_its_old_host_starts_again(cloud):
    server = cloud.boot("web", host="compute1").wait()
    cloud.run()
    cloud.cut_off("compute1")
    cloud.run(cloud.now + 90)
    server.evacuate()
    cloud.run()
    assert server.host == "compute2"
    server.start()
    server.wait()
    running = [
        cloud.assembly.simulated(host).guests.get(server.id) for host in ("compute1", "compute2")
    ]
    assert [guest.state.name for guest in running] == ["RUNNING", "RUNNING"]
    cloud.reconnect("compute1")
    cloud.restart(COMPUTE)
    cloud.run()
    assert server.id not in cloud.assembly.simulated("compute1").guests
    assert replays(cloud)


def test_a_request_for_a_cut_off_compute_waits_in_its_queue(cloud):
    server = cloud.boot("web", host="compute1").wait()
    cloud.run()
    cloud.cut_off("compute1")
    server.stop()
    cloud.run(cloud.now + 70)
    assert (server.status, server.task_state) == ("ACTIVE", "powering-off")
    cloud.reconnect("compute1")
    cloud.run(cloud.now + 60)
    assert server.status == "SHUTOFF"
    assert len(events(cloud, "virt.call", method="power_off")) == 1
    assert replays(cloud)


def test_a_short_cut_only_holds_up_what_is_under_way(cloud):
    server = cloud.boot("web", host="compute1").wait()
    cloud.run()
    cloud.cut_off("compute1")
    server.stop()
    cloud.run(cloud.now + 20)
    cloud.reconnect("compute1")
    cloud.run()
    assert server.status == "SHUTOFF"
    assert not logged(cloud, "unreachable")
    assert replays(cloud)


def test_who_asks_a_cut_off_neighbour_gives_up_when_tcp_does(cloud):
    cloud.cut_off("placement")
    server = cloud.boot("web")
    cloud.run()
    assert server.status == "ERROR"
    assert "No valid host was found" in server.fault
    assert any(
        "[Errno 110] Connection timed out" in e.data["error"] for e in events(cloud, "http.error")
    )
    cloud.reconnect("placement")
    assert cloud.boot("next").wait().status == "ACTIVE"
    assert replays(cloud)


def test_a_conductor_that_is_cut_off_gets_no_transaction_through(cloud):
    cloud.cut_off("nova-conductor")
    cloud.run(cloud.now + 30)
    seen = len(cloud.journal)
    cloud.run(cloud.now + 60)
    assert not [
        e
        for e in cloud.journal.events[seen:]
        if e.actor == "nova-conductor" and e.kind.startswith("db.")
    ]
    cloud.heal()
    cloud.run(cloud.now + 60)
    assert cloud.boot("web").wait().status == "ACTIVE"
    assert replays(cloud)


def test_a_broker_that_is_cut_off(cloud):
    cloud.cut_off("rabbitmq")
    call = cloud.submit("web")
    cloud.run(cloud.now + 100)
    assert not call.done
    cloud.reconnect("rabbitmq")
    cloud.run()
    assert call.server.status == "ACTIVE"
    assert replays(cloud)


def test_what_reaches_a_slow_process_comes_later(cloud):
    cloud.slow("placement", 3)
    before = cloud.now
    assert cloud.boot("web").wait().status == "ACTIVE"
    assert cloud.now - before > 6
    cloud.slow("placement", 0)
    assert not cloud.faults
    cloud.slow("nova-scheduler", 70)
    server = cloud.boot("late")
    cloud.run()
    assert "Timed out waiting for a reply" in server.fault
    assert replays(cloud)


def test_a_request_that_is_lost_ends_in_tcps_timeout(cloud):
    cloud.lose("POST /v2.0/ports")
    server = cloud.boot("web")
    before = cloud.now
    cloud.run()
    assert cloud.now - before > 127
    (told,) = events(cloud, "http.error", path="/v2.0/ports")
    assert told.data["error"].endswith("[Errno 110] Connection timed out")
    assert events(cloud, "fault", verb="lose", method="POST /v2.0/ports")
    assert server.status in ("ACTIVE", "ERROR")
    assert replays(cloud)


def test_the_answer_to_a_request_is_late(cloud):
    cloud.delay("GET /allocation_candidates", 20, reply=True)
    before = cloud.now
    assert cloud.boot("web").wait().status == "ACTIVE"
    assert cloud.now - before > 20
    assert "The answer to GET /allocation_candidates will be 20 s late" in str(cloud.story())


def test_your_own_request_can_be_lost(cloud):
    cloud.lose("POST /v2.1/servers")
    with pytest.raises(NovaError, match="Connection timed out"):
        cloud.boot("web")


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda c: c.cut_off("compute9"), "unknown service 'compute9'"),
        (lambda c: c.reconnect("compute1"), r"nova-compute@compute1 is not cut off"),
        (lambda c: c.slow("glance", -1), "seconds=-1 is no duration"),
        (lambda c: c.lose("PSOT /v2.0/ports"), "unknown HTTP method 'PSOT': did you mean 'POST'"),
        (lambda c: c.lose("POST v2.0/ports"), "the path of a request begins with /"),
        (lambda c: c.duplicate("POST /v2.0/ports"), "unknown RPC method"),
    ],
)
def test_what_makes_no_sense_is_told(cloud, ask, said):
    with pytest.raises(UsageError, match=said):
        ask(cloud)

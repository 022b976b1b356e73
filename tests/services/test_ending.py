"""An end in good order: what is in hand is finished, nothing new is taken."""

import pytest

from simnova import Cloud

pytestmark = pytest.mark.thorough


def until_spawning(cloud, server):
    cloud.run(until=lambda event: server.task_state == "spawning")


def test_a_compute_that_is_stopped_finishes_the_build_it_has_in_hand(cloud):
    server = cloud.boot("web", host="compute1")
    until_spawning(cloud, server)
    began = cloud.now
    cloud.stop("nova-compute@compute1")
    assert not cloud.assembly.running["nova-compute@compute1"].alive
    assert cloud.now > began
    assert server.status == "ACTIVE"
    said = [line.message for line in cloud.log(service="nova-compute@compute1", level="INFO")]
    assert said[-1] == "nova-compute service graceful shutdown finished."
    assert any("waiting up to 140.0 seconds for in-progress tasks" in line for line in said)
    cloud.fork().close()


def test_it_takes_nothing_new_meanwhile(cloud):
    first = cloud.boot("first", host="compute1")
    until_spawning(cloud, first)
    later = cloud.submit("later", host="compute1")
    cloud.stop("nova-compute@compute1")
    cloud.run()
    assert first.status == "ACTIVE"
    assert later.server.status == "BUILD"
    assert [row for row in cloud.queues() if row[0] == "compute.compute1"]
    cloud.start("nova-compute@compute1")
    cloud.run()
    assert later.server.status == "ACTIVE"


@pytest.mark.parametrize(("own", "whole", "ends"), [(160, 180, 180), (0, 5, 5), (50, 30, 30)])
def test_it_ends_after_the_limit_all_the_same(own, whole, ends):
    limits = {"graceful_shutdown_timeout": whole, "manager_shutdown_timeout": own}
    cloud = Cloud(hosts=1, config={**limits, "rpc_response_timeout": 1000})
    server = cloud.boot("web")
    until_spawning(cloud, server)
    cloud.crash("nova-conductor")
    began = cloud.now
    cloud.stop("nova-compute@compute1")
    assert cloud.now == pytest.approx(began + ends)
    assert server.status == "BUILD"
    warned = [line.message for line in cloud.log(level="WARNING")]
    assert any("is higher than graceful_shutdown_timeout" in one for one in warned) == (own > whole)


def test_a_conductor_answers_whom_it_has_heard(cloud):
    cloud.submit("web")
    cloud.run(until=lambda event: event.data.get("method") == "select_destinations")
    cloud.stop("nova-conductor")
    sent = [one.data["method"] for one in cloud.journal if one.kind == "rpc.cast"]
    assert sent[-1] == "build_and_run_instance"
    cloud.start("nova-conductor")
    cloud.run()
    assert {server.status for server in cloud.servers} == {"ACTIVE"}


def test_a_restart_in_the_midst_of_work_waits_for_its_end(cloud):
    server = cloud.boot("web", host="compute1")
    until_spawning(cloud, server)
    cloud.restart("nova-compute@compute1")
    cloud.run()
    assert cloud.assembly.running["nova-compute@compute1"].alive
    assert server.status == "ACTIVE"
    lives = [
        one.kind
        for one in cloud.journal
        if one.kind.startswith("service.") and one.actor == "nova-compute@compute1"
    ]
    assert lives == ["service.start", "service.stop", "service.start"]
    cloud.fork().close()

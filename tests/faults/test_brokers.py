"""A message broker that goes, for a moment or for long: what survives, and how services find their way back."""

import pytest
from broken import events, logged, replays

from simnova import Cloud, UsageError


def test_services_come_back_by_themselves(cloud):
    cloud.restart("rabbitmq")
    cloud.run()
    lost = logged(cloud, "AMQP server on rabbitmq:5672 is unreachable", "nova-compute@compute1")
    assert lost == [
        'AMQP server on rabbitmq:5672 is unreachable: (320, "CONNECTION_FORCED - broker forced connection '
        "closure with reason 'shutdown'\"). Trying again in 1 seconds."
    ]
    assert len(logged(cloud, "Reconnected to AMQP server on rabbitmq:5672")) >= 5
    assert cloud.boot("web").wait().status == "ACTIVE"
    assert replays(cloud)


def test_each_try_waits_longer_than_the_one_before(cloud):
    cloud.crash("rabbitmq")
    cloud.run(cloud.now + 200)
    waits = [int(line.split()[-2]) for line in logged(cloud, "is unreachable", "nova-scheduler")]
    assert waits[:6] == [1, 2, 4, 6, 8, 10]
    assert max(waits) <= 31
    assert logged(cloud, "unreachable: Socket closed", "nova-scheduler")
    assert logged(cloud, "unreachable: [Errno 111] Connection refused", "nova-scheduler")


def test_a_request_waits_for_the_bus_and_is_answered_when_it_is_back(cloud):
    cloud.stop("rabbitmq")
    call = cloud.submit("web")
    cloud.run()
    assert not call.done
    cloud.run(cloud.now + 10)
    cloud.start("rabbitmq")
    cloud.run()
    assert call.server.status == "ACTIVE"
    assert replays(cloud)


def test_a_call_that_the_bus_keeps_waiting_times_out(cloud):
    server = cloud.boot("web")
    cloud.run(until=lambda event: event.data.get("method") == "select_destinations")
    cloud.stop("rabbitmq")
    before = cloud.now
    cloud.run()
    assert cloud.now - before == pytest.approx(60, abs=0.1)
    assert events(cloud, "rpc.timeout", method="select_destinations")
    cloud.start("rabbitmq")
    cloud.run()
    assert server.status == "ERROR"
    assert "Timed out waiting for a reply" in server.fault
    assert replays(cloud)


def held_by_a_queue(durable):
    """A request that waits in its queue while the broker restarts, for nobody has taken it yet."""
    config = {"oslo_messaging_rabbit": {"amqp_durable_queues": durable}}
    cloud = Cloud(hosts=1, config=config)
    cloud.stop("nova-conductor")
    call = cloud.submit("web")
    cloud.run()
    assert call.done
    cloud.restart("rabbitmq")
    cloud.start("nova-conductor")
    cloud.run()
    return cloud, call.server


def test_queues_of_nova_do_not_survive_a_restart_and_the_request_is_lost():
    cloud, server = held_by_a_queue(durable=False)
    assert server.status == "BUILD"
    (cast,) = events(cloud, "rpc.cast", method="schedule_and_build_instances")
    gone = [event for event in events(cloud, "amqp.drop") if event.request_id == cast.request_id]
    assert [event.data["reason"] for event in gone] == ["broker restarted"]
    assert replays(cloud)


def test_durable_queues_keep_their_requests():
    cloud, server = held_by_a_queue(durable=True)
    assert server.status == "ACTIVE"
    assert replays(cloud)


def test_what_the_broker_has_not_confirmed_is_sent_again(cloud):
    server = cloud.boot("web")
    cloud.run(until=lambda event: event.data.get("method") == "build_and_run_instance")
    cloud.restart("rabbitmq")
    cloud.run()
    assert server.status == "ACTIVE"
    assert replays(cloud)


def test_a_reply_waits_for_its_queue_which_is_declared_anew(cloud):
    server = cloud.boot("web")
    cloud.run(until=lambda event: event.kind == "rpc.reply" and event.actor == "nova-scheduler")
    cloud.stop("rabbitmq")
    cloud.run(cloud.now + 3)
    cloud.start("rabbitmq")
    cloud.run()
    assert server.status == "ACTIVE"


def test_a_service_that_starts_without_a_bus_comes_up_when_there_is_one(cloud):
    cloud.stop("rabbitmq")
    cloud.restart("nova-scheduler")
    cloud.restart("nova-compute@compute1")
    cloud.run(cloud.now + 20)
    cloud.start("rabbitmq")
    cloud.run()
    assert cloud.boot("web").wait().status == "ACTIVE"
    assert not cloud.assembly.failures
    assert replays(cloud)


def test_only_a_broker_that_is_down_can_be_started(cloud):
    with pytest.raises(UsageError, match="rabbitmq is running: stop or crash it first"):
        cloud.start("rabbitmq")
    cloud.crash("rabbitmq")
    with pytest.raises(UsageError, match="rabbitmq is not running"):
        cloud.stop("rabbitmq")
    with pytest.raises(UsageError, match="unknown service 'rabbit'"):
        cloud.restart("rabbit")


def test_a_request_that_nobody_can_answer_says_that_the_broker_is_down(cloud):
    cloud.stop("rabbitmq")
    assert repr(cloud).endswith("; rabbitmq is down>")
    with pytest.raises(UsageError, match=r"waits for what is broken: rabbitmq is down\. Mend it"):
        cloud.boot("web")
    cloud.start("rabbitmq")
    cloud.run()
    assert [server.status for server in cloud.servers] == ["ACTIVE"]

"""What is lost of RPC, and when: timeouts, crashes, duplicates, restarts, as in oslo.messaging."""

import pytest

from simnova.kernel.faults import Faults
from simnova.messaging.amqp import Passage, Verdict
from simnova.messaging.exceptions import MessagingTimeout
from simnova.messaging.faults import Loss
from simnova.messaging.rpc import RPCServer, Target, Transport
from simnova.messaging.server import REMEMBERED

from .conftest import Manager, World

# --- timeouts ---


def test_a_call_nobody_listens_to_times_out(world: World) -> None:
    error = world.call(world.client.prepare(topic="nobody"), "who")
    (call,) = world.of("rpc.call")
    assert isinstance(error, MessagingTimeout)
    assert str(error) == f"Timed out waiting for a reply to message ID {call.data['msg_id']}"
    assert world.clock.now == 60.0
    assert world.of("amqp.drop")[0].data["reason"] == "unroutable"
    assert world.resumed() == ["rpc.timeout", "rpc.call"]
    assert world.of("rpc.timeout")[0].data["seconds"] == 60.0


def test_a_lost_reply_ends_in_a_timeout_while_the_work_was_done(world: World) -> None:
    def lose_replies(passage: Passage) -> Verdict | None:
        return Verdict(lose=True) if passage.message.routing_key.startswith("reply_") else None

    world.broker.interceptors.append(lose_replies)
    error = world.call(world.client.prepare(server="host1", timeout=5), "who", note="work")
    assert isinstance(error, MessagingTimeout)
    assert world.managers["host1"].seen == ["work"]
    assert len(world.of("rpc.reply")) == 1


def test_a_late_reply_is_for_nobody(world: World) -> None:
    error = world.call(world.client.prepare(timeout=5), "slow", seconds=10)
    assert isinstance(error, MessagingTimeout)
    assert world.clock.now > 10, "the server went on"
    assert len(world.of("rpc.reply")) == 1
    assert world.call(world.client, "who") == "host2"


def test_each_call_has_its_own_reply_waiter(world: World) -> None:
    on_host1 = world.client.prepare(server="host1")
    answers = [world.start(on_host1, "slow", seconds=seconds) for seconds in (3, 1, 2)]
    world.run()
    assert answers == [[3], [1], [2]]
    assert [what for what in world.managers["host1"].seen if what[0] == "done"] == [
        ("done", 1), ("done", 2), ("done", 3),
    ], "each message ran in a task of its own"  # fmt: skip


def test_an_answered_calls_timer_does_not_keep_the_clock_busy(world: World) -> None:
    world.call(world.client, "who")
    assert world.clock.quiet
    assert world.clock.now < 1


def test_a_message_lives_no_longer_than_its_caller_waits(world: World) -> None:
    world.clock.crash(world.services["host1"])
    named = world.client.prepare(server="host1", timeout=5)
    assert isinstance(world.call(named, "who", note="old"), MessagingTimeout)
    world.cast(named, "who", note="cast")
    world.clock.advance(1)
    assert [e.data["reason"] for e in world.of("amqp.drop")] == ["expired"]
    world.serve("host1")
    world.run()
    assert world.managers["host1"].seen == ["cast"], "a cast waits for the server to come back"


def test_a_long_call_lives_on_heartbeats(world: World) -> None:
    long = world.client.prepare(server="host1", timeout=1800, call_monitor_timeout=10)
    assert world.call(long, "slow", seconds=100) == 100
    assert world.clock.now < 101
    before = world.clock.now
    world.start(long, "slow", seconds=100)
    world.clock.advance(20)
    world.clock.crash(world.services["host1"])
    world.run()
    assert world.of("rpc.timeout")[0].time - before < 40, "ten seconds after the last heartbeat"


# --- crashes, duplicates, restarts ---


def test_a_server_that_dies_at_work_has_lost_the_message_it_acknowledged(world: World) -> None:
    on_host1 = world.client.prepare(server="host1")
    answer = world.start(on_host1, "slow", seconds=10)
    world.clock.advance(5)
    world.clock.crash(world.services["host1"])
    world.serve("host1")
    world.run()
    assert isinstance(answer[0], MessagingTimeout)
    assert world.managers["host1"].seen == []
    assert world.of("amqp.requeue") == []


def test_a_reply_to_a_dead_caller_waits_in_its_queue_and_then_has_none(world: World) -> None:
    world.start(world.client, "slow", seconds=10)
    world.clock.advance(5)
    world.clock.crash(world.me)
    world.run()
    (reply_queue,) = [q for name, q in world.broker.queues.items() if name.startswith("reply_")]
    assert len(reply_queue.ready) == 1
    world.clock.advance(1800)
    assert reply_queue.name not in world.broker.queues
    assert world.of("amqp.drop")[-1].data["reason"] == "queue expired"


def test_a_reply_to_a_vanished_queue_comes_back_and_is_dropped(world: World) -> None:
    world.start(world.client.prepare(timeout=20), "slow", seconds=10)
    world.clock.advance(5)
    (name,) = [name for name in world.broker.queues if name.startswith("reply_")]
    world.broker.connect("operator").channel().queue_delete(name)
    world.run()
    assert world.of("amqp.return")[0].data["reply_text"] == "NO_ROUTE"
    assert len(world.of("rpc.timeout")) == 1


@pytest.mark.parametrize("between", [0, REMEMBERED - 1, REMEMBERED])
def test_a_duplicate_is_dropped_while_its_id_is_among_the_last_sixteen(
    world: World, between: int
) -> None:
    bodies: list[str | bytes] = []
    world.broker.interceptors.append(
        lambda passage: bodies.append(passage.message.body) if passage.stage == "publish" else None
    )
    on_host1 = world.client.prepare(server="host1")
    world.cast(on_host1, "who", note="first")
    for number in range(between):
        world.cast(on_host1, "who", note=number)
    channel = world.broker.connect("replayer").channel()
    channel.basic_publish("nova", "compute.host1", bodies[0])
    world.run()
    forgotten = between >= REMEMBERED
    assert world.managers["host1"].seen.count("first") == 1 + forgotten
    assert len(world.of("rpc.duplicate")) == 1 - forgotten


def test_a_message_doubled_on_the_wire_is_worked_on_once(world: World) -> None:
    world.broker.interceptors.append(lambda passage: Verdict(copies=2))
    assert world.call(world.client.prepare(server="host1"), "who", note="x") == "host1"
    assert world.managers["host1"].seen == ["x"]
    assert {event.actor for event in world.of("rpc.duplicate")} == {"nova-compute@host1"}


def test_services_come_back_after_a_restart_of_the_broker(world: World) -> None:
    world.call(world.client, "who")
    world.broker.restart()
    assert "compute" not in world.broker.queues
    assert world.call(world.client, "who") in ("host1", "host2")
    assert world.clock.now > 1


def test_a_stopped_server_leaves_the_topic_to_the_others(world: World) -> None:
    service = world.clock.start("nova-compute@host3")
    manager = Manager(world.clock, "host3")
    server = RPCServer(Transport(world.broker, service), Target("compute", "host3"), [manager])
    server.start()
    assert "host3" in [world.call(world.client, "who") for _ in range(3)]
    server.stop()
    assert "host3" not in [world.call(world.client, "who") for _ in range(6)]


@pytest.mark.parametrize(("reply", "worked"), [(False, []), (True, ["x"])])
def test_a_fault_loses_a_request_or_its_reply_by_the_methods_name(
    world: World, reply: bool, worked: list[str]
) -> None:
    other, wanted = Loss(Faults(world.clock), "echo"), Loss(Faults(world.clock), "who", reply=reply)
    world.broker.interceptors += [other, wanted]
    on_host1 = world.client.prepare(server="host1", timeout=5)
    assert isinstance(world.call(on_host1, "who", note="x"), MessagingTimeout)
    assert world.managers["host1"].seen == worked
    assert world.call(on_host1, "who", note="again") == "host1"

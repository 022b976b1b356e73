"""RPC is oslo.messaging's: topics, casts, calls, fan-out, failures."""

from typing import Any

import pytest

from simnova.messaging.envelope import unseal
from simnova.messaging.exceptions import (
    InvalidTarget,
    MessagingTimeout,
    NoSuchMethod,
    RemoteError,
    RPCVersionCapError,
    UnsupportedVersion,
)

from .conftest import World

CALL_EVENTS = [
    "rpc.call", "amqp.publish", "amqp.deliver", "amqp.ack",
    "rpc.reply", "amqp.publish", "amqp.deliver", "amqp.ack",
]  # fmt: skip


# --- the shape ---


def test_a_call_is_eight_events_and_nothing_more(world: World) -> None:
    before = len(world.clock.journal)
    assert world.call(world.client, "who") in ("host1", "host2")
    assert [event.kind for event in world.clock.journal][before:-1] == CALL_EVENTS
    assert world.resumed() == [
        "amqp.deliver", "amqp.publish", "rpc.reply", "amqp.deliver", "amqp.publish", "rpc.call",
    ]  # fmt: skip


def test_the_envelope_is_oslos_and_shared_with_the_journal(world: World) -> None:
    caught = []
    world.broker.interceptors.append(lambda passage: caught.append(passage.message))
    world.call(world.client.prepare(server="host1"), "echo", thing=[1])
    (event,) = world.of("rpc.call")
    assert caught[0].body is event.data["body"]
    message = unseal(caught[0].body)
    msg_id, unique_id = event.data["msg_id"], event.data["unique_id"]
    assert message == {
        "method": "echo", "args": {"thing": [1]}, "version": "1.0", "_context_user": "me",
        "_msg_id": msg_id, "_reply_q": caught[2].routing_key, "_timeout": None,
        "_unique_id": unique_id,
    }  # fmt: skip
    assert caught[2].routing_key.startswith("reply_")
    assert set(unseal(caught[2].body)) == {"result", "failure", "ending", "_msg_id", "_unique_id"}
    assert len(msg_id) == 32
    assert (msg_id[12], msg_id[16] in "89ab") == ("4", True), "a version 4 uuid, as hex"


def test_queues_and_exchanges_are_oslos(world: World) -> None:
    world.call(world.client, "who")
    assert world.broker.exchanges["nova"].type == "topic"
    assert world.broker.exchanges["compute_fanout"].auto_delete
    names = list(world.broker.queues)
    assert names[:2] == ["compute", "compute.host1"]
    assert names[2].startswith("compute_fanout_")
    assert names[5].startswith("reply_")
    assert [world.broker.queues[names[n]].arguments for n in (2, 5)] == [
        {"x-expires": 1_800_000}
    ] * 2
    assert not any(queue.durable for queue in world.broker.queues.values())


def test_a_topic_goes_round_its_servers_and_a_server_is_named(world: World) -> None:
    answers = [world.call(world.client, "who") for _ in range(4)]
    assert answers == ["host1", "host2", "host1", "host2"]
    named = world.client.prepare(server="host2")
    assert [world.call(named, "who") for _ in range(2)] == ["host2", "host2"]


def test_a_fanout_cast_reaches_every_server(world: World) -> None:
    world.cast(world.client.prepare(fanout=True), "who", note=7)
    assert [manager.seen for manager in world.managers.values()] == [[7], [7]]
    assert world.of("rpc.reply") == []


def test_a_call_cannot_fan_out(world: World) -> None:
    error = world.call(world.client.prepare(fanout=True), "who")
    assert isinstance(error, InvalidTarget)
    assert str(error) == (
        "A call cannot be used with fanout:"
        "<Target exchange=nova, topic=compute, version=1.0, fanout=True>"
    )


def test_endpoints_are_chosen_by_namespace_and_version(world: World) -> None:
    tasks = world.client.prepare(namespace="compute_task", version="2.0", server="host1")
    assert world.call(tasks, "who") == "task host1"
    assert world.call(world.client.prepare(version="1.5", server="host1"), "who") == "host1"


@pytest.mark.parametrize(
    ("change", "method", "kind", "text"),
    [
        ({"version": "1.6"}, "who", UnsupportedVersion, "RPC version 1.6. Attempted method: who"),
        ({"version": "2.0"}, "who", UnsupportedVersion, "RPC version 2.0. Attempted method: who"),
        ({"namespace": "x"}, "who", UnsupportedVersion, "RPC version 1.0. Attempted method: who"),
        ({}, "nope", NoSuchMethod, "Endpoint does not support RPC method nope"),
        ({}, "_private", NoSuchMethod, "Endpoint does not support RPC method _private"),
    ],
)
def test_what_no_endpoint_serves(
    world: World, change: dict[str, Any], method: str, kind: type, text: str
) -> None:
    error = world.call(world.client.prepare(**change), method)
    assert type(error) is kind
    assert text in str(error)


def test_a_version_cap_stops_a_call_at_home(world: World) -> None:
    capped = world.client.prepare(version_cap="1.2", version="1.3")
    assert not capped.can_send_version()
    assert capped.can_send_version("1.1")
    assert isinstance(world.call(capped, "who"), RPCVersionCapError)
    assert world.of("rpc.call") == []


# --- nothing is shared ---


def test_services_share_no_object(world: World) -> None:
    thing = {"name": "vm"}
    answer = world.call(world.client.prepare(server="host1"), "change", thing=thing)
    assert thing == {"name": "vm"}
    seen = world.managers["host1"].seen[0]
    assert answer == seen == {"name": "vm", "changed": True}
    assert answer is not seen


def test_a_dict_changed_after_a_cast_was_sent_arrives_as_it_was(world: World) -> None:
    thing = {"name": "vm"}

    async def cast_and_change() -> None:
        await world.client.prepare(server="host1").cast({}, "echo", thing=thing)
        thing["name"] = "changed"

    world.clock.spawn(cast_and_change(), service=world.me)
    world.run()
    assert world.managers["host1"].seen == [{"name": "vm"}]


def test_casts_of_one_client_arrive_in_order(world: World) -> None:
    async def casts() -> None:
        for number in range(30):
            await world.client.prepare(server="host1").cast({}, "who", note=number)

    world.clock.spawn(casts(), service=world.me)
    world.run()
    assert world.managers["host1"].seen == list(range(30))


# --- failures ---


@pytest.mark.parametrize(
    ("how", "kind", "text"),
    [
        ("timeout", MessagingTimeout, "Timed out waiting for a reply to message ID 42"),
        ("key", KeyError, "'host'"),
        ("own", RemoteError, "Remote error: OwnError mine"),
        ("usage", RemoteError, "Remote error: UsageError asked wrongly"),
    ],
)
def test_a_failure_crosses_the_wire(world: World, how: str, kind: type, text: str) -> None:
    error = world.call(world.client, "fail", how=how)
    assert type(error) is kind
    assert str(error).startswith(text)
    assert world.of("rpc.reply") == []
    assert world.of("rpc.error")[0].data["error"] != ""


def test_a_remote_error_says_where(world: World) -> None:
    error = world.call(world.client, "fail", how="own")
    assert error.exc_type == "OwnError"
    assert [line for line in error.traceback if "in fail" in line]
    assert not any("server.py" in line for line in error.traceback), "the doors leave no trace"


def test_a_failed_reply_is_a_cause_too(world: World) -> None:
    world.call(world.client, "fail", how="key")
    assert world.resumed()[:3] == ["amqp.deliver", "amqp.publish", "rpc.error"]
    assert world.resumed()[-1] == "rpc.call"


def test_a_failed_cast_is_noted_where_it_failed_and_nobody_is_told(world: World) -> None:
    world.cast(world.client, "fail", how="key")
    (error,) = world.of("rpc.error")
    assert (error.actor, error.data["to"], error.data["msg_id"]) == (
        "nova-compute@host1",
        None,
        None,
    )
    assert "host" in error.data["body"]
    assert len(world.of("amqp.publish")) == 1
    assert world.call(world.client.prepare(server="host1"), "who") == "host1"


# --- what follows a message, and again ---


def test_the_request_id_and_the_background_mark_follow_the_messages(world: World) -> None:
    async def beat() -> None:
        await world.client.call({}, "who")

    world.clock.spawn(beat(), service=world.me, request_id="req-7", background=True)
    world.clock.advance(1)
    events = list(world.clock.journal)[-8:]
    assert [event.kind for event in events] == CALL_EVENTS
    assert {(event.request_id, event.background) for event in events} == {("req-7", True)}
    assert world.clock.quiet


def test_the_same_seed_gives_the_same_journal() -> None:
    def digests() -> list[str]:
        world = World()
        for _ in range(3):
            world.cast(world.client, "fail", how="key")
        return [event.digest() for event in world.clock.journal]

    assert digests() == digests()

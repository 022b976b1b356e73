"""RPC is oslo.messaging's: topics, casts, calls, fan-out, failures, timeouts, and what is lost when."""

from collections.abc import Callable
from typing import Any

import pytest

from simnova.exceptions import NovaError, UsageError
from simnova.kernel.clock import Clock, Service
from simnova.kernel.faults import Faults
from simnova.kernel.journal import Event
from simnova.messaging.amqp import Broker, Passage, Verdict
from simnova.messaging.envelope import unseal
from simnova.messaging.exceptions import (
    InvalidTarget,
    MessagingTimeout,
    NoSuchMethod,
    RemoteError,
    RPCVersionCapError,
    UnsupportedVersion,
)
from simnova.messaging.faults import Loss
from simnova.messaging.rpc import RPCClient, RPCServer, Target, Transport
from simnova.messaging.server import REMEMBERED

Run = Callable[[], None]
CALL_EVENTS = [
    "rpc.call", "amqp.publish", "amqp.deliver", "amqp.ack",
    "rpc.reply", "amqp.publish", "amqp.deliver", "amqp.ack",
]  # fmt: skip


class OwnError(NovaError):
    """A NovaError of a module that may not be rebuilt."""


class Manager:
    """Endpoint of most tests."""

    target = Target(version="1.5")

    def __init__(self, clock: Clock, name: str) -> None:
        self.clock, self.name = clock, name
        self.seen: list[Any] = []

    async def who(self, ctxt: dict[str, Any], note: Any = None) -> str:
        self.seen.append(note)
        return self.name

    async def echo(self, ctxt: dict[str, Any], thing: Any) -> dict[str, Any]:
        self.seen.append(thing)
        return {"ctxt": ctxt, "thing": thing}

    async def change(self, ctxt: dict[str, Any], thing: dict[str, Any]) -> dict[str, Any]:
        thing["changed"] = True
        ctxt["changed"] = True
        self.seen.append(thing)
        return thing

    async def slow(self, ctxt: dict[str, Any], seconds: float) -> float:
        self.seen.append(("began", seconds))
        await self.clock.sleep(seconds)
        self.seen.append(("done", seconds))
        return seconds

    async def fail(self, ctxt: dict[str, Any], how: str) -> None:
        await self.clock.sleep(0.5)
        raise {
            "timeout": MessagingTimeout(msg_id="42"),
            "key": KeyError("host"),
            "own": OwnError("mine"),
            "usage": UsageError("asked wrongly"),
        }[how]

    async def _private(self, ctxt: dict[str, Any]) -> None:
        raise AssertionError("never reached")


class Conductor(Manager):
    """A second endpoint, in a namespace."""

    target = Target(version="2.0", namespace="compute_task")


class World:
    """A broker, servers of the topic `compute` on host1 and host2, and a client."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.broker = Broker(self.clock)
        self.services: dict[str, Service] = {}
        self.managers: dict[str, Manager] = {}
        for name in ("host1", "host2"):
            self.serve(name)
        self.me = self.clock.start("nova-api")
        self.transport = Transport(self.broker, self.me)
        self.client = RPCClient(self.transport, Target("compute"))

    def serve(self, name: str) -> None:
        """A server starts."""
        service = self.services[name] = self.clock.start(f"nova-compute@{name}")
        manager = self.managers[name] = Manager(self.clock, name)
        endpoints = [manager, Conductor(self.clock, f"task {name}")]
        transport = Transport(self.broker, service)
        RPCServer(transport, Target("compute", server=name), endpoints).start()

    def run(self) -> None:
        """To quiet."""
        while not self.clock.quiet:
            self.clock.step()

    def start(self, client: RPCClient, method: str, **kwargs: Any) -> list[Any]:
        """Begin a call; its result or exception will be in the list."""
        answer: list[Any] = []

        async def caller() -> None:
            try:
                answer.append(await client.call({"user": "me"}, method, **kwargs))
            except NovaError as error:
                answer.append(error)
            except KeyError as error:
                answer.append(error)
            self.clock.journal.record("input", {"verb": "resumed"})

        self.clock.spawn(caller(), service=self.me)
        return answer

    def call(self, client: RPCClient, method: str, **kwargs: Any) -> Any:
        """A call to its end."""
        answer = self.start(client, method, **kwargs)
        self.run()
        return answer[0]

    def cast(self, client: RPCClient, method: str, **kwargs: Any) -> None:
        """A cast, and all that follows."""
        self.clock.spawn(client.cast({"user": "me"}, method, **kwargs), service=self.me)
        self.run()

    def of(self, kind: str) -> list[Event]:
        """The events of a kind."""
        return [event for event in self.clock.journal if event.kind == kind]

    def resumed(self) -> list[str]:
        """The chain of causes of what the caller did last."""
        event = self.of("input")[-1]
        return [cause.kind for cause in self.clock.journal.causes(event.seq)][1:]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    from simnova.kernel.journal import KINDS, Kind

    monkeypatch.setitem(KINDS, "input", KINDS.get("input", Kind("for the tests", frozenset())))
    return World()


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

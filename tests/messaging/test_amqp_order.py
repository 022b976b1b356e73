"""Order, crashes, faults and restarts are as with RabbitMQ; without a fault no message is lost or doubled."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simnova.exceptions import NovaError
from simnova.kernel.clock import Between, Clock
from simnova.messaging.amqp import BasicProperties, Broker, Channel, Delivery, Passage, Verdict

from .conftest import held, kinds, put, take

Run = Callable[[], None]


def test_a_later_publish_never_overtakes_an_earlier_one(clock: Clock, run: Run) -> None:
    broker, got = Broker(clock, latency=Between(0.1, 10.0)), []
    me = clock.start("me")
    channel = broker.connect(me).channel()
    channel.queue_declare("q")
    broker.connect("reader").channel().basic_consume("q", lambda d: got.append(int(d.body)), True)

    async def publish() -> None:
        for number in range(50):
            channel.basic_publish("", "q", str(number))
            await clock.sleep(0.01)

    clock.spawn(publish(), service=me)
    run()
    assert got == list(range(50))


def test_a_synchronous_method_comes_after_what_was_published(clock: Clock, run: Run) -> None:
    broker, got = Broker(clock), []
    me = clock.start("me")
    channel = broker.connect(me).channel()
    channel.queue_declare("q")

    async def publish_and_get() -> None:
        channel.basic_publish("", "q", "x")
        got.append(channel.basic_get("q", auto_ack=True))

    clock.spawn(publish_and_get(), service=me)
    run()
    assert [delivery.body for delivery in got] == ["x"]


def test_a_consumer_that_crashes_at_work_has_its_message_redelivered(
    clock: Clock, broker: Broker, channel: Channel, run: Run
) -> None:
    done: list[tuple[str, bool]] = []

    def worker(name: str) -> Callable[[Delivery], Any]:
        async def work(delivery: Delivery) -> None:
            await clock.sleep(10)
            done.append((name, delivery.redelivered))
            delivery.ack()

        return work

    channel.queue_declare("q")
    first, second = clock.start("worker1"), clock.start("worker2")
    broker.connect(first).channel().basic_consume("q", worker("worker1"))
    put(channel, "q", "x")
    clock.advance(5)
    broker.connect(second).channel().basic_consume("q", worker("worker2"))
    clock.crash(first)
    run()
    assert done == [("worker2", True)]
    assert kinds(clock).count("amqp.requeue") == 1
    chain = [event.kind for event in clock.journal.causes(clock.journal[-1].seq)]
    assert chain[:4] == ["amqp.ack", "amqp.deliver", "amqp.requeue", "amqp.deliver"]


def test_what_a_client_had_sent_arrives_after_its_crash(
    clock: Clock, broker: Broker, run: Run
) -> None:
    me = clock.start("me")
    channel = broker.connect(me).channel()
    channel.queue_declare("q")

    async def publish_and_die() -> None:
        channel.basic_publish("", "q", "last words")
        clock.crash(me)

    clock.spawn(publish_and_die(), service=me)
    run()
    assert len(broker.queues["q"].ready) == 1


def test_a_publish_to_no_exchange_closes_the_channel_when_it_arrives(
    clock: Clock, broker: Broker, run: Run
) -> None:
    me = clock.start("me")
    channel = broker.connect(me).channel()
    seen: list[bool] = []

    async def publish() -> None:
        channel.basic_publish("absent", "k", "x")
        seen.append(channel.is_open)
        await clock.sleep(1)
        seen.append(channel.is_open)

    clock.spawn(publish(), service=me)
    run()
    assert seen == [True, False]
    assert "no exchange 'absent'" in clock.journal[-1].data["reason"]


@pytest.mark.parametrize("stage", ["publish", "deliver"])
def test_an_interceptor_loses_delays_and_doubles(
    clock: Clock, broker: Broker, channel: Channel, run: Run, stage: str
) -> None:
    verdicts = {"lost": Verdict(lose=True), "late": Verdict(delay=30), "twice": Verdict(copies=2)}

    def meddle(passage: Passage) -> Verdict | None:
        return verdicts.get(str(passage.message.body)) if passage.stage == stage else None

    got: list[tuple[int, Any]] = []
    channel.queue_declare("q")
    channel.basic_consume("q", lambda d: got.append((round(clock.now), d.body)), auto_ack=True)
    broker.interceptors.append(meddle)
    put(channel, "q", "lost", "plain", "twice", "late")
    run()
    assert got == [(0, "plain"), (0, "twice"), (0, "twice"), (30, "late")]
    assert [e.data["reason"] for e in clock.journal if e.kind == "amqp.drop"] == ["lost"]


def test_durable_queues_with_persistent_messages_survive_a_restart(
    broker: Broker, channel: Channel
) -> None:
    channel.queue_declare("durable", durable=True)
    channel.queue_declare("transient")
    channel.exchange_declare("xd", "fanout", durable=True)
    channel.exchange_declare("xt", "fanout")
    channel.queue_bind("durable", "xd")
    for number, mode in enumerate((2, 1, 2, 2)):
        channel.basic_publish("xd", "", str(number), BasicProperties(delivery_mode=mode))
    held(channel, "durable", 1)
    broker.restart()
    assert "transient" not in broker.queues
    assert "xt" not in broker.exchanges
    with pytest.raises(NovaError, match="CONNECTION_FORCED - broker forced connection closure"):
        channel.queue_declare("x")
    again = broker.connect("me").channel()
    assert take(again, "durable") == [("0", True), ("2", False), ("3", False)]
    again.basic_publish("xd", "", "bound still")
    assert take(again, "durable") == [("bound still", False)]


def test_a_receiver_owns_the_headers_it_reads(channel: Channel) -> None:
    headers = {"list": [1]}
    for name in ("a", "b"):
        channel.queue_declare(name)
        channel.queue_bind(name, "amq.fanout")
    channel.basic_publish("amq.fanout", "", "x", BasicProperties(headers=headers))
    headers["list"].append(2)
    first, second = channel.basic_get("a"), channel.basic_get("b")
    assert first is not None
    assert second is not None
    first.headers["list"].append(3)
    first.properties.headers["list"].append(4)
    assert second.headers == {"list": [1]} == first.headers


def test_broker_queue_and_exchange_show_themselves_as_tables(
    broker: Broker, channel: Channel
) -> None:
    channel.queue_declare("hello")
    channel.queue_bind("hello", "amq.topic", "a.*")
    put(channel, "hello", "Hello World!")
    assert "hello  1      0        0          amq.topic/a.*" in repr(broker)
    assert "1      rabbitmq.1               Hello World!" in repr(broker.queues["hello"])
    assert "a.*          hello" in repr(broker.exchanges["amq.topic"])


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.sampled_from(["", "amq.fanout", "amq.direct"])),
        st.tuples(st.just("wait"), st.floats(0.0, 0.01)),
        st.sampled_from([("get",), ("consume",), ("close",), ("restart",)]),
        st.tuples(st.just("settle"), st.sampled_from(["ack", "nack", "reject", "drop"])),
    ),
    max_size=40,
)


class Client:
    """Does what Hypothesis says, with two queues, and connects again where its channel was closed."""

    def __init__(self, seed: int) -> None:
        self.clock = Clock(seed)
        self.broker = Broker(self.clock)
        self.connect()

    def connect(self) -> None:
        self.channel = self.broker.connect("me").channel()
        self.taken: list[Delivery] = []
        self.channel.queue_declare("q", durable=True)
        self.channel.queue_declare("r", auto_delete=True)
        for name in ("q", "r"):
            self.channel.queue_bind(name, "amq.fanout")

    def act(self, verb: str, *args: Any) -> None:
        if not self.channel.is_open:
            self.connect()
        getattr(self, verb)(*args)

    def publish(self, exchange: str) -> None:
        properties = BasicProperties(expiration="5", delivery_mode=2)
        self.channel.basic_publish(exchange, "q", "x", properties)

    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def get(self) -> None:
        self.taken += held(self.channel, "q", 1)

    def consume(self) -> None:
        self.channel.basic_consume("r", lambda delivery: self.taken.append(delivery))

    def close(self) -> None:
        self.channel.close()

    def restart(self) -> None:
        self.broker.restart()

    def settle(self, how: str) -> None:
        if self.taken:
            last = self.taken.pop()
            last.reject(requeue=False) if how == "drop" else getattr(last, how)()


@settings(max_examples=150, deadline=None)
@given(ACTS, st.integers(0, 9))
def test_no_message_is_lost_or_doubled_without_a_fault(acts: list[Any], seed: int) -> None:
    """Copies put into queues = acknowledged + dropped with a reason + still in a queue."""
    client = Client(seed)
    for act in acts:
        client.act(*act)
    client.clock.advance(0.1)
    journal, queues = client.clock.journal, client.broker.queues.values()
    put_in = [(q, e.data["message"]) for e in journal for q in e.data.get("queues", ())]
    out = [
        (e.data["queue"], e.data["message"])
        for e in journal
        if e.kind in ("amqp.ack", "amqp.drop") and "queue" in e.data
    ]
    left = [(q.name, entry.message.id) for q in queues for entry in (*q.ready, *q.unacked)]
    assert sorted(put_in) == sorted(out + left)

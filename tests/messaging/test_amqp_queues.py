"""Queues, consumers and acknowledgements behave as RabbitMQ's. The orders were seen on a RabbitMQ 3.10.8."""

from collections.abc import Callable
from typing import Any

import pytest

from simnova.kernel.clock import Clock
from simnova.messaging.amqp import Broker, Channel, Delivery

from .conftest import held, put, take

Run = Callable[[], None]


# --- requeue ---


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (2, 1, 0)])
def test_requeued_messages_go_back_to_their_places(
    channel: Channel, order: tuple[int, ...]
) -> None:
    channel.queue_declare("q")
    put(channel, "q", "1", "2", "3", "4", "5")
    deliveries = held(channel, "q", 3)
    for which in order:
        deliveries[which].nack()
    again = [("1", True), ("2", True), ("3", True)]
    assert take(channel, "q") == [*again, ("4", False), ("5", False)]


def test_one_requeued_from_the_middle_comes_first(channel: Channel) -> None:
    channel.queue_declare("q")
    put(channel, "q", "1", "2", "3", "4")
    _, middle, _ = held(channel, "q", 3)
    middle.nack()
    assert take(channel, "q") == [("2", True), ("4", False)]


def test_multiple_settles_all_up_to_a_tag(channel: Channel) -> None:
    channel.queue_declare("q")
    put(channel, "q", "1", "2", "3", "4")
    _, second, _ = held(channel, "q", 3)
    second.ack(multiple=True)
    channel.close()
    assert take(channel.connection.channel(), "q") == [("3", True), ("4", False)]


def test_a_rejected_message_is_gone(channel: Channel, clock: Clock) -> None:
    channel.queue_declare("q")
    put(channel, "q", "no")
    held(channel, "q", 1)[0].reject(requeue=False)
    assert take(channel, "q") == []
    assert clock.journal[-1].data["reason"] == "rejected"


def test_basic_recover_gives_everything_back(channel: Channel) -> None:
    channel.queue_declare("q")
    put(channel, "q", "1", "2", "3")
    held(channel, "q", 2)
    channel.basic_recover()
    assert take(channel, "q") == [("1", True), ("2", True), ("3", False)]


def test_a_deleted_queues_messages_can_still_be_acknowledged(channel: Channel) -> None:
    channel.queue_declare("q")
    put(channel, "q", "1", "2")
    (delivery,) = held(channel, "q", 1)
    assert channel.queue_delete("q") == 1
    delivery.ack()
    assert channel.is_open


# --- consumers ---


def consumers(broker: Broker, name: str, count: int, prefetch: int = 0, ack: bool = True) -> Any:
    """Consumers on channels of their own; returns the log of (consumer, body) and the deliveries."""
    log: list[tuple[int, Any]] = []
    deliveries: list[Delivery] = []

    def consumer(number: int) -> Callable[[Delivery], None]:
        def on_message(delivery: Delivery) -> None:
            log.append((number, delivery.body))
            deliveries.append(delivery)
            if ack:
                delivery.ack()

        return on_message

    for number in range(count):
        channel = broker.connect(f"worker{number}").channel()
        channel.basic_qos(prefetch_count=prefetch)
        channel.basic_consume(name, consumer(number))
    return log, deliveries


def test_consumers_take_turns(broker: Broker, channel: Channel, run: Run) -> None:
    channel.queue_declare("q")
    log, _ = consumers(broker, "q", 3)
    put(channel, "q", *"012345678")
    run()
    assert sorted(log) == [(n, str(n + 3 * turn)) for n in range(3) for turn in range(3)]


def test_prefetch_holds_a_consumer_up_until_it_acknowledges(
    broker: Broker, channel: Channel, run: Run
) -> None:
    channel.queue_declare("q")
    put(channel, "q", *"012345678")
    log, deliveries = consumers(broker, "q", 3, prefetch=1, ack=False)
    run()
    assert sorted(log) == [(0, "0"), (1, "1"), (2, "2")]
    by_body = {delivery.body: delivery for delivery in deliveries}
    by_body["1"].ack()
    run()
    assert log[3:] == [(1, "3")]
    deliveries[-1].ack()
    run()
    assert log[4:] == [(1, "4")]
    by_body["2"].ack()
    by_body["0"].ack()
    run()
    assert sorted(log[5:]) == [(0, "6"), (2, "5")]
    assert channel.queue_declare("q", passive=True) == ("q", 2, 3)


def test_prefetch_is_each_consumers_or_with_global_the_channels(channel: Channel, run: Run) -> None:
    got: list[str] = []
    for name, shared in (("own", False), ("shared", True)):
        sharing = channel.connection.channel()
        sharing.queue_declare(name)
        put(sharing, name, *"abcdef")
        sharing.basic_qos(prefetch_count=1, global_qos=shared)
        for consumer in "xy":
            sharing.basic_consume(name, lambda d, c=consumer, n=name: got.append(f"{n} {c}"))
    run()
    assert sorted(got) == ["own x", "own y", "shared x"]


def test_prefetch_counts_for_later_consumers_and_not_without_acknowledgements(
    channel: Channel, run: Run
) -> None:
    got: list[str] = []
    channel.queue_declare("q")
    put(channel, "q", *"abcdef")
    channel.basic_qos(prefetch_count=2)
    channel.basic_consume("q", lambda d: got.append(d.body), consumer_tag="t")
    channel.basic_qos(prefetch_count=4)
    run()
    assert got == ["a", "b"]
    channel.basic_cancel("t")
    channel.basic_consume("q", lambda d: got.append(d.body), auto_ack=True)
    run()
    assert got == list("abcdef")


def test_a_consumer_may_be_a_coroutine_that_takes_its_time(
    clock: Clock, channel: Channel, run: Run
) -> None:
    done: list[tuple[float, Any]] = []

    async def work(delivery: Delivery) -> None:
        await clock.sleep(10)
        done.append((round(clock.now), delivery.body))
        delivery.ack()

    channel.queue_declare("q")
    channel.basic_consume("q", work)
    put(channel, "q", "1", "2")
    run()
    assert done == [(10, "1"), (10, "2")]
    assert [e.kind for e in clock.journal.causes(clock.journal[-1].seq)] == [
        "amqp.ack",
        "amqp.deliver",
        "amqp.publish",
    ]


# --- the life of queues and messages ---


def test_an_auto_delete_queue_goes_with_its_last_consumer(broker: Broker, channel: Channel) -> None:
    channel.queue_declare("q", auto_delete=True)
    assert "q" in broker.queues, "not before it had one"
    channel.basic_cancel(channel.basic_consume("q", print))
    assert "q" not in broker.queues


def test_an_exclusive_queue_goes_with_its_connection(broker: Broker, channel: Channel) -> None:
    channel.queue_declare("mine", exclusive=True)
    channel.close()
    assert "mine" in broker.queues
    channel.connection.close()
    assert "mine" not in broker.queues


def test_a_queue_nobody_uses_expires(broker: Broker, clock: Clock, channel: Channel) -> None:
    channel.queue_declare("q", arguments={"x-expires": 200})
    clock.advance(0.15)
    channel.basic_get("q")
    clock.advance(0.15)
    assert "q" in broker.queues, "a get is a use"
    tag = channel.basic_consume("q", print)
    clock.advance(10)
    assert "q" in broker.queues
    channel.basic_cancel(tag)
    clock.advance(0.19)
    assert "q" in broker.queues
    clock.advance(0.02)
    assert "q" not in broker.queues


def test_messages_expire_at_the_head_only(clock: Clock, channel: Channel) -> None:
    channel.queue_declare("q")
    put(channel, "q", "long", expiration="600")
    put(channel, "q", "short", expiration="100")
    put(channel, "q", "immortal")
    clock.advance(0.3)
    assert channel.queue_declare("q", passive=True).message_count == 3
    clock.advance(0.4)
    assert take(channel, "q") == [("immortal", False)]


def test_the_shorter_of_the_queues_and_the_messages_ttl_counts(
    clock: Clock, channel: Channel
) -> None:
    channel.queue_declare("q", arguments={"x-message-ttl": 300})
    put(channel, "q", "brief", expiration="100")
    clock.advance(0.2)
    put(channel, "q", "longer", expiration="60000")
    assert take(channel, "q") == [("longer", False)]
    put(channel, "q", "longer", expiration="60000")
    clock.advance(0.31)
    assert take(channel, "q") == []


def test_a_message_that_expires_at_once_reaches_only_a_ready_consumer(
    channel: Channel, run: Run
) -> None:
    got: list[Any] = []
    channel.queue_declare("q")
    put(channel, "q", "nobody", expiration="0")
    channel.basic_consume("q", lambda d: got.append(d.body))
    put(channel, "q", "somebody", expiration="0")
    run()
    assert got == ["somebody"]


def test_an_unacknowledged_message_past_its_time_is_not_requeued(
    clock: Clock, channel: Channel
) -> None:
    channel.queue_declare("q")
    put(channel, "q", "x", expiration="150")
    (delivery,) = held(channel, "q", 1)
    clock.advance(0.3)
    delivery.nack()
    assert take(channel, "q") == []


def test_a_full_queue_drops_its_head_or_refuses(channel: Channel) -> None:
    channel.queue_declare("head", arguments={"x-max-length": 2})
    refusing = {"x-max-length": 2, "x-overflow": "reject-publish"}
    channel.queue_declare("tail", arguments=refusing)
    put(channel, "head", *"1234")
    put(channel, "tail", *"1234")
    assert [body for body, _ in take(channel, "head")] == ["3", "4"]
    assert [body for body, _ in take(channel, "tail")] == ["1", "2"]


def test_a_dead_letter_tells_its_story(clock: Clock, channel: Channel) -> None:
    channel.queue_declare("dead")
    to_dead = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dead"}
    channel.queue_declare("q", arguments={**to_dead, "x-message-ttl": 100})
    put(channel, "q", "die", headers={"h": 1}, expiration="5000")
    clock.advance(0.3)
    letter = channel.basic_get("dead")
    assert letter is not None
    assert (letter.body, letter.properties.expiration) == ("die", None)
    (death,) = letter.headers["x-death"]
    assert (death["count"], death["reason"], death["queue"]) == (1, "expired", "q")
    assert (death["exchange"], death["routing-keys"]) == ("", ["q"])
    assert death["original-expiration"] == "5000"
    assert letter.headers["x-first-death-reason"] == "expired"
    assert letter.headers["h"] == 1
    chain = [event.kind for event in clock.journal.causes(letter.event or 0)]
    assert chain == ["amqp.deliver", "amqp.publish", "amqp.drop", "amqp.publish"]


def test_a_letter_that_dies_in_a_circle_is_dropped(clock: Clock, channel: Channel) -> None:
    circle = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "q", "x-message-ttl": 10}
    channel.queue_declare("q", arguments=circle)
    put(channel, "q", "round")
    clock.advance(1)
    assert take(channel, "q") == []


def test_unroutable_messages_are_dropped_and_mandatory_ones_come_back(
    clock: Clock, channel: Channel, run: Run
) -> None:
    came_back: list[Any] = []
    channel.add_on_return_callback(lambda message: came_back.append(message.body))
    channel.basic_publish("amq.direct", "nowhere", "plain")
    channel.basic_publish("amq.direct", "nowhere", "mandatory", mandatory=True)
    run()
    assert came_back == ["mandatory"]
    drop, back = (e for e in clock.journal if e.kind in ("amqp.drop", "amqp.return"))
    assert drop.data["reason"] == "unroutable"
    assert (back.data["reply_code"], back.data["reply_text"]) == (312, "NO_ROUTE")

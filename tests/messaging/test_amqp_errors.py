"""RabbitMQ's refusals: code, text, and what they close. Read off a RabbitMQ 3.10.8 with pika."""

from collections.abc import Callable
from typing import Any

import pytest

from simnova.exceptions import NovaError, UsageError
from simnova.messaging.amqp import BasicProperties, Broker, Channel
from simnova.messaging.exceptions import (
    AMQPError,
    ChannelClosedByBroker,
    ConnectionClosedByBroker,
)

LOCKED = (
    "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '{}' in vhost '/'. It could be originally "
    "declared on another connection or the exclusive property value does not match that of the original declaration."
)  # fmt: skip
INEQUIVALENT = "PRECONDITION_FAILED - inequivalent arg '{}' for {} in vhost '/': {}"
DEFAULT = "ACCESS_REFUSED - operation not permitted on the default exchange"
RESERVED = "ACCESS_REFUSED - {} contains reserved prefix 'amq.*'"
INVALID = "PRECONDITION_FAILED - invalid arg '{}' for queue 'new' in vhost '/': {}"
NO_EXCHANGE = "NOT_FOUND - no exchange 'absent' in vhost '/'"
NO_QUEUE = "NOT_FOUND - no queue 'absent' in vhost '/'"
SIGNED = "the value '1000' of type 'signedint'"

Ask = Callable[[Channel], Any]
REFUSALS: list[tuple[int, str, Ask]] = [
    (404, NO_EXCHANGE, lambda c: c.basic_publish("absent", "k", "x")),
    (404, NO_EXCHANGE, lambda c: c.exchange_declare("absent", passive=True)),
    (404, NO_QUEUE, lambda c: c.queue_declare("absent", passive=True)),
    (404, NO_QUEUE, lambda c: c.queue_purge("absent")),
    (404, NO_QUEUE, lambda c: c.queue_bind("absent", "amq.direct", "k")),
    (404, NO_EXCHANGE, lambda c: c.queue_bind("q", "absent", "k")),
    (404, NO_QUEUE, lambda c: c.basic_consume("absent", print)),
    (404, NO_QUEUE, lambda c: c.basic_get("absent")),
    (403, DEFAULT, lambda c: c.exchange_declare("", "direct")),
    (403, DEFAULT, lambda c: c.exchange_delete("")),
    (403, DEFAULT, lambda c: c.queue_bind("q", "", "k")),
    (403, DEFAULT, lambda c: c.queue_unbind("q", "", "q")),
    (403, RESERVED.format("exchange name 'amq.foo'"), lambda c: c.exchange_declare("amq.foo")),
    (403, RESERVED.format("queue name 'amq.x'"), lambda c: c.queue_declare("amq.x")),
    (
        403,
        "ACCESS_REFUSED - deletion of system exchange 'amq.direct' in vhost '/' not allowed",
        lambda c: c.exchange_delete("amq.direct"),
    ),
    (
        403,
        "ACCESS_REFUSED - cannot publish to internal exchange 'inside' in vhost '/'",
        lambda c: c.basic_publish("inside", "", "x"),
    ),
    (
        403,
        "ACCESS_REFUSED - queue 'taken' in vhost '/' in exclusive use",
        lambda c: c.basic_consume("taken", print),
    ),
    (
        403,
        "ACCESS_REFUSED - queue 'used' in vhost '/' in exclusive use",
        lambda c: c.basic_consume("used", print, exclusive=True),
    ),
    (405, LOCKED.format("theirs"), lambda c: c.queue_declare("theirs")),
    (405, LOCKED.format("theirs"), lambda c: c.queue_declare("theirs", passive=True)),
    (405, LOCKED.format("theirs"), lambda c: c.basic_consume("theirs", print)),
    (405, LOCKED.format("theirs"), lambda c: c.basic_get("theirs")),
    (405, LOCKED.format("theirs"), lambda c: c.queue_bind("theirs", "amq.direct", "k")),
    (405, LOCKED.format("theirs"), lambda c: c.queue_delete("theirs")),
    (405, LOCKED.format("q"), lambda c: c.queue_declare("q", exclusive=True)),
    (
        406,
        INEQUIVALENT.format("durable", "queue 'q'", "received 'true' but current is 'false'"),
        lambda c: c.queue_declare("q", durable=True),
    ),
    (
        406,
        INEQUIVALENT.format("auto_delete", "queue 'q'", "received 'true' but current is 'false'"),
        lambda c: c.queue_declare("q", auto_delete=True),
    ),
    (
        406,
        INEQUIVALENT.format("type", "exchange 'e'", "received 'topic' but current is 'direct'"),
        lambda c: c.exchange_declare("e", "topic"),
    ),
    (
        406,
        INEQUIVALENT.format(
            "durable", "exchange 'amq.direct'", "received 'false' but current is 'true'"
        ),
        lambda c: c.exchange_declare("amq.direct", "direct"),
    ),
    (
        406,
        INEQUIVALENT.format("internal", "exchange 'e'", "received 'true' but current is 'false'"),
        lambda c: c.exchange_declare("e", "direct", internal=True),
    ),
    (
        406,
        INEQUIVALENT.format("x-message-ttl", "queue 'q'", f"received {SIGNED} but current is none"),
        lambda c: c.queue_declare("q", arguments={"x-message-ttl": 1000}),
    ),
    (
        406,
        INEQUIVALENT.format(
            "x-message-ttl", "queue 'brief'", f"received none but current is {SIGNED}"
        ),
        lambda c: c.queue_declare("brief"),
    ),
    (
        406,
        INEQUIVALENT.format(
            "x-message-ttl", "queue 'brief'", "received '2000' but current is '1000'"
        ),
        lambda c: c.queue_declare("brief", arguments={"x-message-ttl": 2000}),
    ),
    (
        406,
        INVALID.format("x-message-ttl", "{value_negative,-1}"),
        lambda c: c.queue_declare("new", arguments={"x-message-ttl": -1}),
    ),
    (
        406,
        INVALID.format("x-message-ttl", '"expected integer, got longstr"'),
        lambda c: c.queue_declare("new", arguments={"x-message-ttl": "abc"}),
    ),
    (
        406,
        INVALID.format("x-expires", "{value_zero,0}"),
        lambda c: c.queue_declare("new", arguments={"x-expires": 0}),
    ),
    (
        406,
        INVALID.format("x-dead-letter-routing-key", "routing_key_but_no_dlx_defined"),
        lambda c: c.queue_declare("new", arguments={"x-dead-letter-routing-key": "a"}),
    ),
    (
        406,
        "PRECONDITION_FAILED - exchange 'bound' in vhost '/' in use",
        lambda c: c.exchange_delete("bound", if_unused=True),
    ),
    (
        406,
        "PRECONDITION_FAILED - queue 'full' in vhost '/' not empty",
        lambda c: c.queue_delete("full", if_empty=True),
    ),
    (
        406,
        "PRECONDITION_FAILED - queue 'used' in vhost '/' in use",
        lambda c: c.queue_delete("used", if_unused=True),
    ),
    (406, "PRECONDITION_FAILED - unknown delivery tag 99", lambda c: c.basic_ack(99)),
    (406, "PRECONDITION_FAILED - unknown delivery tag 99", lambda c: c.basic_nack(99)),
    (406, "PRECONDITION_FAILED - unknown delivery tag 0", lambda c: c.basic_ack(0)),
    (
        406,
        "PRECONDITION_FAILED - unknown delivery tag 7",
        lambda c: c.basic_ack(7, multiple=True),
    ),
    (
        406,
        'PRECONDITION_FAILED - Invalid x-match field value <<"some">>; expected all, any,'
        " all-with-x, or any-with-x",
        lambda c: c.queue_bind("q", "amq.headers", arguments={"x-match": "some"}),
    ),
    (
        406,
        "PRECONDITION_FAILED - invalid expiration 'abc': no_integer",
        lambda c: c.basic_publish("", "q", "x", BasicProperties(expiration="abc")),
    ),
    (
        406,
        "PRECONDITION_FAILED - invalid expiration '-1': {value_negative,-1}",
        lambda c: c.basic_publish("", "q", "x", BasicProperties(expiration="-1")),
    ),
    (
        503,
        "COMMAND_INVALID - unknown exchange type 'weird'",
        lambda c: c.exchange_declare("new", "weird"),
    ),
    (540, "NOT_IMPLEMENTED - prefetch_size!=0 (10)", lambda c: c.basic_qos(prefetch_size=10)),
]


@pytest.fixture
def others(broker: Broker) -> Channel:
    """What another client has declared, and holds."""
    channel = broker.connect("other").channel()
    for name in ("q", "taken", "used", "full"):
        channel.queue_declare(name)
    channel.queue_declare("theirs", exclusive=True)
    channel.queue_declare("brief", arguments={"x-message-ttl": 1000})
    channel.exchange_declare("e", "direct")
    channel.exchange_declare("bound", "direct")
    channel.queue_bind("q", "bound", "k")
    channel.exchange_declare("inside", "fanout", internal=True)
    channel.basic_consume("taken", print, exclusive=True)
    channel.basic_consume("used", print)
    channel.basic_publish("", "full", "x")
    return channel


@pytest.mark.parametrize(("code", "text", "ask"), REFUSALS)
def test_a_refusal_has_the_brokers_code_and_text_and_closes(
    broker: Broker, others: Channel, channel: Channel, code: int, text: str, ask: Ask
) -> None:
    hard = code in (503, 540)
    with pytest.raises(ConnectionClosedByBroker if hard else ChannelClosedByBroker) as refused:
        ask(channel)
    assert (refused.value.reply_code, refused.value.reply_text) == (code, text)
    assert not channel.is_open
    assert channel.connection.is_open is not hard
    assert others.is_open, "only the client that asked is hit"
    with pytest.raises(AMQPError):
        channel.queue_declare("more")


FINE: list[Ask] = [
    lambda c: c.exchange_declare("amq.direct", "direct", durable=True),
    lambda c: c.exchange_delete("absent"),
    lambda c: c.queue_delete("absent"),
    lambda c: c.queue_unbind("q", "amq.direct", "k"),
    lambda c: c.queue_unbind("q", "absent", "k"),
    lambda c: c.queue_unbind("absent", "amq.direct", "k"),
    lambda c: c.basic_ack(0, multiple=True),
    lambda c: c.basic_cancel("absent"),
    lambda c: c.basic_publish("", "theirs", "x"),
]


@pytest.mark.parametrize("ask", FINE)
def test_what_rabbitmq_does_not_mind(others: Channel, channel: Channel, ask: Ask) -> None:
    ask(channel)
    channel.queue_declare("still open")


def test_a_broken_channel_leaves_the_broker_working(broker: Broker, channel: Channel) -> None:
    with pytest.raises(NovaError, match="unknown exchange type 'weird'"):
        channel.exchange_declare("x", "weird")
    again = broker.connect("me").channel()
    again.exchange_declare("x", "topic")
    assert broker.exchanges["x"].type == "topic"


def test_a_server_named_queue_is_redeclared_only_passively(channel: Channel) -> None:
    name = channel.queue_declare().queue
    assert name.startswith("amq.gen-")
    assert channel.queue_declare(name, passive=True).queue == name
    with pytest.raises(ChannelClosedByBroker, match="reserved prefix"):
        channel.queue_declare(name)


def test_using_a_channel_one_has_closed_is_the_users_mistake(channel: Channel) -> None:
    channel.close()
    with pytest.raises(UsageError, match="open another"):
        channel.queue_declare("q")
    with pytest.raises(UsageError, match="open another"):
        channel.basic_publish("", "q", "x")


def test_a_body_is_text_or_bytes(channel: Channel) -> None:
    with pytest.raises(UsageError, match=r"dict: use json\.dumps"):
        channel.basic_publish("", "q", {"a": 1})  # type: ignore[arg-type]

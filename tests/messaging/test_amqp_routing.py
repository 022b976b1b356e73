"""Exchanges route as RabbitMQ's do. The tables were read off a RabbitMQ 3.10.8."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simnova.messaging.amqp import BasicProperties, Broker, Channel
from simnova.messaging.exchanges import topic_matches

KEYS = ["", "a", "a.b", "a.b.c", "a.c", "b", ".", "a..b", "a.", ".a", "a.b.b", ".."]
TOPICS = {
    "#": KEYS,
    "*": ["a", "b"],
    "a.*": ["a.b", "a.c", "a."],
    "a.#": ["a", "a.b", "a.b.c", "a.c", "a..b", "a.", "a.b.b"],
    "#.b": ["a.b", "b", "a..b", "a.b.b"],
    "*.b": ["a.b"],
    "a.*.c": ["a.b.c"],
    "a.#.c": ["a.b.c", "a.c"],
    "#.#": KEYS,
    "*.#": KEYS[1:],
    "#.*": KEYS[1:],
    "": [""],
    "a..b": ["a..b"],
    "a.*.b": ["a..b", "a.b.b"],
    ".": ["."],
    "*.*": ["a.b", "a.c", ".", "a.", ".a"],
    "a.b.#": ["a.b", "a.b.c", "a.b.b"],
    "#.a.#": ["a", "a.b", "a.b.c", "a.c", "a..b", "a.", ".a", "a.b.b"],
}


def queue(channel: Channel, exchange: str, key: str = "", **arguments: object) -> str:
    """A new queue bound to the exchange."""
    name = channel.queue_declare().queue
    channel.queue_bind(name, exchange, key, arguments)
    return name


def bodies(channel: Channel, name: str) -> list[str | bytes]:
    got = []
    while (delivery := channel.basic_get(name, auto_ack=True)) is not None:
        got.append(delivery.body)
    return got


@pytest.mark.parametrize("pattern", TOPICS)
def test_a_topic_exchange_matches_words(channel: Channel, pattern: str) -> None:
    name = queue(channel, "amq.topic", pattern)
    for key in KEYS:
        channel.basic_publish("amq.topic", key, key)
    assert bodies(channel, name) == TOPICS[pattern]


PART = st.sampled_from(["a", "b", "", "nova"])


@given(
    st.lists(st.one_of(PART, st.sampled_from(["*", "#"])), max_size=6), st.lists(PART, max_size=6)
)
def test_topic_matching_is_what_the_definition_says(
    pattern_words: list[str], key_words: list[str]
) -> None:
    pattern, key = ".".join(pattern_words), ".".join(key_words)
    parts, words = pattern.split(".") if pattern else [], key.split(".") if key else []

    @cache
    def matches(at: int, word: int) -> bool:
        if at == len(parts):
            return word == len(words)
        if parts[at] == "#":
            return any(matches(at + 1, later) for later in range(word, len(words) + 1))
        fits = word < len(words) and parts[at] in ("*", words[word])
        return fits and matches(at + 1, word + 1)

    assert topic_matches(pattern, key) == matches(0, 0)


HEADERS = [
    {}, {"a": 1}, {"a": 2}, {"a": "1"}, {"b": "x"}, {"a": 1, "b": "y"}, {"x-foo": "1"},
    {"x-foo": "2", "a": 1}, {"x-foo": "1", "a": 1}, {"a": True}, {"a": None},
]  # fmt: skip
ONE = [1, 5, 7, 8]
SEEN = [
    ({"x-match": "all", "a": 1}, ONE),
    ({"x-match": "any", "a": 1, "b": "x"}, [1, 4, 5, 7, 8]),
    ({"a": 1}, ONE),
    ({"x-match": "all"}, list(range(11))),
    ({"x-match": "any"}, []),
    ({}, list(range(11))),
    ({"x-match": "all", "x-foo": "1", "a": 1}, ONE),
    ({"x-match": "all-with-x", "x-foo": "1", "a": 1}, [8]),
    ({"x-match": "any-with-x", "x-foo": "1"}, [6, 8]),
    ({"x-match": "any", "x-foo": "1"}, []),
    ({"a": None}, [1, 2, 3, 5, 7, 8, 9, 10]),
    ({"a": True}, [9]),
    ({"a": "1"}, [3]),
]


@pytest.mark.parametrize(("wanted", "passing"), SEEN)
def test_a_headers_exchange_compares_headers(
    channel: Channel, wanted: dict[str, object], passing: list[int]
) -> None:
    name = queue(channel, "amq.headers", **wanted)
    for number, headers in enumerate(HEADERS):
        channel.basic_publish("amq.headers", "any", str(number), BasicProperties(headers=headers))
    assert bodies(channel, name) == [str(number) for number in passing]


def test_a_fanout_exchange_copies_to_every_queue(channel: Channel) -> None:
    names = [queue(channel, "amq.fanout", key) for key in ("", "ignored")]
    channel.basic_publish("amq.fanout", "whatever", "all")
    assert [bodies(channel, name) for name in names] == [["all"], ["all"]]


def test_the_default_exchange_knows_every_queue_by_its_name(channel: Channel) -> None:
    channel.queue_declare("hello")
    channel.basic_publish("", "hello", "Hello World!")
    assert bodies(channel, "hello") == ["Hello World!"]


def test_a_queue_with_two_matching_bindings_gets_one_copy(channel: Channel) -> None:
    name = queue(channel, "amq.topic", "a.*")
    channel.queue_bind(name, "amq.topic", "*.b")
    channel.queue_bind(name, "amq.topic", "*.b")
    channel.basic_publish("amq.topic", "a.b", "once")
    assert bodies(channel, name) == ["once"]


def test_an_unbound_queue_gets_no_more(channel: Channel) -> None:
    name = queue(channel, "amq.direct", "k")
    channel.basic_publish("amq.direct", "k", "before")
    channel.queue_unbind(name, "amq.direct", "k")
    channel.basic_publish("amq.direct", "k", "after")
    assert bodies(channel, name) == ["before"]


def test_an_auto_delete_exchange_goes_with_its_last_binding(
    broker: Broker, channel: Channel
) -> None:
    channel.exchange_declare("news", "fanout", auto_delete=True)
    assert "news" in broker.exchanges
    channel.queue_delete(queue(channel, "news"))
    assert "news" not in broker.exchanges

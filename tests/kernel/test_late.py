"""An event's data of which some is made when it is read: to its readers a dict like any other."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from simnova.kernel.clock import Clock
from simnova.kernel.journal import Event, declare
from simnova.kernel.late import Late

PLAIN = {"a": 1, "long": "text of b", "c": None}
TABLE = declare("test.table", "a made up table was made", payload=("long",))


@pytest.fixture
def made() -> list[str]:
    """What has been worked out so far."""
    return []


@pytest.fixture
def late(made: list[str]) -> Late:
    """The same data as PLAIN, of which one value is worked out."""

    def work(what: str, name: str) -> str:
        made.append(name)
        return f"text of {what}"

    return Late({"a": 1, "c": None}, ("long",), work, ("b",))


@pytest.mark.parametrize(
    "read",
    [
        dict,
        lambda data: {**data},
        lambda data: data | {},
        lambda data: {} | data,
        lambda data: data.copy(),
        lambda data: dict(data.items()),
        lambda data: {name: data[name] for name in data},
        lambda data: {name: data.get(name) for name in sorted(data)},
        lambda data: json.loads(json.dumps(data)),
    ],
)
def test_it_reads_like_a_dict(late: Late, read: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    assert read(late) == PLAIN
    assert late == PLAIN
    plain = PLAIN
    assert plain == late
    assert sorted(map(str, late.values())) == sorted(map(str, PLAIN.values()))


def test_nothing_is_worked_out_before_it_is_read_and_then_each_time(
    late: Late, made: list[str]
) -> None:
    assert (late["a"], late.get("c", 2), len(late), "long" in late) == (1, None, 3, True)
    assert made == []
    assert late["long"] == late["long"] == "text of b"
    assert made == ["long", "long"]


def test_what_is_not_there_is_missing(late: Late) -> None:
    assert late.get("d", 4) == 4
    assert "d" not in late
    with pytest.raises(KeyError, match="d"):
        late["d"]


def test_the_event_has_the_digest_of_plain_data(late: Late) -> None:
    def event(data: dict[str, Any]) -> Event:
        return Event(0, 0.0, "test.table", "nova-scheduler", None, None, None, False, data)

    assert event(late).digest() == event(PLAIN).digest()


@pytest.mark.parametrize(("level", "kept"), [("full", PLAIN), ("summary", {"a": 1, "c": None})])
def test_a_summary_drops_its_payload_without_working_it_out(
    late: Late, made: list[str], level: Any, kept: dict[str, Any]
) -> None:
    clock = Clock()
    clock.journal.level = level
    event = clock.journal.record(TABLE, late)
    assert made == []
    assert event.data == kept


def test_it_is_not_changed(late: Late) -> None:
    with pytest.raises(TypeError, match="not changed"):
        late["a"] = 2

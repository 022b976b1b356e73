"""What each key of a query asks of an event."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

from simnova.exceptions import UsageError, unknown
from simnova.kernel.journal import KINDS, Event, Journal
from simnova.nova.objects.states.names import TaskState, VmState
from simnova.observe.concerned import Concerned, called
from simnova.observe.index import follow
from simnova.observe.logs import LEVELS
from simnova.observe.names import Names, host_of
from simnova.observe.pairs import Pairs
from simnova.observe.story_en import TEMPLATES
from simnova.observe.texts import Texts

Test = Callable[[Event], bool]


class Key(NamedTuple):
    """A key: what it is good for, how it is written, and who it picks."""

    meaning: str
    example: str
    test: Callable[[Journal, str], Test]
    check: Callable[[str], object] = bool
    """Raises `UsageError` for a value that no event of any journal has."""

    @property
    def cost(self) -> int:
        """Its place among the keys, of which the cheapest come first."""
        return list(KEYS.values()).index(self)


# --- who ----------------------------------------------------------------------------------------------------------


def is_called(actor: str, asked: str) -> bool:
    """Whether a service is meant: by its whole name, by that of all of its kind, or by `@` and its host."""
    host = actor.partition("@")[2]
    return asked in (actor, actor.partition("@")[0], actor.partition("@")[0].partition(":")[0]) or (
        bool(host) and asked == f"@{host}"
    )


def _service(_: Journal, value: str) -> Test:
    return lambda event: is_called(event.actor, value)


def _request(_: Journal, value: str) -> Test:
    begin = value if value.startswith("req-") else f"req-{value}"
    return lambda event: (event.request_id or "").startswith(begin)


def _server(journal: Journal, value: str) -> Test:
    known: list[str] = []
    seen = -1

    def about(event: Event) -> bool:
        nonlocal known, seen
        if seen != len(journal):
            known, seen = called(follow(journal, Names), value), len(journal)
        concerned = follow(journal, Concerned)
        return any(concerned.concerns(event, uuid) for uuid in known)

    return about


# --- what ---------------------------------------------------------------------------------------------------------


def kinds() -> list[str]:
    """All kinds of events, with what several begin with: `rpc` and `rpc.cast`."""
    whole = {*KINDS, *TEMPLATES}
    return sorted(whole | {kind.partition(".")[0] for kind in whole})


def _check_kind(value: str) -> None:
    if value not in kinds():
        raise unknown("kind of event", value, kinds())


def _kind(_: Journal, value: str) -> Test:
    return lambda event: event.kind == value or event.kind.startswith(f"{value}.")


def _method(journal: Journal, value: str) -> Test:
    begin = value.lower()
    return lambda event: method(journal, event).lower().startswith(begin)


def method(journal: Journal, event: Event) -> str:
    """The method of an RPC message (also of what the broker does with it), a request or a driver's call."""
    if event.kind.startswith("amqp."):
        pairs = follow(journal, Pairs)
        sent = pairs.sent.get(event.data.get("message"), -1)
        event = journal[pairs.rpc[sent]] if sent in pairs.rpc else event
    return str(event.data.get("method") or "")


def _table(_: Journal, value: str) -> Test:
    database, name = value.rpartition(".")[::2]
    return lambda event: event.data.get("table") == name and database in ("", event.data.get("db"))


STATES: Final = sorted({*map(str, VmState), *map(str, TaskState)})
"""Every vm_state and task_state."""


def _check_state(value: str) -> None:
    if value not in STATES:
        raise unknown("vm_state or task_state", value, STATES)


def _state(_: Journal, value: str) -> Test:
    return lambda event: event.kind.startswith("db.") and value in _written(event)


def _written(event: Event) -> tuple[Any, Any]:
    after = event.data.get("after") or {}
    return after.get("vm_state"), after.get("task_state")


def _check_level(value: str) -> None:
    if value.upper() not in LEVELS:
        raise unknown("log level", value, LEVELS)


def _level(_: Journal, value: str) -> Test:
    return lambda event: value.upper() in levels(event)


def levels(event: Event) -> Iterable[str]:
    """The levels from which on a log line is shown: its own, and those that weigh less."""
    own = str(event.data.get("level"))
    return LEVELS[: LEVELS.index(own) + 1] if event.kind == "log" and own in LEVELS else ()


# --- where to -----------------------------------------------------------------------------------------------------


def _to(journal: Journal, value: str) -> Test:
    return lambda event: any(
        value == name or is_called(name, value) or value == host_of(name)
        for name in targets(journal, event)
    )


def targets(journal: Journal, event: Event) -> Iterator[str]:
    """Who a message is for, by all names: topic, server, queue, service."""
    data, room = event.data, event.kind.partition(".")[0]
    if event.kind in ("rpc.call", "rpc.cast"):
        topic, server = str(data.get("topic")), data.get("server")
        yield from (topic, f"nova-{topic}")
        if server:
            yield from (str(server), f"{topic}.{server}", f"nova-{topic}@{server}")
    elif room == "rpc":
        asked = follow(journal, Pairs).asked.get(event.seq)
        yield from (str(data.get("to")), *([] if asked is None else [journal[asked].actor]))
    elif room == "http":
        yield str(data.get("to"))
    elif event.kind == "amqp.publish":
        yield from map(str, data.get("queues") or ())
    elif room == "amqp":
        yield from (str(data.get("queue")), event.actor)


_PLACES: Final = ("host", "server", "node", "hypervisor_hostname", "source_compute", "dest_compute")


def _host(_: Journal, value: str) -> Test:
    return lambda event: value in places(event)


def places(event: Event) -> Iterable[str]:
    """The hosts that an event has to do with: its actor's, those of its message or row."""
    data = event.data
    yield host_of(event.actor)
    yield host_of(str(data.get("to") or ""))
    for held in (data, data.get("after") or {}, data.get("before") or {}):
        yield from (str(held[name]) for name in _PLACES if held.get(name))


# --- when ---------------------------------------------------------------------------------------------------------

_NUMBER: Final = r"(\d+(?:\.\d*)?|\.\d+)"
_BOUND: Final = re.compile(rf"([<>]=?){_NUMBER}")
_SPAN: Final = re.compile(rf"{_NUMBER}?\.\.{_NUMBER}?")
_COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {
    "<": float.__lt__,
    "<=": float.__le__,
    ">": float.__gt__,
    ">=": float.__ge__,
}


def span(value: str) -> Callable[[float], bool]:
    """Whether a time in seconds lies where a value says; raises `UsageError` where it says nothing such."""
    if bound := _BOUND.fullmatch(value):
        compare, limit = _COMPARE[bound[1]], float(bound[2])
        return lambda time: compare(float(time), limit)
    ends = _SPAN.fullmatch(value)
    if ends is None or value == "..":
        raise UsageError(
            f"'{value}' is no span of seconds: time:>1.5, time:<=2, time:0..2 or time:1.5.. are"
        )
    first, end = float(ends[1] or 0), float(ends[2] or "inf")
    return lambda time: first <= time <= end


def _time(_: Journal, value: str) -> Test:
    within = span(value)
    return lambda event: within(event.time)


# --- words --------------------------------------------------------------------------------------------------------


def word(journal: Journal, value: str) -> Test:
    """A word stands in an event's sentence or in its names, however it is spelled."""
    sought = value.lower()
    return lambda event: sought in follow(journal, Texts).of(journal, event)


KEYS: Final[dict[str, Key]] = {
    "time": Key("when, in seconds", "time:0..2", _time, span),
    "kind": Key("the kind of event, or what it begins with", "kind:rpc.cast", _kind, _check_kind),
    "service": Key("who did it", "service:nova-compute@compute1", _service),
    "request": Key("the beginning of its request id", "request:req-4f", _request),
    "table": Key("the table whose row changed", "table:nova_cell1.instances", _table),
    "level": Key(
        "a log line of this level, or a graver one", "level:WARNING", _level, _check_level
    ),
    "state": Key("the vm_state or task_state written", "state:spawning", _state, _check_state),
    "server": Key("the server it concerns, by name or uuid", "server:web", _server),
    "method": Key("the beginning of the method", "method:build_and_run", _method),
    "to": Key("who a message is for: topic, service, host", "to:compute", _to),
    "host": Key("the compute host it concerns", "host:compute1", _host),
}
"""The keys, the cheapest first."""

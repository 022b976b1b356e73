"""What a message carried: from whom to whom, through which exchange and queue, when, and with which arguments.

Clocks are the cloud's, in seconds; what lies between two of them is told in milliseconds or seconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from simnova.kernel.journal import KINDS, Event, Journal
from simnova.observe.graph import DEFAULT
from simnova.observe.index import follow, step
from simnova.observe.names import Names
from simnova.observe.pairs import Pairs
from simnova.observe.story_en.words import seconds

NOT_KEPT: Final = (
    'This journal is at level "summary": what messages carried was not kept. '
    'Cloud(level="full"), which is the default, keeps it.'
)
Fact = tuple[str, str]


@dataclass(frozen=True)
class Carried:
    """A message: `facts` about it, and in `parts` by name what was in it, as JSON has it.

    `note` says why there is nothing, where that is so.
    """

    seq: int
    title: str
    facts: list[Fact]
    parts: dict[str, Any] = field(default_factory=dict)
    note: str = ""


def carried(journal: Journal, seq: int) -> Carried:
    """What the message of step `seq` carried; of any other event, what was noted of it.

    What the broker did with a message is told of the RPC that it carries. Raises `UsageError` for a step that is not
    there.
    """
    event = journal[step(journal, seq)]
    room = event.kind.partition(".")[0]
    asked = _rpc_of(journal, event) if room == "amqp" else None
    shown = event if asked is None else asked
    room = shown.kind.partition(".")[0]
    tell = {"rpc": _rpc, "http": _http, "virt": _virt}.get(room, _other)
    title, facts, parts = tell(journal, shown)
    dropped = journal.level == "summary" and bool(KINDS[shown.kind].payload)
    told = [(name, str(value)) for name, value in facts if value not in (None, "")]
    return Carried(event.seq, title, told, {} if dropped else parts, NOT_KEPT if dropped else "")


Told = tuple[str, list[tuple[str, Any]], dict[str, Any]]


def _rpc_of(journal: Journal, event: Event) -> Event | None:
    pairs = follow(journal, Pairs)
    asked = pairs.rpc.get(pairs.sent.get(event.data.get("message"), -1))
    return None if asked is None else journal[asked]


def _rpc(journal: Journal, event: Event) -> Told:
    """A call, a cast, or an answer."""
    data, pairs = event.data, follow(journal, Pairs)
    sent = pairs.publish.get(event.seq)
    publish = {} if sent is None else journal[sent].data
    arrived = [journal[one] for one in pairs.arrivals(event.seq)]
    asked = journal[pairs.asked[event.seq]] if event.seq in pairs.asked else None
    method = data.get("method") or (asked.data.get("method") if asked else "")
    verb = "fanout" if data.get("fanout") else event.kind.partition(".")[2]
    facts = [
        ("from", event.actor),
        ("to", ", ".join(one.actor for one in arrived) or _bound(data)),
        (
            "exchange",
            publish.get("exchange", data.get("exchange")) or DEFAULT
            if publish
            else data.get("exchange"),
        ),
        ("routing key", publish.get("routing_key")),
        ("queue", ", ".join(publish.get("queues") or ())),
        ("message", publish.get("message")),
        ("msg_id", data.get("msg_id")),
        ("unique_id", data.get("unique_id")),
        ("version", data.get("version")),
        ("size", f"{publish['size']} bytes" if "size" in publish else None),
        *_times(journal, event, [sent, *(one.seq for one in arrived[:1])], asked),
    ]
    return f"{verb} {method}", facts, _inside(data.get("body"))


def _bound(data: Mapping[str, Any]) -> str:
    """Where a message that has not arrived is bound for."""
    to = data.get("to") or ".".join(filter(None, (data.get("topic"), data.get("server"))))
    return f"{to} (has not arrived)" if to else ""


def _times(
    journal: Journal, event: Event, marks: list[int | None], asked: Event | None
) -> Iterator[tuple[str, Any]]:
    """When a message was sent, and how much later it came where."""
    yield "sent", f"{event.time:.4f} s"
    for name, seq in zip(("at the broker", "delivered"), marks, strict=False):
        if seq is not None:
            yield name, _later(event, journal[seq])
    answer = follow(journal, Pairs).answered.get(event.seq)
    if answer is not None:
        yield (
            "answered",
            f"{_later(event, journal[answer])}, {journal[answer].kind.partition('.')[2]}",
        )
    if asked is not None:
        yield "asked by", f"{asked.actor}, {span(event.time - asked.time)} before"


def span(duration: float) -> str:
    """A duration as people say it; `0 s` for none."""
    return seconds(duration) or "0 s"


def _later(event: Event, other: Event) -> str:
    return f"{other.time:.4f} s (+{span(other.time - event.time)})"


def _inside(body: Any) -> dict[str, Any]:
    """The envelope of oslo.messaging, opened: the arguments or the result, and what else it has."""
    opened = read(body)
    inner = read(opened.get("oslo.message", opened)) if isinstance(opened, dict) else opened
    if not isinstance(inner, dict):
        return {} if inner is None else {"body": inner}
    names = {"args": "arguments", "result": "result", "failure": "failure"}
    parts = {told: inner[name] for name, told in names.items() if inner.get(name) is not None}
    rest = {name: value for name, value in inner.items() if name not in names}
    return {**parts, "envelope": rest} if rest else parts


def _http(journal: Journal, event: Event) -> Told:
    """A request, or the answer to it."""
    data, pairs = event.data, follow(journal, Pairs)
    asked = journal[pairs.asked[event.seq]] if event.seq in pairs.asked else None
    facts = [
        ("from", event.actor),
        ("to", data.get("to")),
        ("status", data.get("status")),
        ("error", data.get("error")),
        ("microversion", data.get("microversion") or data.get("version")),
        *_times(journal, event, [], asked),
    ]
    query = asked_for(data.get("query"))
    parts = {"query": query, "headers": data.get("headers"), "body": read(data.get("body"))}
    title = f"{data.get('method')} {data.get('path')}"
    status = "" if event.kind == "http.request" else f"{data.get('status') or 'no answer'} to "
    return f"{status}{title}", facts, {name: part for name, part in parts.items() if part}


def asked_for(query: Any) -> dict[str, Any]:
    """The parameters of a request, whether kept as text or as an object."""
    if isinstance(query, dict):
        return query
    return dict(parse_qsl(query, keep_blank_values=True)) if isinstance(query, str) else {}


def _virt(journal: Journal, event: Event) -> Told:
    """A call of the driver, its answer, or a step on the way."""
    data, names = event.data, follow(journal, Names).of
    instance = data.get("instance")
    asked = follow(journal, Pairs).asked.get(event.seq)
    facts = [
        ("from" if event.kind == "virt.call" else "at", event.actor),
        ("server", names.get(str(instance), instance)),
        (
            "took",
            span(data["seconds"]) if isinstance(data.get("seconds"), int | float) else None,
        ),
        *_times(journal, event, [], None if asked is None else journal[asked]),
    ]
    known = {"method", "instance", "seconds"}
    parts = {
        name: read(value) for name, value in data.items() if name not in known and value is not None
    }
    parts = {"arguments" if name == "args" else name: value for name, value in parts.items()}
    return f"{event.kind.partition('.')[2]} {data.get('method') or data.get('step')}", facts, parts


def _other(journal: Journal, event: Event) -> Told:
    """An event that is no message: what was noted of it."""
    facts = [
        ("at", event.actor),
        ("time", f"{event.time:.4f} s"),
        ("where", event.where),
        ("because of", event.cause),
    ]
    return event.kind, facts, {"noted": dict(event.data)} if event.data else {}


def read(body: Any) -> Any:
    """A body as JSON has it; what is no JSON stays as it is."""
    if isinstance(body, bytes):
        body = body.decode(errors="replace")
    if not isinstance(body, str):
        return body
    try:
        return json.loads(body)
    except ValueError:
        return body

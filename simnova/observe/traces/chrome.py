"""Chrome's Trace Event Format, which Perfetto and chrome://tracing open.

A service is a process, its work lies on as many threads as it does at a time, messages are arrows.
https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from simnova.kernel.journal import Journal
from simnova.observe.logs import EPOCH
from simnova.observe.markup import clean, shorten
from simnova.observe.names import place
from simnova.observe.traces.counters import counters
from simnova.observe.traces.lanes import Slice, slices
from simnova.observe.traces.marks import marks
from simnova.observe.traces.spans import Role, Span, Trace, spans, traces

_ASKING: Final = (Role.CLIENT, Role.PRODUCER)
LONGEST: Final = 200
"""Characters of a text beside a slice."""

Row = dict[str, Any]


def chrome(journal: Journal, *, background: bool = False) -> Iterator[str]:
    """The trace as one JSON document, an event a line."""
    found = traces(journal, background=background)
    rows = [*_work(found), *_requests(found)]
    rows += marks(journal, background=background)
    rows += counters(journal)
    rows.sort(key=lambda row: row["ts"])
    numbers = _numbers(row["pid"] for row in rows)
    yield '{"displayTimeUnit":"ms","otherData":' + _json({"time zero": EPOCH.isoformat()})
    yield ',"traceEvents":[\n'
    yield ",\n".join(map(_json, _named(numbers, rows)))
    for row in rows:
        yield ",\n" + _json({**row, "pid": numbers[row["pid"]], "ts": micro(row["ts"])})
    yield "\n]}\n"


def _work(found: list[Trace]) -> Iterator[Row]:
    """The spans as slices, and the arrows between them; a request as a whole is no work of anybody's."""
    made = slices(span for span in spans(found) if span.role != Role.ROOT)
    places = {one.span: one for one in made}
    for number, one in enumerate(made):
        span, begin = one.span, one.begin
        yield {
            **_at(one, begin),
            "ph": "X",
            "name": clean(shorten(span.name, LONGEST)),
            "cat": span.role,
            "dur": micro(one.end - begin),
            "args": _args(span),
        }
        asked = places.get(span.parent) if span.parent else None
        if asked and asked.span.role in _ASKING and span.role != Role.BROKER:
            yield from _arrows(str(number), asked, one)


def _arrows(name: str, asked: Slice, one: Slice) -> Iterator[Row]:
    """The question, and the answer if there was one; both ends of an arrow lie within their slices."""
    about = {"name": "message", "cat": "message"}
    yield {**_at(asked, asked.begin), "ph": "s", **about, "id": name}
    came = max(asked.begin, one.begin)
    yield {**_at(one, came), "ph": "f", "bp": "e", **about, "id": name}
    if asked.span.role == Role.CLIENT and not asked.span.waiting and came < asked.end:
        sent = max(came, min(one.end, asked.end) - 1)
        yield {**_at(one, sent), "ph": "s", **about, "id": f"{name}.back"}
        yield {**_at(asked, asked.end - 1), "ph": "f", "bp": "e", **about, "id": f"{name}.back"}


def _requests(found: list[Trace]) -> Iterator[Row]:
    """Each request from its first event to its last."""
    for trace in found:
        root = trace.root
        about = {"cat": "request", "id": trace.key, "name": clean(shorten(root.name, LONGEST))}
        for phase, time in (("b", root.start), ("e", root.finish)):
            at = {"pid": root.service, "tid": 0, "ts": round(time * 10**9)}
            yield {**at, "ph": phase, **about, "args": {"step": root.seq}}


def _at(one: Slice, time: int) -> Row:
    return {"pid": one.span.service, "tid": one.lane + 1, "ts": time}


def _args(span: Span) -> Row:
    """What stands beside a slice that was clicked."""
    told = {"request": span.trace.key, "step": span.seq, **span.about}
    if span.error:
        told["error"] = span.error
    if span.waiting:
        told["unfinished"] = True
    return {
        name: clean(shorten(value, LONGEST)) if isinstance(value, str) else value
        for name, value in told.items()
        if value is not None
    }


def _numbers(services: Iterable[str]) -> dict[str, int]:
    """The services' process numbers, from 1, as a boot runs through them."""
    return {name: number for number, name in enumerate(sorted(set(services), key=place), 1)}


def _named(numbers: dict[str, int], rows: list[Row]) -> Iterator[Row]:
    """What the processes and their threads are called, and in which order they stand."""
    for name, pid in numbers.items():
        about = {"ph": "M", "pid": pid, "tid": 0}
        yield {**about, "name": "process_name", "args": {"name": clean(name)}}
        yield {**about, "name": "process_sort_index", "args": {"sort_index": pid}}
    for name, tid in sorted({(row["pid"], row["tid"]) for row in rows}):
        called = f"at work, {tid}" if tid else "events"
        about = {"ph": "M", "pid": numbers[name], "tid": tid}
        yield {**about, "name": "thread_name", "args": {"name": called}}


def micro(nanoseconds: int) -> float:
    """Microseconds, to the nanosecond."""
    return nanoseconds / 1000


def _json(given: Any) -> str:
    return json.dumps(given, separators=(",", ":"), default=str)

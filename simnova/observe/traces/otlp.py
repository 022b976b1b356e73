"""OpenTelemetry's JSON form of a trace (OTLP), which Jaeger, Tempo and collectors take.

As the protocol's specification says, ids are hexadecimal, whole numbers are texts, and kinds are numbers.
https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from simnova.kernel.journal import Event, Journal
from simnova.observe.logs import EPOCH
from simnova.observe.markup import clean, shorten
from simnova.observe.names import host_of
from simnova.observe.traces.spans import Role, Span, Trace, spans, traces

KINDS: Final = {
    Role.ROOT: 1,
    Role.BROKER: 1,
    Role.STEP: 1,
    Role.SERVER: 2,
    Role.CLIENT: 3,
    Role.DRIVER: 3,
    Role.PRODUCER: 4,
    Role.CONSUMER: 5,
}
"""`Span.SpanKind` of opentelemetry/proto/trace/v1/trace.proto."""
ERROR: Final = 2
"""`Status.StatusCode`; a span without one is unset, which is how those that went well are left."""
START: Final = round(EPOCH.timestamp()) * 10**9
"""Nanoseconds from 1970 to a cloud's time zero."""
LONGEST: Final = 1000
"""Characters of a text in an attribute."""

_NAMES: Final = {
    "to": "server.address",
    "method": "rpc.method",
    "path": "url.path",
    "query": "url.query",
    "status": "http.response.status_code",
    "queue": "messaging.destination.name",
    "topic": "messaging.destination.name",
    "message": "messaging.message.id",
    "size": "messaging.message.body.size",
    "instance": "openstack.server.id",
}
"""What OpenTelemetry's conventions call the things that we know."""


def otlp(journal: Journal, *, background: bool = False) -> Iterator[str]:
    """The traces of a journal as one JSON document, in pieces.

    A resource is a service (`service.name`, `host.name`), a trace is a request.
    """
    found = traces(journal, background=background)
    kept = {trace.key for trace in found}
    services: dict[str, list[Span]] = {}
    for span in spans(found):
        services.setdefault(span.service, []).append(span)
    yield '{"resourceSpans":['
    for number, (service, own) in enumerate(services.items()):
        yield "," if number else ""
        yield f'{{"resource":{_json(resource(service))},"scopeSpans":[{{"scope":{{"name":"simnova"}},"spans":['
        for place, span in enumerate(own):
            yield ("," if place else "") + _json(told(span, kept))
        yield "]}]}"
    yield "]}\n"


def resource(service: str) -> dict[str, Any]:
    """A service as a resource; those without a host of their own run on the controller."""
    name, host = service.partition("@")[0], host_of(service) or "controller"
    about = {"service.name": name, "service.instance.id": service, "host.name": host}
    return {"attributes": attributes(about)}


def told(span: Span, kept: Iterable[str]) -> dict[str, Any]:
    """A span as the protocol has it; it links to the trace that brought its own about, if that is one of `kept`."""
    one: dict[str, Any] = {
        "traceId": trace_id(span.trace),
        "spanId": span_id(span),
        "name": clean(shorten(span.name, LONGEST)),
        "kind": KINDS[span.role],
        "startTimeUnixNano": nano(span.start),
        "endTimeUnixNano": nano(span.finish),
        "attributes": attributes(
            {**_about(span), "simnova.role": span.role, "simnova.step": span.seq}
        ),
        "events": [noted(event) for event in span.notes],
        "status": {"code": ERROR, "message": clean(shorten(span.error, LONGEST))}
        if span.error
        else {},
    }
    if span.parent is not None:
        one["parentSpanId"] = span_id(span.parent)
    link = span.trace.link
    if span.role == Role.ROOT and link is not None and link.trace.key in kept:
        one["links"] = [{"traceId": trace_id(link.trace), "spanId": span_id(link)}]
    return one


def _about(span: Span) -> dict[str, Any]:
    """What is known of a span, under OpenTelemetry's names."""
    asked_by_http = "path" in span.about
    known = {_NAMES.get(name, f"simnova.{name}"): value for name, value in span.about.items()}
    if asked_by_http:
        known["http.request.method"] = known.pop("rpc.method")
    elif "rpc.method" in known:
        known["rpc.system"] = "oslo.messaging"
    if span.role == Role.BROKER:
        known["messaging.system"] = "rabbitmq"
    if span.role == Role.ROOT:
        known["openstack.request_id"] = span.trace.request_id
    if span.waiting:
        known["simnova.unfinished"] = True
    return known


def noted(event: Event) -> dict[str, Any]:
    """What happened within a span, with what of it is short: payloads stay in the journal."""
    about = {name: event.data[name] for name in event.data if name not in _LONG}
    place = {"code.where": event.where, "simnova.step": event.seq}
    return {
        "timeUnixNano": nano(event.time),
        "name": clean(event.kind),
        "attributes": attributes({**about, **place}),
    }


_LONG: Final = {"body", "xml", "traceback", "weighers", "weights", "order", "verdicts"}


def attributes(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Names and values as OTLP's list; what is None is left out."""
    return [
        {"key": clean(name), "value": _value(value)}
        for name, value in given.items()
        if value is not None
    ]


def _value(value: Any) -> dict[str, Any]:
    """A value with its type; what is neither text, number nor truth is told as JSON."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int) and abs(value) < 2**63:
        return {"intValue": str(value)}
    if isinstance(value, float) and math.isfinite(value):
        return {"doubleValue": value}
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return {"stringValue": clean(shorten(text, LONGEST))}


def trace_id(trace: Trace) -> str:
    """32 hexadecimal digits out of the request id."""
    return _hex(16, trace.key)


def span_id(span: Span) -> str:
    """16 hexadecimal digits out of the request id, the event that began the span, and what it is."""
    return _hex(8, span.trace.key, str(span.seq), span.role, str(span.about.get("queue")))


def _hex(size: int, *parts: str) -> str:
    text = json.dumps(parts)
    return hashlib.blake2b(text.encode(), digest_size=size).hexdigest()


def nano(time: float) -> str:
    """Nanoseconds since 1970, as text."""
    return str(START + round(time * 10**9))


def _json(given: Any) -> str:
    return json.dumps(given, separators=(",", ":"))

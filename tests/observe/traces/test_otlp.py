"""OpenTelemetry's form, read by the protocol's own definition."""

import base64
import json
from collections import Counter

import pytest
from google.protobuf.json_format import Parse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from simnova import Cloud
from simnova.observe.traces.otlp import LONGEST, START, otlp
from simnova.observe.traces.spans import traces

IDS = {"traceId", "spanId", "parentSpanId"}
SCRIPT = "<script>alert('&')</script>"


def as_protobuf(given):
    """OTLP writes ids in hexadecimal where protobuf's JSON has base64; all else is the same."""
    if isinstance(given, list):
        return [as_protobuf(one) for one in given]
    if not isinstance(given, dict):
        return given
    return {
        name: base64.b64encode(bytes.fromhex(value)).decode() if name in IDS else as_protobuf(value)
        for name, value in given.items()
    }


def read(journal, **how):
    """What a collector would take in; a field that the protocol does not have raises."""
    text = "".join(otlp(journal, **how))
    return Parse(json.dumps(as_protobuf(json.loads(text))), ExportTraceServiceRequest())


def spans(request):
    """Each span with its service's name."""
    return [
        (about(resource.resource)["service.name"], span)
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def about(one):
    """Attributes as a dict."""
    return {
        given.key: getattr(given.value, given.value.WhichOneof("value")) for given in one.attributes
    }


def named(request, service, name, kind):
    """The spans of a service with that name and kind."""
    return [
        span for own, span in spans(request) if (own, span.name, span.kind) == (service, name, kind)
    ]


@pytest.mark.parametrize("background", [False, True])
def test_spans_are_well_formed(journal, background):
    found = [span for _, span in spans(read(journal, background=background))]
    ids = {(span.trace_id, span.span_id): span for span in found}
    assert len(ids) == len(found) > 0
    for span in found:
        assert len(span.trace_id) == 16
        assert len(span.span_id) == 8
        assert span.name
        assert span.kind != Span.SPAN_KIND_UNSPECIFIED
        assert START <= span.start_time_unix_nano <= span.end_time_unix_nano
        for event in span.events:
            assert span.start_time_unix_nano <= event.time_unix_nano <= span.end_time_unix_nano
        for link in span.links:
            assert (link.trace_id, link.span_id) in ids
        if span.parent_span_id:
            parent = ids[span.trace_id, span.parent_span_id]
            assert parent.start_time_unix_nano <= span.start_time_unix_nano


def test_no_span_is_among_its_own_parents(journal):
    found = {span.span_id: span for _, span in spans(read(journal))}
    for span in found.values():
        seen = set()
        while span.parent_span_id:
            assert span.span_id not in seen
            seen.add(span.span_id)
            span = found[span.parent_span_id]


def test_every_request_has_one_trace_with_one_root(journal):
    found = [span for _, span in spans(read(journal))]
    roots = [span for span in found if not span.parent_span_id]
    assert max(Counter(span.trace_id for span in roots).values()) == 1
    assert {span.trace_id for span in found} == {span.trace_id for span in roots}
    requests = [about(span).get("openstack.request_id") for span in roots]
    wanted = {event.request_id for event in journal if event.request_id}
    assert Counter(one for one in requests if one) == Counter(wanted)


def test_each_question_has_a_span_on_each_side(journal):
    request = read(journal, background=True)
    kinds = Counter(event.kind for event in journal)
    spoken = Counter(span.kind for _, span in spans(request))
    assert spoken[Span.SPAN_KIND_PRODUCER] == kinds["rpc.cast"]
    asked = kinds["rpc.call"] + kinds["http.request"] + kinds["virt.call"]
    assert spoken[Span.SPAN_KIND_CLIENT] == asked
    steps = {about(span)["simnova.step"]: about(span)["simnova.role"] for _, span in spans(request)}
    assert Counter(steps.values())["step"] == kinds["virt.step"]


def test_who_calls_waits_as_long_as_queues_and_work_take(real):
    request = read(real)
    (call,) = named(request, "nova-conductor", "select_destinations", Span.SPAN_KIND_CLIENT)
    (work,) = named(request, "nova-scheduler", "select_destinations", Span.SPAN_KIND_SERVER)
    waits = [
        span
        for service, span in spans(request)
        if service == "rabbitmq" and span.parent_span_id == call.span_id
    ]
    assert [about(span)["messaging.system"] for span in waits] == ["rabbitmq", "rabbitmq"]
    there, back = waits
    assert work.parent_span_id == call.span_id
    assert call.start_time_unix_nano < there.start_time_unix_nano
    assert there.end_time_unix_nano == work.start_time_unix_nano
    assert work.end_time_unix_nano < back.start_time_unix_nano
    assert back.end_time_unix_nano == call.end_time_unix_nano


def test_a_cast_goes_on_when_the_answer_is_long_there(real):
    request = read(real)
    (answer,) = named(request, "nova-api", "POST /v2.1/servers", Span.SPAN_KIND_SERVER)
    (cast,) = named(request, "nova-conductor", "build_and_run_instance", Span.SPAN_KIND_PRODUCER)
    (build,) = named(request, "nova-compute", "build_and_run_instance", Span.SPAN_KIND_CONSUMER)
    assert build.parent_span_id == cast.span_id
    assert build.end_time_unix_nano > answer.end_time_unix_nano
    assert about(answer)["http.response.status_code"] == 202
    (root,) = [span for _, span in spans(request) if not span.parent_span_id]
    assert root.end_time_unix_nano == max(span.end_time_unix_nano for _, span in spans(request))


def test_a_driver_call_holds_its_steps(real):
    request = read(real)
    (spawn,) = named(request, "nova-compute", "driver.spawn", Span.SPAN_KIND_CLIENT)
    steps = [span for service, span in spans(request) if service == "hypervisor"]
    assert [span.name for span in steps] == [
        event.data["step"] for event in real if event.kind == "virt.step"
    ]
    for span in steps:
        assert span.parent_span_id == spawn.span_id
        length = span.end_time_unix_nano - span.start_time_unix_nano
        assert abs(length / 1e9 - about(span)["simnova.seconds"]) < 1e-5


def test_log_lines_and_rows_are_notes_of_who_made_them(real):
    request = read(real)
    (build,) = named(request, "nova-compute", "build_and_run_instance", Span.SPAN_KIND_CONSUMER)
    texts = [about(event).get("message", "") for event in build.events if event.name == "log"]
    assert any("Claim successful" in text for text in texts)
    rows = [
        about(event)
        for service, span in spans(request)
        if service == "nova-conductor"
        for event in span.events
        if event.name == "db.update"
    ]
    assert "spawning" in "".join(row["after"] for row in rows)


def test_resources_say_which_service_runs_where(real):
    known = [about(one.resource) for one in read(real).resource_spans]
    places = {(one["service.name"], one["host.name"]) for one in known}
    assert {("nova-api", "controller"), ("nova-compute", "compute2")} <= places
    assert len({one["service.instance.id"] for one in known}) == len(known)


def test_failures_are_errors(troubled):
    request = read(troubled)
    told = {
        (service, span.name, span.kind): span.status.message
        for service, span in spans(request)
        if span.status.code == Status.STATUS_CODE_ERROR
    }
    call, server = Span.SPAN_KIND_CLIENT, Span.SPAN_KIND_SERVER
    assert "Domain not started" in told["nova-compute", "driver.spawn", call]
    assert told["nova-scheduler", "select_destinations", server] == "NoValidHost"
    assert told["nova-conductor", "select_destinations", call] in (
        "NoValidHost",
        "no reply in 60.0 s",
    )
    assert told["rabbitmq", "dropped", Span.SPAN_KIND_INTERNAL] == "lost"
    refused = [text for text in told.values() if "Connection refused" in text or "HTTP 50" in text]
    assert refused


def test_what_is_still_waited_for_says_so(halfway):
    found = [span for _, span in spans(read(halfway)) if about(span).get("simnova.unfinished")]
    assert found
    assert {span.kind for span in found} <= {Span.SPAN_KIND_CLIENT, Span.SPAN_KIND_INTERNAL}


def test_the_same_run_is_the_same_text(real):
    again = Cloud(hosts=3)
    again.boot("web1")
    assert list(otlp(again.run().journal)) == list(otlp(real))


def test_hostile_names_stay_text_and_are_cut():
    cloud = Cloud(1)
    cloud.boot(SCRIPT)
    cloud.run()
    cloud.boot("x" * 200, user_data="#" * 5000)
    texts = [
        value
        for _, span in spans(read(cloud.run().journal))
        for one in (span, *span.events)
        for value in about(one).values()
        if isinstance(value, str)
    ]
    assert any(SCRIPT in text for text in texts)
    assert max(map(len, texts)) <= LONGEST


def test_set_up_is_left_out_unless_it_is_asked_for(real):
    assert all(not trace.background for trace in traces(real))
    assert any(trace.background for trace in traces(real, background=True))
    assert len(read(real).resource_spans) < len(read(real, background=True).resource_spans)

"""Chrome's trace, checked by what the Trace Event Format asks for, and by what Perfetto needs to draw arrows.

https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
"""

import json
from collections import defaultdict

import fastjsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simnova import Cloud, Config
from simnova.observe import hosts, queues
from simnova.observe.traces.chrome import chrome
from simnova.observe.traces.lanes import slices
from simnova.observe.traces.spans import Role, Span, Trace, spans, traces

EVENT = {
    "pid": {"type": "integer"},
    "tid": {"type": "integer"},
    "name": {"type": "string", "minLength": 1},
}
TIMED = {**EVENT, "ts": {"type": "number", "minimum": 0}}
TEXT = {"type": "string", "minLength": 1}


def phase(ph, needed, **more):
    """The schema of the events of one phase; no other field is allowed."""
    fields = {**needed, **more, "ph": {"const": ph}}
    own = {**fields, "args": {"type": "object"}, "cat": TEXT}
    return {
        "type": "object",
        "properties": own,
        "required": list(fields),
        "additionalProperties": False,
    }


NUMBERS = {"type": "object", "minProperties": 1, "additionalProperties": {"type": "number"}}
SCHEMA = {
    "type": "object",
    "required": ["traceEvents"],
    "properties": {
        "displayTimeUnit": {"enum": ["ms", "ns"]},
        "otherData": {"type": "object"},
        "traceEvents": {
            "type": "array",
            "items": {
                "oneOf": [
                    phase("M", EVENT, args={"type": "object"}),
                    phase("X", TIMED, dur={"type": "number", "exclusiveMinimum": 0}),
                    phase("i", TIMED, s={"enum": ["g", "p", "t"]}),
                    phase("C", TIMED, args=NUMBERS),
                    phase("s", TIMED, id=TEXT, cat=TEXT),
                    phase("f", TIMED, id=TEXT, cat=TEXT, bp={"const": "e"}),
                    phase("b", TIMED, id=TEXT, cat=TEXT),
                    phase("e", TIMED, id=TEXT, cat=TEXT),
                ]
            },
        },
    },
}
CHECK = fastjsonschema.compile(SCHEMA)


def read(journal, **how):
    """The events of a trace by phase, each with the names of its process; the file is as the format wants it."""
    given = json.loads("".join(chrome(journal, **how)))
    CHECK(given)
    rows = given["traceEvents"]
    names = {row["pid"]: row["args"]["name"] for row in rows if row["name"] == "process_name"}
    found = defaultdict(list)
    for row in rows:
        found[row["ph"]].append({**row, "service": names[row["pid"]]})
    return found


def nano(micro):
    return round(micro * 1000)


@pytest.mark.parametrize("background", [False, True])
def test_it_is_a_trace_with_names_and_in_order(journal, background):
    found = read(journal, background=background)
    timed = [row for ph, rows in found.items() if ph != "M" for row in rows]
    named = {(row["pid"], row["tid"]) for row in found["M"] if row["name"] == "thread_name"}
    assert {(row["pid"], row["tid"]) for row in timed} <= named
    tracks = defaultdict(list)
    for row in json.loads("".join(chrome(journal, background=background)))["traceEvents"]:
        if row["ph"] != "M":
            tracks[row["pid"], row["tid"]].append(row["ts"])
    for times in tracks.values():
        assert times == sorted(times)


@pytest.mark.parametrize("background", [False, True])
def test_slices_of_a_thread_lie_within_each_other_or_apart(journal, background):
    threads = defaultdict(list)
    for row in read(journal, background=background)["X"]:
        begin = nano(row["ts"])
        threads[row["pid"], row["tid"]].append((begin, begin + nano(row["dur"])))
    for found in threads.values():
        inner = []
        for begin, end in found:
            while inner and inner[-1][1] <= begin:
                inner.pop()
            assert not inner or inner[-1][0] < begin < end < inner[-1][1]
            inner.append((begin, end))


def test_each_span_is_one_slice_as_long_as_it_took(journal):
    work = [span for span in spans(traces(journal)) if span.role != Role.ROOT]
    found = read(journal)["X"]
    assert len(found) == len(work)
    wanted = sorted(
        (span.service, span.seq, round((span.finish - span.start) * 1e6)) for span in work
    )
    told = sorted((row["service"], row["args"]["step"], round(row["dur"])) for row in found)
    assert [one[:2] for one in told] == [one[:2] for one in wanted]
    assert all(abs(one[2] - other[2]) <= 1 for one, other in zip(told, wanted, strict=True))


def pointed_at(rows, end):
    """The slice that an arrow's end belongs to: the innermost one of its thread at that time."""
    around = [
        row
        for row in rows
        if (row["pid"], row["tid"]) == (end["pid"], end["tid"])
        and nano(row["ts"]) <= nano(end["ts"]) < nano(row["ts"]) + nano(row["dur"])
    ]
    return max(around, key=lambda row: row["ts"])


def test_arrows_have_two_ends_and_each_belongs_to_the_right_slice(journal):
    found = read(journal)
    starts, ends = ({row["id"]: row for row in found[ph]} for ph in "sf")
    assert len(starts) == len(found["s"]) == len(ends) == len(found["f"])
    assert starts.keys() == ends.keys()
    for name, start in starts.items():
        assert start["ts"] <= ends[name]["ts"]
        source, target = (pointed_at(found["X"], end) for end in (start, ends[name]))
        assert source["name"] == target["name"]
        asks = target if name.endswith(".back") else source
        assert asks["cat"] in ("client", "producer")
        assert source["service"] != target["service"]


def test_a_call_has_an_arrow_there_and_one_back_and_a_cast_one(real):
    found = read(real)
    seen = defaultdict(int)
    ends = {row["id"]: row for row in found["f"]}
    for start in found["s"]:
        seen[start["service"], ends[start["id"]]["service"]] += 1
    assert seen["nova-conductor", "nova-scheduler"] == seen["nova-scheduler", "nova-conductor"] == 1
    assert seen["nova-api", "nova-conductor"] == 1
    assert ("nova-conductor", "nova-api") not in seen
    assert seen["client", "nova-api"] == seen["nova-api", "client"] == 1


def test_each_request_is_one_async_span(journal):
    found = read(journal)
    begun = {row["id"]: row for row in found["b"]}
    ended = {row["id"]: row for row in found["e"]}
    assert len(begun) == len(found["b"]) == len(found["e"])
    assert begun.keys() == ended.keys()
    assert {event.request_id for event in journal if event.request_id} <= begun.keys()
    for name, row in begun.items():
        assert row["ts"] <= ended[name]["ts"]
        assert (row["cat"], row["name"], row["pid"]) == tuple(
            ended[name][one] for one in ("cat", "name", "pid")
        )


def test_counters_end_where_the_tables_stand(journal):
    last = {(row["service"], row["name"]): row["args"] for row in read(journal)["C"]}
    for host in hosts.at(journal):
        for meter in host.meters:
            told = last.get((f"nova-compute@{host.name}", f"sold {meter.name}"), {"sold": 0})
            assert told["sold"] == meter.used
    waiting = sum(args["ready"] for args in last.values() if "ready" in args)
    assert waiting == sum(row[1] for row in queues.at(journal))


def test_counters_are_drawn_to_the_end(journal):
    last = {(row["service"], row["name"]): row["ts"] for row in read(journal)["C"]}
    assert {nano(ts) for ts in last.values()} == {round(journal[-1].time * 1e9)}


def test_the_steps_of_a_hypervisor_follow_each_other_on_one_lane(real):
    steps = [row for row in read(real)["X"] if row["service"].startswith("hypervisor@")]
    assert [row["name"] for row in steps] == ["download", "convert", "overlay", "define", "start"]
    assert len({row["tid"] for row in steps}) == 1


def test_without_a_placement_the_hosts_count():
    cloud = Cloud(2, config=Config(release="mitaka"))
    cloud.boot("web", flavor="m1.small")
    found = read(cloud.run().journal)["C"]
    sold = {row["service"]: row["args"]["sold"] for row in found if row["name"] == "sold VCPU"}
    assert sorted(sold.values()) == [0, 1]


def test_faults_and_decisions_are_marks(troubled):
    marks = read(troubled)["i"]
    told = [(row["service"], row["name"], row["s"]) for row in marks]
    assert ("fault", "fault: lose", "g") in told
    assert any(service == "nova-conductor" and scope == "g" for service, _, scope in told)
    assert any(name.startswith("★ compute") for _, name, _ in told)
    assert all(row["args"]["what"] for row in marks)


def test_what_went_wrong_stands_beside_its_slice(troubled):
    errors = {row["args"]["error"] for row in read(troubled)["X"] if "error" in row["args"]}
    assert "NoValidHost" in errors
    assert any("Domain not started" in error for error in errors)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 12)), max_size=30))
def test_any_spans_find_lanes_on_which_they_do_not_cross(times):
    trace = Trace("req-1", "req-1", False, 0.0)
    some = [
        Span(seq, Role.SERVER, "nova-api", "x", trace, None, begin / 1e9, (begin + length) / 1e9)
        for seq, (begin, length) in enumerate(times)
    ]
    made = slices(some)
    assert len(made) == len(some)
    for one in made:
        assert one.begin < one.end
        assert abs(one.begin / 1e9 - one.span.start) < 40e-9
        for other in made:
            if one is not other and one.lane == other.lane:
                apart = one.end <= other.begin or other.end <= one.begin
                within = one.begin < other.begin < other.end < one.end
                around = other.begin < one.begin < one.end < other.end
                assert apart or within or around


def test_what_takes_no_time_can_still_be_pointed_at(real):
    made = slices(spans(traces(real)))
    assert any(one.span.start == one.span.finish for one in made)
    assert all(one.begin < one.end for one in made)

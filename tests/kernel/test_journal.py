"""The journal: order, causes, what is kept."""

import pytest

from simnova.kernel.clock import Clock
from simnova.kernel.journal import KINDS, declare

from .conftest import run

NOTE = declare("test.note", "made up: a test noted something", ("payload",))


def test_a_cause_is_the_tasks_last_event_and_a_child_begins_with_its_parents(clock):
    service = clock.start("service")

    async def parent():
        clock.journal.record(NOTE, {"n": "first"})
        clock.spawn(child())
        clock.journal.record(NOTE, {"n": "second"})

    async def child():
        clock.journal.record(NOTE, {"n": "child"})

    clock.spawn(parent(), service=service)
    run(clock)
    events = {event.data["n"]: event for event in clock.journal if event.kind == NOTE}
    assert events["second"].cause == events["first"].seq
    assert events["child"].cause == events["first"].seq
    assert [event.data["n"] for event in clock.journal.causes(events["child"].seq)] == [
        "child",
        "first",
    ]


def test_two_requests_are_not_chained_as_cause_and_effect(clock):
    """Trap: each request needs its own task."""
    service = clock.start("api")

    async def request(name):
        clock.journal.record(NOTE, {"n": name})

    for name in ("one", "two"):
        clock.spawn(request(name), service=service, cause=None)
    run(clock)
    assert [event.cause for event in clock.journal if event.kind == NOTE] == [None, None]


def test_request_id_and_background_are_inherited(clock):
    service = clock.start("service")

    async def parent():
        clock.spawn(child())

    async def child():
        clock.journal.record(NOTE, {})

    clock.spawn(parent(), service=service, request_id="req-1", background=True)
    clock.advance(1)
    assert clock.journal[-1].request_id == "req-1"
    assert clock.journal[-1].background


def test_a_summary_drops_payloads_but_no_sequence_number():
    full, summary = Clock(level="full"), Clock(level="summary")
    for clock in (full, summary):
        clock.journal.record(NOTE, {"payload": "long", "n": 1}, actor="test")
    assert full.journal[0].data == {"payload": "long", "n": 1}
    assert summary.journal[0].data == {"n": 1}
    assert summary.journal[0].seq == full.journal[0].seq


def test_an_undeclared_kind_is_refused(clock):
    with pytest.raises(KeyError):
        clock.journal.record("never.declared", {})


def test_every_kind_says_what_it_means():
    assert all(kind.meaning and kind.meaning[0].islower() for kind in KINDS.values())


def test_where_is_the_line_of_the_one_who_came_to_the_door(clock):
    event = clock.journal.record(NOTE, {})
    assert event.where is not None
    assert event.where.startswith("test_journal.py:")


def test_a_digest_tells_events_apart_but_not_by_their_line(clock):
    one = clock.journal.record(NOTE, {"n": 1})
    assert one.digest() == one._replace(where="elsewhere").digest()
    assert one.digest() != one._replace(data={"n": 2}).digest()
    assert one.digest() != one._replace(time=1.0).digest()

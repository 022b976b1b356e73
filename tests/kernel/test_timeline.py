"""States along a journal, and replays."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simnova.exceptions import UsageError
from simnova.kernel.clock import Clock
from simnova.kernel.journal import declare
from simnova.kernel.timeline import Comparer, Input, ReplayDiverged, Rows, Timeline, replay

NOTE = declare("test.note", "made up: a test noted something", ("payload",))
CHANGE = declare("db.test", "made up: a row changed in a test")

changes = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.one_of(st.none(), st.dictionaries(st.sampled_from("abc"), st.integers())),
    ),
    max_size=60,
)


def journal_of(rows):
    clock = Clock()
    for key, after in rows:
        clock.journal.record(
            CHANGE, {"db": "d", "table": "t", "key": key, "after": after}, actor="test"
        )
    return clock.journal


@given(changes)
def test_any_step_is_the_fold_of_the_events_up_to_it(rows):
    journal = journal_of(rows)
    timeline = Timeline(journal)
    state, fold = {}, Rows()
    assert timeline.rows(-1) == {}
    for event in journal:
        fold.apply(state, event)
        assert timeline.rows(event.seq) == copy.deepcopy(state)


def test_far_steps_come_from_remembered_states():
    journal = journal_of([(n % 50, {"a": n}) for n in range(5000)])
    timeline = Timeline(journal)
    last, early = timeline.rows(4999), timeline.rows(10)
    assert last[("d", "t", 49)] == {"a": 4999}
    assert early[("d", "t", 10)] == {"a": 10}
    assert len(early) == 11


def test_a_seek_past_the_end_says_where_the_end_is():
    timeline = Timeline(journal_of([(1, {"a": 1})]))
    with pytest.raises(UsageError, match="events 0 to 0"):
        timeline.rows(1)


def scene(log=None):
    clock = Clock()
    service = clock.start("service")

    async def work(n):
        for _ in range(3):
            await clock.sleep(clock.choose("pause", among=[0.5, 1.0, 2.0]))
            clock.journal.record(NOTE, {"n": n})

    return clock, lambda given: clock.spawn(work(given.args["n"]), service=service, cause=None)


def test_a_replay_repeats_the_original_to_the_last_event():
    clock, act = scene()
    inputs = []
    for n in range(4):
        inputs.append(Input(clock.steps, "work", {"n": n}))
        act(inputs[-1])
        for _ in range(3):
            clock.step()
    while not clock.quiet:
        clock.step()
    again, act_again = scene()
    comparer = Comparer(clock.journal)
    again.journal.after.append(comparer)
    replay(again, comparer, inputs, len(clock.journal) - 1, act_again)
    assert [e.digest() for e in again.journal] == [e.digest() for e in clock.journal]


def test_a_replay_that_differs_names_the_first_difference():
    clock, act = scene()
    act(Input(0, "work", {"n": 1}))
    while not clock.quiet:
        clock.step()
    again, act_again = scene()
    comparer = Comparer(clock.journal)
    again.journal.after.append(comparer)
    with pytest.raises(ReplayDiverged, match=r"event 1 differs: .*'n': 1.*'n': 2"):
        replay(again, comparer, [Input(0, "work", {"n": 2})], 3, act_again)


def test_live_tasks_cannot_be_copied_hence_replay():
    """Trap: a coroutine cannot be deep-copied, so there are no snapshots of a running cloud."""
    clock, act = scene()
    task = act(Input(0, "work", {"n": 1}))
    with pytest.raises(TypeError):
        copy.deepcopy(task.coro)
    while not clock.quiet:
        clock.step()

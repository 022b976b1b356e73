"""Real work, pace and the inbox: where simulated time meets the wall clock."""

import threading
import time
import traceback

import pytest

from simnova.kernel.clock import Clock
from simnova.kernel.realtime import NotRecorded

from .conftest import run


def test_the_clock_advances_by_as_long_as_the_work_took(clock, service):
    async def work():
        assert await clock.measure(lambda: time.sleep(0.05) or 42) == 42

    clock.spawn(work(), service=service)
    run(clock)
    assert clock.now >= 0.05
    assert clock.real.measured[0].due == clock.now


def test_works_of_one_instant_overlap(clock, service):
    """Neither waits for the other to end before it begins."""
    both = threading.Barrier(2, timeout=10)

    async def work():
        await clock.measure(both.wait)

    clock.spawn(work(), service=service)
    clock.spawn(work(), service=service)
    run(clock)


def test_simulated_events_do_not_run_ahead_of_real_work(clock, service):
    order = []

    async def real():
        await clock.measure(time.sleep, 0.05)
        order.append("real work")

    async def simulated():
        await clock.sleep(5)
        order.append("five simulated seconds")

    clock.spawn(simulated(), service=service)
    clock.spawn(real(), service=service)
    started = time.perf_counter()
    while len(order) < 1:
        clock.step()
    assert order == ["real work"]
    assert time.perf_counter() - started < 5


def test_an_error_of_the_work_is_raised_where_it_was_asked_for(clock, service):
    caught = []

    async def work():
        try:
            await clock.measure(int, "no number")
        except ValueError as error:
            caught.append(str(error))

    clock.spawn(work(), service=service)
    run(clock)
    assert caught == ["invalid literal for int() with base 10: 'no number'"]


def test_work_that_hangs_times_out_and_the_clock_goes_on(clock, service):
    never, caught = threading.Event(), []

    async def work():
        try:
            await clock.measure(never.wait, timeout=0.05, what="a hypervisor")
        except TimeoutError as error:
            caught.append(str(error))
        await clock.sleep(1)

    clock.spawn(work(), service=service)
    run(clock)
    never.set()
    assert caught == ["a hypervisor did not answer within 0.05 s"]
    assert clock.now == pytest.approx(1.05, abs=0.01)


def test_a_replay_takes_the_recorded_answer_at_the_very_same_instant_and_does_no_work(
    clock, service
):
    """Trap: polling or working for real in a replay."""

    async def work(own, task):
        await own.sleep(0.1)
        assert await own.measure(task, what="ask") == "answer"

    def real():
        time.sleep(0.01)
        return "answer"

    def never():
        raise AssertionError("a replay has touched the hypervisor")

    clock.spawn(work(clock, real), service=service)
    run(clock)
    again = Clock()
    again.real.replay(clock.real.measured)
    again.spawn(work(again, never), service=again.start("service"))
    run(again)
    assert again.now == clock.now


def test_a_recorded_error_has_the_same_traceback_in_a_replay_of_a_replay(clock):
    """What is logged of it must repeat; an exception keeps the lines of every place that raised it."""
    logged = []

    def real():
        raise RuntimeError("no such domain")

    async def work(own):
        try:
            await own.measure(real, what="ask")
        except RuntimeError:
            logged.append(traceback.format_exc())

    lives = [clock, Clock(), Clock()]
    for life in lives:
        if life is not clock:
            life.real.replay(clock.real.measured)
        life.spawn(work(life), service=life.start("service"))
        run(life)
    assert logged[0] == logged[1] == logged[2]
    assert "no such domain" in logged[0]
    assert "in real" not in logged[0]


def test_a_replay_refuses_what_was_never_recorded(clock, service):
    clock.real.replay([])
    caught = []

    async def work():
        try:
            await clock.measure(time.time, what="something new")
        except NotRecorded as error:
            caught.append(str(error))

    clock.spawn(work(), service=service)
    run(clock)
    assert "something new" in caught[0]


def test_a_paced_run_follows_the_wall_clock(clock, service):
    async def work():
        await clock.sleep(10)

    clock.spawn(work(), service=service)
    clock.real.set_pace(100)
    started = time.perf_counter()
    run(clock)
    assert time.perf_counter() - started >= 0.1
    assert clock.now == 10


def test_commands_of_other_threads_enter_through_the_inbox(clock, service):
    owner = []

    async def work():
        await clock.measure(time.sleep, 0.1)

    clock.spawn(work(), service=service)
    threading.Timer(
        0.01, lambda: clock.real.post(lambda: owner.append(threading.current_thread()))
    ).start()
    run(clock)
    assert owner == [threading.current_thread()]


def test_polling_something_real_is_done_inside_the_measured_work(clock, service):
    """Trap: polled with simulated sleep it would spin for ever, as no real time passes between two looks."""
    ready = threading.Event()
    threading.Timer(0.05, ready.set).start()

    def poll():
        while not ready.is_set():
            time.sleep(0.005)
        return "ready"

    async def work():
        assert await clock.measure(poll) == "ready"

    clock.spawn(work(), service=service)
    run(clock)
    assert 0 < clock.now < 5
    assert clock.steps < 20

"""Time, tasks, chance: what every service stands on."""

import gc
from pathlib import Path

import pytest

from simnova.exceptions import NovaError, UsageError
from simnova.kernel.clock import Between, Clock, Crashed, Expired
from simnova.kernel.journal import declare
from simnova.kernel.lock import Semaphore

from .conftest import run

NOTE = declare("test.note", "made up: a test noted something", ("payload",))


def test_simulated_time_passes_without_waiting(clock, service):
    async def work():
        await clock.sleep(3600)

    clock.spawn(work(), service=service)
    run(clock)
    assert clock.now == 3600


def test_run_ends_although_a_periodic_task_never_does(clock, service):
    async def periodic():
        while True:
            await clock.sleep(10)

    async def work():
        await clock.sleep(25)

    clock.spawn(periodic(), service=service, background=True)
    clock.spawn(work(), service=service)
    run(clock)
    assert clock.now == 25


def test_work_that_was_just_handed_over_is_not_lost_sight_of(clock, service):
    """Trap: counting workers is not enough, the current instant must be drained before the clock is quiet."""
    done = []
    signal = clock.signal()

    async def idler():
        await clock.wait(signal)
        clock.spawn(worker(), background=False)

    async def worker():
        await clock.sleep(1)
        done.append(clock.now)

    async def giver():
        signal.succeed()

    clock.spawn(idler(), service=service, background=True)
    clock.spawn(giver(), service=service)
    run(clock)
    assert done == [1]


def test_a_failure_reaches_who_waits_as_the_very_same_exception(clock, service):
    """Trap: SimPy rebuilds a failed event's exception from its arguments; keyword-only constructors would die."""

    class Picky(NovaError):
        msg_fmt = "%(what)s failed"

    error, caught = Picky(what="it"), []
    signal = clock.signal()

    async def work():
        try:
            await clock.wait(signal)
        except Picky as found:
            caught.append(found)

    clock.spawn(work(), service=service)
    clock.after(1, signal.succeed, error)
    run(clock)
    assert caught == [error]
    assert caught[0] is error


def test_a_task_that_fails_fails_the_run_with_its_own_exception(clock, service):
    async def work():
        raise ZeroDivisionError("in a task")

    clock.spawn(work(), service=service)
    with pytest.raises(ZeroDivisionError, match="in a task"):
        run(clock)


def test_waiting_with_a_timeout_expires_and_leaves_the_clock_quiet(clock, service):
    seen = []

    async def work():
        try:
            await clock.wait(clock.signal(), timeout=60)
        except Expired:
            seen.append(clock.now)

    clock.spawn(work(), service=service)
    run(clock)
    assert seen == [60]


def test_an_answered_wait_does_not_keep_the_clock_busy_until_its_timeout(clock, service):
    signal = clock.signal()

    async def work():
        await clock.wait(signal, timeout=60)

    clock.spawn(work(), service=service)
    clock.after(1, signal.succeed, "here")
    run(clock)
    assert clock.now == 1


def test_await_outside_a_service_says_what_to_do(clock):
    coro = clock.sleep(1)
    with pytest.raises(UsageError, match=r"cloud\.run\(\)"):
        coro.send(None)


def test_a_clock_that_never_runs_leaves_no_coroutine_unawaited(recwarn):
    """Trap: `-W error` must not be raised by work that was begun and never run."""

    def leave():
        clock = Clock()

        async def work():
            await clock.sleep(1)

        clock.spawn(work(), service=clock.start("service"))
        clock.close()

    leave()
    gc.collect()
    assert [str(w.message) for w in recwarn] == []


def test_streams_are_independent_of_each_other():
    one, two = Clock(seed=7), Clock(seed=7)
    two.rng("virt", "another").random()
    assert one.rng("virt", "compute1").random() == two.rng("virt", "compute1").random()
    assert (
        Clock(seed=8).rng("virt", "compute1").random()
        != Clock(seed=7).rng("virt", "compute1").random()
    )


def test_choose_can_be_enumerated(clock):
    asked = []

    def lowest(stream, among, rng):
        asked.append(stream)
        return among.points[0] if isinstance(among, Between) else among[0]

    clock.chooser = lowest
    assert clock.choose("net", "a", among=Between(1, 2)) == 1
    assert clock.choose("tie", among=["x", "y"]) == "x"
    assert asked == [("net", "a"), ("tie",)]


def test_a_semaphore_serves_in_order(clock, service):
    lock, order = Semaphore(clock), []

    async def work(name):
        async with lock:
            await clock.sleep(1)
            order.append((name, clock.now))

    for name in "abc":
        clock.spawn(work(name), service=service)
    run(clock)
    assert order == [("a", 1), ("b", 2), ("c", 3)]


class TestCrash:
    def test_nothing_of_a_service_runs_after_its_death(self, clock, service):
        after = []

        async def work():
            try:
                await clock.sleep(10)
                after.append("worked on")
            except Exception:
                after.append("caught")
            finally:
                with pytest.raises(Crashed):
                    clock.journal.record(NOTE, {})

        clock.spawn(work(), service=service)
        clock.step()
        clock.crash(service)
        run(clock)
        assert after == []
        assert not service.tasks

    def test_a_service_that_dies_of_its_own_door_passes_no_other(self, clock, service):
        def fatal(event):
            if event.kind == NOTE:
                clock.crash(service)

        clock.journal.after.append(fatal)

        async def work():
            try:
                clock.journal.record(NOTE, {"n": 1})
                clock.journal.record(NOTE, {"n": 2})
            except Exception:
                clock.journal.record(NOTE, {"n": 3})

        clock.spawn(work(), service=service)
        run(clock)
        assert [event.data["n"] for event in clock.journal if event.kind == NOTE] == [1]
        assert clock.journal[-1].kind == "service.crash"
        assert clock.journal[-1].cause == clock.journal[-2].seq

    def test_the_dead_leave_no_work_behind(self, clock, service):
        async def work():
            await clock.sleep(5)

        clock.spawn(work(), service=service)
        clock.step()
        clock.crash(service)
        run(clock)
        assert clock.now < 5
        assert clock.quiet

    def test_others_live_on(self, clock, service):
        other, seen = clock.start("other"), []

        async def work():
            await clock.sleep(5)
            seen.append(clock.now)

        clock.spawn(work(), service=other)
        clock.crash(service)
        run(clock)
        assert seen == [5]

    def test_what_belongs_to_a_service_hears_of_its_end(self, clock, service):
        heard = []
        service.at_end.append(lambda: heard.append("gone"))
        clock.stop(service)
        clock.stop(service)
        assert heard == ["gone"]


def test_where_a_suspended_task_waits_can_be_read(clock, service):
    async def work():
        await clock.sleep(5)  # here

    clock.spawn(work(), service=service)
    clock.step()
    [(task, line)] = clock.waiting()
    assert task.name.endswith("work")
    source = Path(__file__).read_text().splitlines()
    assert (
        line == f"test_clock.py:{next(n for n, text in enumerate(source, 1) if '# here' in text)}"
    )

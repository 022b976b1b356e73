"""The copy of a running guest's memory: what a round sends, when the guest may be stopped, what slows it down."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simnova import Config
from simnova.nova.virt.precopy import MOST_THROTTLE, PreCopy, downtime_steps

rates = st.floats(1, 5000)
sizes = st.floats(64, 200_000)


def round_of(copy, pieces=1):
    seconds = copy.seconds
    for _ in range(pieces):
        copy.advance(seconds / pieces)
    copy.next_round()
    return seconds


def test_the_downtimes_of_novas_own_example():
    """Ten steps of 30 seconds a GiB up to 400 ms, for 3 GiB, as Nova's docstring lists them."""
    conf = Config(libvirt={"live_migration_downtime": 400, "live_migration_downtime_delay": 30})
    times = [90 * n for n in range(11)]
    allowed = [40, 76, 112, 148, 184, 220, 256, 292, 328, 364, 400]
    assert downtime_steps(conf, 3) == list(zip(times, allowed, strict=True))


@given(st.integers(100, 10_000), st.integers(3, 50), st.integers(3, 500), st.floats(2, 500))
def test_the_downtime_only_grows_and_ends_at_what_is_allowed(limit, steps, delay, gib):
    libvirt = {
        "live_migration_downtime": limit,
        "live_migration_downtime_steps": steps,
        "live_migration_downtime_delay": delay,
    }
    found = downtime_steps(Config(libvirt=libvirt), gib)
    assert found == sorted(found)
    assert found[0][0] == 0
    assert limit - 1 <= found[-1][1] <= limit


@given(sizes, st.floats(0, 50_000), rates, rates, st.integers(1, 12))
def test_nothing_is_lost_and_nothing_sent_that_is_not_there(memory, disk, bandwidth, dirty, rounds):
    copy = PreCopy(memory, disk, bandwidth, dirty)
    for number in range(rounds):
        before, left = copy.sent, copy.left
        seconds = round_of(copy, pieces=3)
        assert copy.sent - before == pytest.approx(left, rel=1e-6, abs=1e-3)
        assert copy.left == pytest.approx(min(memory, dirty * seconds), rel=1e-6, abs=1e-3)
        assert copy.disk_left == 0, f"the disk goes with the first round, not with {number + 2}"


@given(sizes, rates, st.floats(0.01, 0.9))
def test_a_guest_that_writes_less_than_is_sent_can_always_be_stopped_in_the_end(memory, rate, part):
    copy = PreCopy(memory, 0, rate, rate * part)
    for _ in range(400):
        if copy.seconds <= 0.05:
            return
        round_of(copy)
    raise AssertionError(f"still {copy.left} MB to send")


@given(sizes, rates, st.floats(1.0, 20))
def test_one_that_writes_as_much_cannot_unless_it_is_slowed_down(memory, rate, times):
    stubborn = PreCopy(memory, 0, rate, rate * times)
    slowed = PreCopy(memory, 0, rate, rate * times, auto_converge=True)
    for _ in range(30):
        round_of(stubborn)
        round_of(slowed)
    assert stubborn.left == pytest.approx(memory)
    assert 0 < slowed.throttle <= MOST_THROTTLE
    assert slowed.left < stubborn.left


@given(sizes, st.floats(1, 50_000), rates, rates, st.floats(0, 0.99))
def test_a_round_that_is_cut_short_leaves_what_it_has_not_sent(
    memory, disk, bandwidth, dirty, part
):
    copy = PreCopy(memory, disk, bandwidth, dirty)
    copy.advance(copy.seconds * part)
    rest, disk_rest = copy.left, copy.disk_left
    copy.next_round()
    assert copy.left >= rest - 1e-6
    assert copy.left - copy.disk_left <= memory + 1e-6
    assert copy.disk_left == pytest.approx(disk_rest, rel=1e-6, abs=1e-6)


def test_with_post_copy_at_hand_there_is_no_auto_converge():
    both = {"live_migration_permit_auto_converge": True, "live_migration_permit_post_copy": True}
    assert not PreCopy.of(Config(libvirt=both), 1024, 0, 500, 10).auto_converge


def test_the_bandwidth_is_limited_by_the_option():
    limited = Config(libvirt={"live_migration_bandwidth": 100})
    assert PreCopy.of(limited, 1024, 0, 500, 10).bandwidth == 100
    assert PreCopy.of(Config(), 1024, 0, 500, 10).bandwidth == 500


def test_times_are_reckoned_for_two_gib_of_each_at_least():
    assert PreCopy(512, 0, 100, 1).gib == 2
    assert PreCopy(512, 20, 100, 1).gib == 4
    assert PreCopy(8192, 4096, 100, 1).gib == 12

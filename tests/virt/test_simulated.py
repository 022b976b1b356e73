"""The simulated hypervisor: what it draws, what it can be told to break, what it takes over."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simnova.exceptions import UsageError
from simnova.kernel.clock import Between, Clock
from simnova.nova import exception
from simnova.nova.objects.states import PowerState
from simnova.nova.virt.driver import Resources
from simnova.nova.virt.failing import FAILING
from simnova.nova.virt.profile import STEPS, Profile
from simnova.nova.virt.simulated import SimulatedDriver

from .conftest import IMAGE, Compute, server, simulated


def ready(profile=None, seed=0, host="compute1", resources=None):
    def make(clock, name):
        return SimulatedDriver(clock, name, resources or Resources(), profile)

    return Compute(make, Clock(seed), host)


def boots(seed, hosts):
    """The times of the first host's events, while the others boot servers too."""
    clock = Clock(seed)
    computes = [Compute(simulated, clock, host) for host in hosts]
    for number, compute in enumerate(computes, 1):
        call = compute.driver.spawn(compute.context, server(number), IMAGE, None, None, {}, [])
        clock.spawn(call, service=compute.service)
    while not clock.quiet:
        clock.step()
    return [(e.time, e.kind, e.data) for e in clock.journal if e.actor == "nova-compute@compute1"]


def test_the_same_seed_takes_the_same_time_and_another_seed_another():
    assert boots(1, ["compute1"]) == boots(1, ["compute1"])
    assert boots(1, ["compute1"])[-1][0] != boots(2, ["compute1"])[-1][0]


def test_another_host_changes_nothing_on_the_first():
    assert boots(1, ["compute1"]) == boots(1, ["compute1", "compute2", "compute3"])


@given(st.integers(0, 1000))
def test_a_spawn_takes_as_long_as_its_profile_allows(seed):
    compute = ready(seed=seed)
    compute.spawn(server())

    megabytes, profile = IMAGE.size / 10**6, Profile()
    steps = (profile.overlay, profile.define, profile.start)
    least = megabytes / 120 + megabytes / 300 + sum(step.low for step in steps)
    most = megabytes / 80 + megabytes / 150 + sum(step.high for step in steps)
    assert least <= compute.clock.now <= most


def test_a_search_can_take_every_end_of_a_range():
    compute = ready(Profile(start=Between(0.5, 0.7)))
    compute.clock.chooser = lambda stream, among, rng: among.points[0]
    compute.spawn(server())

    started = [e.data for e in compute.clock.journal if e.data.get("step") == "start"]
    assert started[0]["seconds"] == 0.5


@pytest.mark.parametrize("step", ["download", "convert", "overlay", "define", "start"])
def test_a_spawn_that_fails_at_any_step_leaves_nothing_and_the_next_one_works(step):
    compute = ready()
    compute.driver.fail(step, "internal error: the disk is on fire")

    with pytest.raises(exception.InternalError, match="the disk is on fire"):
        compute.spawn(server())
    assert compute.run(compute.driver.list_instances()) == []
    assert compute.resources()["vcpus_used"] == 0
    compute.spawn(server())
    assert compute.state(server()) == PowerState.RUNNING


def test_a_method_fails_as_often_as_it_was_told_to():
    compute = ready()
    compute.driver.fail("spawn", exception.HypervisorUnavailable(), times=2)

    for _ in range(2):
        with pytest.raises(exception.HypervisorUnavailable, match="Connection to the hypervisor"):
            compute.spawn(server())
    compute.spawn(server())


@pytest.mark.parametrize(
    "method", sorted(FAILING - set(STEPS) - {"init_host", "cleanup", "precopy"})
)
def test_every_method_on_the_list_can_be_made_to_fail(method):
    compute = ready()
    compute.spawn(server(1))
    compute.driver.fail(method, "told to")
    driver, context, instance = compute.driver, compute.context, server(1)
    calls = {
        "spawn": lambda: driver.spawn(context, server(2), IMAGE, None, None, {}),
        "reboot": lambda: driver.reboot(context, instance, [], "HARD"),
        "rescue": lambda: driver.rescue(context, instance, [], IMAGE),
        "snapshot": lambda: driver.snapshot(context, instance, "image", nothing),
        "set_admin_password": lambda: driver.set_admin_password(instance, "secret"),
        "migrate_disk_and_power_off": lambda: driver.migrate_disk_and_power_off(
            context, instance, "elsewhere", instance.flavor
        ),
        "finish_migration": lambda: driver.finish_migration(
            context, None, server(2), None, [], IMAGE, False, {}
        ),
        "confirm_migration": lambda: driver.confirm_migration(context, None, instance),
        "finish_revert_migration": lambda: driver.finish_revert_migration(
            context, instance, [], None
        ),
        "attach_interface": lambda: driver.attach_interface(context, instance, IMAGE, VIF),
        "detach_interface": lambda: driver.detach_interface(context, instance, VIF),
        "get_available_resource": lambda: driver.get_available_resource("node"),
        **{m: lambda m=m: getattr(driver, m)(context, instance) for m in WITH_CONTEXT},
        **{m: lambda m=m, n=n: getattr(driver, m)(context, instance, *n) for m, n in LIVE.items()},
    }

    with pytest.raises(exception.InternalError, match="told to"):
        compute.run(calls.get(method, lambda: getattr(driver, method)(instance))())


WITH_CONTEXT = (
    *("destroy", "power_on", "suspend", "resume", "unrescue"),
    *("get_console_output", "get_vnc_console"),
)
VIF = {"id": "port", "address": "fa:16:3e:00:00:01"}
LIVE = {
    "check_can_live_migrate_destination": ({}, {}),
    "check_can_live_migrate_source": ({},),
    "pre_live_migration": (None, [], None, {}),
    "live_migration": ("elsewhere", None, None),
    "post_live_migration": (None,),
    "post_live_migration_at_source": ([],),
    "post_live_migration_at_destination": ([],),
    "rollback_live_migration_at_source": ({},),
    "rollback_live_migration_at_destination": ([], None),
}
"""What else each of these is told."""


async def nothing(*_):
    """A task state that nobody notes."""


def test_a_failure_that_cannot_be_is_refused():
    driver = ready().driver

    with pytest.raises(UsageError, match="unknown driver method or step 'spwan': did you mean"):
        driver.fail("spwan")
    with pytest.raises(UsageError, match="times=0"):
        driver.fail("spawn", times=0)


def test_a_full_disk_takes_no_further_image():
    compute = ready(resources=Resources(local_gb=1))
    large = dataclasses.replace(IMAGE, size=2 * 1024**3)

    with pytest.raises(exception.InternalError, match="No space left on device"):
        compute.spawn(server(), large)


def test_guests_fail_to_start_as_often_as_the_profile_says():
    compute = ready(Profile(failure=0.3))
    failed = 0
    for number in range(1, 101):
        try:
            compute.spawn(server(number))
        except exception.InternalError:
            failed += 1

    assert 15 <= failed <= 45
    assert len(compute.run(compute.driver.list_instances())) == 100 - failed


def test_a_fork_takes_over_the_guests_and_images_of_the_host_it_leaves_behind():
    left = ready()
    left.spawn(server(1))
    left.spawn(server(2))
    left.run(left.driver.pause(server(2)))
    taken = ready()
    taken.driver.adopt(left.inner.guests.values(), left.inner.cache.base)

    assert taken.run(taken.driver.list_instances()) == left.run(left.driver.list_instances())
    assert taken.resources() == left.resources()
    taken.run(taken.driver.unpause(server(2)))
    assert left.state(server(2)) == PowerState.PAUSED
    taken.spawn(server(3))
    assert taken.run(taken.driver.get_info(server(3))).internal_id == 3


def test_a_download_that_dies_with_its_nova_compute_is_begun_again():
    compute = ready()
    call = compute.driver.spawn(compute.context, server(1), IMAGE, None, None, {}, [])
    compute.clock.spawn(call, service=compute.service)
    compute.clock.advance(0.01)
    compute.clock.crash(compute.service)
    compute.service = compute.clock.start("nova-compute@compute1")
    compute.spawn(server(1))

    assert compute.state(server(1)) == PowerState.RUNNING


def test_glance_is_asked_for_the_image_once():
    class Glance:
        asked: list[str] = []

        async def download(self, context, image_id):
            self.asked.append(image_id)

    compute = ready()
    compute.inner.image_api = Glance()
    compute.spawn(server(1))
    compute.spawn(server(2))

    assert Glance.asked == [IMAGE.id]

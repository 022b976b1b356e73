"""The recordings of real Nova again, by libvirt's test hypervisor and with real guests.

Nobody above the driver does anything otherwise.
"""

import pytest
from recorded import (
    EXPECTED,
    FIRST_SERVER,
    MOVES,
    OTHER_POWER,
    SECOND_SERVER,
    canonical,
    config,
    play,
    reduced,
)

from simnova import Cloud, Host, Machines

NAMES = ["host1", "host2", "host3"]

PENDING = {
    "createImage (snapshot)": "image_pending_upload",
    "shelve (offload_time -1)": "shelving_image_pending_upload",
    "shelve again": "shelving_image_pending_upload",
}
"""The task that Nova's libvirt driver tells of a snapshot before its upload, and its fake one does not."""

SMALLER = {"resize again": "compute_resize_instance"}
"""Back to a smaller disk, which the fake driver makes and libvirt's refuses."""

LIVE = {"os-migrateLive": "compute_check_can_live_migrate_destination"}
"""Each test hypervisor is a world of its own: the check on the destination finds that out."""

REFUSED = {"libvirt": SMALLER | LIVE, "qemu": SMALLER}
"""What a driver cannot do, of that which was recorded, and the event that fails."""


def of(driver, *more):
    """A parameter that is run where the driver has what it needs."""
    return pytest.param(driver, *more, marks=getattr(pytest.mark, driver))


@pytest.fixture(scope="module")
def hosts(request):
    """Three hosts whose driver is that of the test, which names it."""
    if request.param == "libvirt":
        yield [Host(name, driver="test:///") for name in NAMES]
    else:
        with Machines(NAMES) as made:
            yield made.hosts


def recorded(hosts, actions, **options):
    """A guest that has only just been started does not hear its power button: it is pressed every second."""
    conf = config(shutdown_retry_interval=1, **options)
    return play(actions, Cloud(hosts, config=conf))


@pytest.fixture(scope="module")
def played(hosts):
    first = recorded(hosts, FIRST_SERVER.values(), shelved_offload_time=-1)
    second = recorded(hosts, SECOND_SERVER.values(), reclaim_instance_interval=3600)
    return dict(zip([*FIRST_SERVER, *SECOND_SERVER], [*first, *second], strict=True))


@pytest.fixture(scope="module")
def moved(hosts):
    return dict(zip(MOVES, recorded(hosts, ["create", *MOVES.values()])[1:], strict=True))


@pytest.mark.parametrize("operation", [*FIRST_SERVER, *SECOND_SERVER])
@pytest.mark.parametrize("hosts", [of(driver) for driver in REFUSED], indirect=True)
def test_an_operation_is_what_real_nova_was_recorded_to_do(played, operation):
    expected, found = EXPECTED[operation], played[operation]
    power = operation not in OTHER_POWER
    lines = reduced(found.events, power)
    if operation in PENDING:
        (pending,) = (line for line in lines if PENDING[operation] in line)
        lines.remove(pending)
    assert found.error is None
    assert lines == reduced(expected["events"], power)
    assert found.action == expected["action"]


@pytest.mark.parametrize(
    ("hosts", "operation"),
    [
        of(driver, operation)
        for driver, refused in REFUSED.items()
        for operation in sorted(MOVES.keys() & EXPECTED.keys() - refused.keys())
    ],
    indirect=["hosts"],
)
def test_a_move_is_what_real_nova_was_recorded_to_do(moved, operation):
    assert canonical(moved[operation].events) == canonical(EXPECTED[operation]["events"])
    assert moved[operation].action == EXPECTED[operation]["action"]


@pytest.mark.parametrize(
    ("hosts", "operation", "failed"),
    [of(driver, *pair) for driver, refused in REFUSED.items() for pair in refused.items()],
    indirect=["hosts"],
)
def test_what_it_cannot_do_is_an_error_of_the_action_and_the_server_stays(moved, operation, failed):
    found = moved[operation]
    assert [failed, "Error"] in found.action["events"]
    assert [line["vm"] for line in found.events if line["kind"] == "state"][-1] == "active"

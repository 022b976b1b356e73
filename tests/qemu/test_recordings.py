"""The recordings of real Nova once more, with real guests: nobody above the driver does anything otherwise."""

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

from simnova import Cloud, Machines

PENDING = {
    "createImage (snapshot)": "image_pending_upload",
    "shelve (offload_time -1)": "shelving_image_pending_upload",
    "shelve again": "shelving_image_pending_upload",
}
"""The task that Nova's libvirt driver tells of a snapshot before its upload, and its fake one does not."""

SMALLER = "resize again"
"""Back to a smaller disk, which the fake driver makes and libvirt's refuses."""


@pytest.fixture(scope="module")
def three():
    with Machines(["host1", "host2", "host3"]) as made:
        yield made


def on_qemu(machines, actions, **options):
    """A guest that has only just been started does not hear its power button: it is pressed every second."""
    conf = config(shutdown_retry_interval=1, **options)
    return play(actions, Cloud(machines.hosts, config=conf))


@pytest.fixture(scope="module")
def played(three):
    first = on_qemu(three, FIRST_SERVER.values(), shelved_offload_time=-1)
    second = on_qemu(three, SECOND_SERVER.values(), reclaim_instance_interval=3600)
    return dict(zip([*FIRST_SERVER, *SECOND_SERVER], [*first, *second], strict=True))


@pytest.fixture(scope="module")
def moved(three):
    return dict(zip(MOVES, on_qemu(three, ["create", *MOVES.values()])[1:], strict=True))


@pytest.mark.parametrize("operation", [*FIRST_SERVER, *SECOND_SERVER])
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


@pytest.mark.parametrize("operation", sorted(MOVES.keys() & EXPECTED.keys() - {SMALLER}))
def test_a_move_is_what_real_nova_was_recorded_to_do(moved, operation):
    assert canonical(moved[operation].events) == canonical(EXPECTED[operation]["events"])
    assert moved[operation].action == EXPECTED[operation]["action"]


def test_a_disk_does_not_become_smaller(moved):
    found = moved[SMALLER]
    assert ["compute_resize_instance", "Error"] in found.action["events"]
    assert [line["vm"] for line in found.events if line["kind"] == "state"][-1] == "active"

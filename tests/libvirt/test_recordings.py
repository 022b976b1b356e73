"""The recordings of real Nova again, on libvirt's test hypervisor: nobody above the driver does anything otherwise."""

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

from simnova import Cloud, Host

PENDING = {
    "createImage (snapshot)": "image_pending_upload",
    "shelve (offload_time -1)": "shelving_image_pending_upload",
    "shelve again": "shelving_image_pending_upload",
}
"""The task that Nova's libvirt driver tells of a snapshot before its upload, and its fake one does not."""

SMALLER = "resize again"
"""Back to a smaller disk, which the fake driver makes and libvirt's refuses."""

LIVE = "os-migrateLive"
"""Each test hypervisor is a world of its own: the check on the destination finds that out."""


def on_libvirt(actions, **options):
    hosts = [Host(name, driver="test:///") for name in ("host1", "host2", "host3")]
    return play(actions, Cloud(hosts, config=config(**options)))


@pytest.fixture(scope="module")
def played():
    first = on_libvirt(FIRST_SERVER.values(), shelved_offload_time=-1)
    second = on_libvirt(SECOND_SERVER.values(), reclaim_instance_interval=3600)
    return dict(zip([*FIRST_SERVER, *SECOND_SERVER], [*first, *second], strict=True))


@pytest.fixture(scope="module")
def moved():
    return dict(zip(MOVES, on_libvirt(["create", *MOVES.values()])[1:], strict=True))


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


@pytest.mark.parametrize("operation", sorted(MOVES.keys() & EXPECTED.keys() - {SMALLER, LIVE}))
def test_a_move_is_what_real_nova_was_recorded_to_do(moved, operation):
    assert canonical(moved[operation].events) == canonical(EXPECTED[operation]["events"])
    assert moved[operation].action == EXPECTED[operation]["action"]


@pytest.mark.parametrize(
    ("operation", "failed"),
    [(SMALLER, "compute_resize_instance"), (LIVE, "compute_check_can_live_migrate_destination")],
)
def test_what_it_cannot_do_is_an_error_of_the_action_and_the_server_stays(moved, operation, failed):
    found = moved[operation]
    assert [failed, "Error"] in found.action["events"]
    assert [line["vm"] for line in found.events if line["kind"] == "state"][-1] == "active"

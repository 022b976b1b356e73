"""What is done to move a server, line by line as real Nova did it: casts, states, Placement, migrations, events."""

import json

import pytest
from recorded import EXPECTED, MOVES, canonical, play

LAST = "evacuate (host forced down)"


@pytest.fixture(scope="module")
def played():
    return dict(zip(MOVES, play(["create", *MOVES.values()])[1:], strict=True))


@pytest.fixture(scope="module")
def evacuated():
    """The recorded server was a small one, and evacuated from the second of three hosts."""
    return play(["create", "evacuate"], down="host2")[1]


def small(events):
    """The lines as if the server were of the flavor that was recorded."""
    text = json.dumps(events).replace(
        "DISK_GB%3A1%2CMEMORY_MB%3A512", "DISK_GB%3A20%2CMEMORY_MB%3A2048"
    )
    text = text.replace('"DISK_GB": 1,', '"DISK_GB": 20,')
    return json.loads(text.replace('"MEMORY_MB": 512', '"MEMORY_MB": 2048'))


def test_an_evacuation_is_what_real_nova_was_recorded_to_do(evacuated):
    expected = EXPECTED[LAST]
    assert evacuated.error is None
    assert canonical(small(evacuated.events)) == canonical(expected["events"])
    assert evacuated.action == expected["action"]


@pytest.mark.parametrize("operation", [name for name in MOVES if name in EXPECTED])
def test_a_move_is_what_real_nova_was_recorded_to_do(played, operation):
    expected, found = EXPECTED[operation], played[operation]
    assert found.error is None
    assert canonical(found.events) == canonical(expected["events"])
    assert found.action == expected["action"]

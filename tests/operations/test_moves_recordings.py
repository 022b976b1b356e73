"""What is done to move a server, line by line as real Nova did it: casts, states, Placement, migrations, events."""

import json
import re
from pathlib import Path

import pytest

from simnova import Config
from simnova.cloud.recorder import Recorder, Wanted, fresh

RECORDINGS = Path(__file__).parent / "data" / "recordings.jsonl"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
HOST = re.compile(r"\bhost\d\b")
OTHER_RUNS = {"project_id", "user_id", "generation", "changed", "uuid"}
"""What differs from run to run: who asks, how often a provider has changed; and `changed` has equal values too."""

MOVES = {
    "resize": "resize",
    "confirmResize": "confirmResize",
    "resize again": "resize",
    "reverted, to go on as the recordings did": "revertResize",
    "migrate (cold)": "migrate",
    "confirm migrate": "confirmResize",
    "os-migrateLive": "os-migrateLive",
}
LAST = "evacuate (host forced down)"


def recorded():
    found = [json.loads(line) for line in RECORDINGS.read_text().splitlines()]
    return {one["operation"]: one for one in found}


EXPECTED = recorded()


@pytest.fixture(scope="module")
def played():
    wanted = [Wanted.parse(text) for text in ("create", *MOVES.values())]
    cloud = fresh(wanted, hosts=3, seed=0, conf=Config(), down=None)
    found = list(Recorder(cloud).record(wanted))
    assert [e.data for e in cloud.journal if e.kind == "state.unexpected"] == []
    cloud.close()
    return dict(zip(MOVES, found[1:], strict=True))


def plain(value):
    if isinstance(value, dict):
        return {key: plain(value[key]) for key in value if key not in OTHER_RUNS}
    return value


def canonical(events):
    """The lines as text, all fields of theirs; ids and hosts are numbered from the last line to the first.

    Two hosts in one body stand there in the order of their ids, which is chance: what comes later tells them apart.
    """
    names = {}

    def name(match):
        return names.setdefault(match[0], f"<{len(names) + 1}>")

    texts = [json.dumps(plain(line), sort_keys=True) for line in reversed(events)]
    named = [HOST.sub(name, UUID.sub(name, text)) for text in texts]
    return [json.dumps(json.loads(text), sort_keys=True) for text in reversed(named)]


@pytest.fixture(scope="module")
def evacuated():
    """The recorded server was a small one, and evacuated from the second of three hosts."""
    wanted = [Wanted.parse(text) for text in ("create", "evacuate")]
    cloud = fresh(wanted, hosts=3, seed=0, conf=Config(), down="host2")
    found = list(Recorder(cloud, down="host2").record(wanted))
    assert [e.data for e in cloud.journal if e.kind == "state.unexpected"] == []
    cloud.close()
    return found[1]


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

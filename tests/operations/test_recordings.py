"""Every recording of real Nova that is covered: the project's lines for the same action are the same, in their order.

The recorded hypervisor is Nova's fake one: it does not notice a pause, a suspend, a rescue or a soft delete. Where the
guest's power is not what Nova's libvirt driver would tell, it is not compared.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import simnova
from simnova import Config
from simnova.cli import main
from simnova.cloud.recorder import Recorder, Wanted, fresh

PACKAGE = Path(simnova.__file__).parent
RECORDINGS = Path(__file__).parent / "data" / "recordings.jsonl"
OTHER_POWER = {"pause", "unpause", "suspend", "resume", "rescue", "unrescue"}
OTHER_POWER |= {"soft delete (reclaim_instance_interval>0)", "restore"}
LATER = {
    *("resize", "confirmResize", "resize again", "migrate (cold)", "confirm migrate"),
    *("os-migrateLive", "evacuate (host forced down)"),
}

FIRST_SERVER = {
    "create": "create",
    "stop": "os-stop",
    "start": "os-start",
    "reboot SOFT": "reboot=SOFT",
    "reboot HARD": "reboot=HARD",
    "pause": "pause",
    "unpause": "unpause",
    "suspend": "suspend",
    "resume": "resume",
    "lock": "lock",
    "unlock": "unlock",
    "rescue": "rescue",
    "unrescue": "unrescue",
    "createImage (snapshot)": "createImage",
    "rebuild": "rebuild",
    "shelve (offload_time -1)": "shelve",
    "unshelve (not offloaded)": "unshelve",
    "shelve again": "shelve",
    "shelveOffload": "shelveOffload",
    "unshelve 2": "unshelve",
    "os-resetState error": "os-resetState=error",
    "os-resetState active": "os-resetState=active",
}
SECOND_SERVER = {
    "create 2": "create",
    "soft delete (reclaim_instance_interval>0)": "delete",
    "restore": "restore",
    "forceDelete": "forceDelete",
}


def recorded():
    found = [json.loads(line) for line in RECORDINGS.read_text().splitlines()]
    return {one["operation"]: one for one in found}


EXPECTED = recorded()


def play(actions, **options):
    conf = Config()
    for option, value in options.items():
        conf.set(option, value)
    wanted = [Wanted.parse(text) for text in actions]
    cloud = fresh(wanted, hosts=3, seed=0, conf=conf, down=None)
    found = list(Recorder(cloud).record(wanted))
    assert [e.data for e in cloud.journal if e.kind == "state.unexpected"] == []
    cloud.close()
    return found


@pytest.fixture(scope="module")
def played():
    first = play(FIRST_SERVER.values(), shelved_offload_time=-1)
    second = play(SECOND_SERVER.values(), reclaim_instance_interval=3600)
    return dict(zip([*FIRST_SERVER, *SECOND_SERVER], [*first, *second], strict=True))


def reduced(events, power=True):
    """Lines without what differs from run to run: ids, and hosts, which are told by their first appearance."""
    names = {}

    def host(name):
        return None if name is None else names.setdefault(name, f"host {len(names) + 1}")

    def of(line):
        if line["kind"] == "rpc":
            return [line[key] for key in ("how", "method", "topic", "fanout")] + [
                host(line["server"])
            ]
        if line["kind"] == "state":
            shown = [line[key] for key in ("op", "vm", "task")] + [host(line["host"])]
            return [*shown, line["power"]] if power else shown
        if line["kind"] == "migration":
            return [line[key] for key in ("op", "status", "type")] + [
                host(line["src"]),
                host(line["dst"]),
            ]
        held = ((line["body"] or {}).get("allocations") or {}).values()
        return [
            line["m"],
            line["url"].split("/")[1],
            line["q"],
            line["status"],
            *(one["resources"] for one in held),
        ]

    return [[line["kind"], *of(line)] for line in events]


@pytest.mark.parametrize("operation", [*FIRST_SERVER, *SECOND_SERVER])
def test_an_operation_is_what_real_nova_was_recorded_to_do(played, operation):
    expected, found = EXPECTED[operation], played[operation]
    power = operation not in OTHER_POWER
    assert found.error is None
    assert reduced(found.events, power) == reduced(expected["events"], power)
    assert found.action == expected["action"]


def test_a_delete_tells_placement_as_recorded(played):
    """The recorded one had been moved before, so its host no longer had it in its books: two reads less."""
    (*_, found) = play(["create", "delete"])
    expected = EXPECTED["delete"]
    reads = [line for line in found.events if line["kind"] == "placement" and line["m"] == "GET"]
    assert [line["url"].split("/")[1] for line in reads] == ["resource_providers", "allocations"]
    rest = [line for line in found.events if line not in reads]
    assert reduced(rest) == reduced(expected["events"])
    assert found.action == expected["action"]


def test_all_recordings_are_compared_somewhere():
    elsewhere = {"create: no valid host", "create: first host fails, rescheduled to an alternate"}
    here = {*FIRST_SERVER, *SECOND_SERVER, "delete"}
    assert set(EXPECTED) - here - elsewhere == LATER


def test_a_refused_action_is_recorded_with_its_answer():
    found = play(["create", "unpause", "os-stop"])[1]
    assert found.error["code"] == 409
    assert found.error["message"].endswith("while it is in vm_state active")
    assert (found.events, found.action) == ([], None)


def test_what_nova_notes_no_action_of_has_none():
    found = play(["create", "os-getConsoleOutput", "os-stop"])
    assert [one.action and one.action["action"] for one in found] == ["create", None, "stop"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("create frobnicate", "unknown action 'frobnicate': known: .*os-migrateLive.*unshelve"),
        ("create reebot", "unknown action 'reebot': did you mean 'reboot'"),
        ("os-stop", "there is no server yet: begin with create"),
        ("create os-stop=now", "give the action's value as a JSON object"),
        ('create reboot={"type":', "this is no JSON object"),
        ("create delete=now", "delete takes no value"),
        ("create --set nope=1", "unknown option 'nope'"),
        ("create --set shelved_offload_tim=1", "did you mean 'shelved_offload_time'"),
        ("create --set shelved_offload_time", "give it as OPTION=VALUE"),
        ("create --set max_concurrent_builds=many", "cannot be 'many'"),
        ("create --down host9", "unknown host 'host9'"),
        ("create resize=huge", "unknown flavor 'huge': known: .*m1.small"),
        ("create lock --microversion new", "its create was refused"),
    ],
)
def test_what_is_asked_wrongly_is_named_with_the_choices(capsys, words, complaint):
    assert main(["record", *words.split(" ")]) != 0
    assert re.search(complaint, capsys.readouterr().err)
    assert "Traceback" not in capsys.readouterr().err


def test_the_command_needs_nothing_but_the_package(tmp_path):
    """Run elsewhere, from a copy: no recordings beside it, no shared directory."""
    shutil.copytree(PACKAGE, tmp_path / "simnova")
    words = ["create", "os-stop", "--json", "--microversion", "2.94", "--set", "quota.ram=-1"]
    command = [sys.executable, "-m", "simnova", "record", *words]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [line["operation"] for line in lines] == ["create", "os-stop"]
    assert reduced(lines[1]["events"]) == reduced(EXPECTED["stop"]["events"])

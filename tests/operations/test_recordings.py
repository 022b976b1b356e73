"""Every recording of real Nova that is covered: the project's lines for the same action are the same."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from recorded import EXPECTED, FIRST_SERVER, OTHER_POWER, SECOND_SERVER, play, reduced

import simnova
from simnova.cli import main

pytestmark = pytest.mark.thorough

PACKAGE = Path(simnova.__file__).parent
LATER = {
    *("resize", "confirmResize", "resize again", "migrate (cold)", "confirm migrate"),
    *("os-migrateLive", "evacuate (host forced down)"),
}


@pytest.fixture(scope="module")
def played():
    first = play(FIRST_SERVER.values(), shelved_offload_time=-1)
    second = play(SECOND_SERVER.values(), reclaim_instance_interval=3600)
    return dict(zip([*FIRST_SERVER, *SECOND_SERVER], [*first, *second], strict=True))


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

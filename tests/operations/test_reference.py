"""The table of all operations is the code's own, and leaves none out."""

import json
from pathlib import Path

import pytest

from simnova.cloud.operations import ONLY_ADMINS, OPERATIONS, reference
from simnova.cloud.server import Server
from simnova.nova.api.actions import ACTIONS
from simnova.nova.compute.api import API
from simnova.nova.compute.api.checks import checks_of

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "operations.md"
ALLOWED = json.loads((Path(__file__).parent / "data" / "allowed_states.json").read_text())
LOOKS = {
    *("act", "actions", "addresses", "fault", "history", "host", "migrations", "name", "show"),
    *("status", "task_state", "vm_state", "wait", "write_memory", "open_console"),
    *("power_off_inside", "crash_inside", "virsh", "metadata"),
    *("type", "expect", "screenshot", "forward"),
}
"""What asks Nova's API for nothing that changes a server, or asks somebody else."""

OLD = {"os-getVNCConsole", "os-getSPICEConsole", "os-getSerialConsole"}


def test_the_page_is_up_to_date():
    said = "run: python -m simnova.cloud.operations > docs/reference/operations.md"
    assert PAGE.read_text() == reference(), said


def test_every_method_of_a_server_is_in_it():
    names = {name for name in dir(Server) if not name.startswith("_")} - LOOKS
    assert names - {"cloud", "id"} == {one.name.partition("(")[0] for one in OPERATIONS}


def test_every_action_of_the_api_is_in_it():
    assert set(ACTIONS) - OLD == {one.asked for one in OPERATIONS if " " not in one.asked}
    assert set(ONLY_ADMINS) <= {one.name for one in OPERATIONS}


@pytest.mark.parametrize("method", sorted(set(ALLOWED) & set(dir(API))))
def test_what_is_checked_is_what_real_novas_decorators_check(method):
    rule, checks = ALLOWED[method], checks_of(getattr(API, method))
    assert bool(checks.get("lock")) == rule.get("lock", False)
    assert bool(checks.get("launched")) == rule.get("launched", False)
    for ours, theirs in (("vm", rule.get("vm", "any")), ("task", rule.get("task", "any"))):
        mine = checks.get(ours)
        assert ("any" if mine is None else {*mine}) == (theirs if theirs == "any" else {*theirs})
    assert bool(checks.get("rejected")) == ("reject_instance_state" in rule.get("reject", ()))

"""Every operation in every state: what real Nova's decorators allow is accepted, all else is refused in its words."""

import json
from pathlib import Path

import pytest

from simnova.nova.objects.states import TaskState, VmState

ALLOWED = json.loads((Path(__file__).parent / "data" / "allowed_states.json").read_text())

ACTION = {
    "_hard_reboot": ("reboot", {"reboot": {"type": "HARD"}}),
    "_soft_reboot": ("reboot", {"reboot": {"type": "SOFT"}}),
    "backup": (
        "createBackup",
        {"createBackup": {"name": "b", "backup_type": "daily", "rotation": 1}},
    ),
    "force_delete": ("forceDelete", {"forceDelete": None}),
    "pause": ("pause", {"pause": None}),
    "rebuild": ("rebuild", {"rebuild": {"imageRef": "cirros"}}),
    "rescue": ("rescue", {"rescue": None}),
    "restore": ("restore", {"restore": None}),
    "resume": ("resume", {"resume": None}),
    "set_admin_password": ("changePassword", {"changePassword": {"adminPass": "x"}}),
    "shelve": ("shelve", {"shelve": None}),
    "shelve_offload": ("shelveOffload", {"shelveOffload": None}),
    "snapshot": ("createImage", {"createImage": {"name": "s"}}),
    "start": ("start", {"os-start": None}),
    "stop": ("stop", {"os-stop": None}),
    "suspend": ("suspend", {"suspend": None}),
    "unpause": ("unpause", {"unpause": None}),
    "unrescue": ("unrescue", {"unrescue": None}),
    "unshelve": ("unshelve", {"unshelve": None}),
}
"""The compute API's methods: the word for each in a refusal, and the body that asks for it."""

LIVE = [state for state in VmState if state is not VmState.DELETED]
STATES = [(vm, task) for vm in LIVE for task in (None, TaskState.DELETING)]
STATES += [(VmState.ACTIVE, task) for task in TaskState if task is not TaskState.DELETING]


def allows(rule, vm, task):
    """Which attribute stands in the way; None where nothing does."""
    if rule.get("vm", "any") != "any" and vm not in rule["vm"]:
        return "vm_state"
    if rule.get("task", "any") != "any" and task not in rule["task"]:
        return "task_state"
    return None


def asked(bench, method):
    word, body = ACTION[method]
    if method == "rebuild":
        body = {"rebuild": {"imageRef": bench.cloud.images.id_of("cirros")}}
    return word, body


def state(vm, task, **more):
    return {"vm_state": vm, "task_state": task, "locked": False, "locked_by": None, **more}


@pytest.mark.parametrize("method", ACTION)
def test_what_is_allowed_is_accepted_and_what_is_not_is_refused_and_changes_nothing(
    isolated, method
):
    word, body = asked(isolated, method)
    for vm, task in STATES:
        isolated.put(**state(vm, task), launched_at="2026-01-01T00:00:00Z")
        before, images = isolated.row(), len(isolated.cloud.images)
        answer = isolated.ask("POST", "/action", body)
        attr = allows(ALLOWED[method], vm, task)
        if attr is None:
            assert answer is None, (vm, task)
            continue
        what = f"{attr} {vm if attr == 'vm_state' else task}"
        expected = f"Cannot '{word}' instance {isolated.server.id} while it is in {what}"
        assert answer == (409, expected), (vm, task)
        assert isolated.row() == before
        assert len(isolated.cloud.images) == images


@pytest.mark.parametrize("method", ACTION)
def test_what_has_never_run_is_refused_where_it_must_have(isolated, method):
    rule = ALLOWED[method]
    word, body = asked(isolated, method)
    vm = VmState.ACTIVE if rule["vm"] == "any" else rule["vm"][0]
    isolated.put(**state(vm, None), launched_at=None)
    answer = isolated.ask("POST", "/action", body)
    if rule["launched"]:
        text = f"Instance {isolated.server.id} is in an invalid state for '{word}'"
        assert answer == (409, text)
    else:
        assert answer is None


@pytest.mark.parametrize("method", ACTION)
def test_a_lock_refuses_everyone_but_an_administrator(isolated, method):
    rule = ALLOWED[method]
    _, body = asked(isolated, method)
    vm = VmState.ACTIVE if rule["vm"] == "any" else rule["vm"][0]
    locked = state(vm, None, locked=True, locked_by="owner", launched_at="2026-01-01T00:00:00Z")
    isolated.put(**locked)
    answer = isolated.ask("POST", "/action", body, user="demo")
    if method == "shelve_offload":
        rule = "Policy doesn't allow os_compute_api:os-shelve:shelve_offload to be performed."
        assert answer == (403, rule)
    elif rule.get("lock") or method.endswith("_reboot"):
        assert answer == (409, f"Instance {isolated.server.id} is locked")
    else:
        assert answer is None
    isolated.put(**locked)
    assert isolated.ask("POST", "/action", body) is None

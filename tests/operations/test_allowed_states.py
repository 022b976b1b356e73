"""Every operation in every state: what real Nova's decorators allow is accepted, all else is refused in its words."""

import json
from pathlib import Path

import pytest

from simnova.nova.objects.states import TaskState, VmState

pytestmark = pytest.mark.thorough

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

MOVES = {
    "confirm_resize": ("confirmResize", {"confirmResize": None}),
    "evacuate": ("evacuate", {"evacuate": {}}),
    "live_migrate": (
        "os-migrateLive",
        {"os-migrateLive": {"host": None, "block_migration": "auto"}},
    ),
    "resize": ("migrate", {"migrate": None}),
    "revert_resize": ("revertResize", {"revertResize": None}),
}
ADMINS = {
    "evacuate": "os-evacuate",
    "live_migrate": "os-migrate-server:migrate_live",
    "resize": "os-migrate-server:migrate",
    "shelve_offload": "os-shelve:shelve_offload",
}
"""Who is no administrator is refused by these rules, whatever the state."""

OTHERS = {
    "attach_interface": ("attach_interface", "POST", "/os-interface", {"interfaceAttachment": {}}),
    "delete": ("delete", "DELETE", "", None),
    "delete_instance_metadata": ("delete metadata", "DELETE", "/metadata/a", None),
    "detach_interface": ("detach_interface", "DELETE", "/os-interface/none", None),
    "get_console_output": (
        "get_console_output",
        "POST",
        "/action",
        {"os-getConsoleOutput": {}},
    ),
    "update_instance_metadata": (
        "update metadata",
        "POST",
        "/metadata",
        {"metadata": {"a": "b"}},
    ),
} | {
    f"get_{protocol}_console": (
        f"get_{protocol}_console",
        "POST",
        "/remote-consoles",
        {"remote_console": {"protocol": protocol, "type": kind}},
    )
    for protocol, kind in {"vnc": "novnc", "spice": "spice-html5", "serial": "serial"}.items()
}

METHODS = [*ACTION, *MOVES, *OTHERS]
BUSY = {method: ("deleting", "migrating") for method in OTHERS if method.endswith("_console")}
"""Task states that `reject_instance_state` names."""

LATER = (
    "MessagingTimeout",
    "Instance has not been resized.",
    "is still in use",
)
"""What is said of a request that has passed every check of the state: nobody answers, no move is there."""

LIVE = [state for state in VmState if state is not VmState.DELETED]
STATES = [(vm, task) for vm in LIVE for task in (None, TaskState.DELETING)]
STATES += [(VmState.ACTIVE, task) for task in TaskState if task is not TaskState.DELETING]
LAUNCHED = "2026-01-01T00:00:00Z"


def allows(method, vm, task):
    """Which attribute stands in the way; None where nothing does."""
    rule = ALLOWED[method]
    if task in BUSY.get(method, ()):
        return "task_state"
    if rule.get("vm", "any") != "any" and vm not in rule["vm"]:
        return "vm_state"
    if rule.get("task", "any") != "any" and task not in rule["task"]:
        return "task_state"
    return None


def asked(bench, method):
    """The word in a refusal, and the request."""
    if method in OTHERS:
        word, *request = OTHERS[method]
        return word, request
    word, body = (ACTION | MOVES)[method]
    if method == "rebuild":
        body = {"rebuild": {"imageRef": bench.cloud.images.id_of("cirros")}}
    return word, ["POST", "/action", body]


def accepted(answer):
    return answer is None or any(text in answer[1] for text in LATER)


def state(vm, task, **more):
    return {"vm_state": vm, "task_state": task, "locked": False, "locked_by": None, **more}


def first_state(method):
    rule = ALLOWED[method]
    return VmState.ACTIVE if rule.get("vm", "any") == "any" else rule["vm"][0]


def put(bench, method, values):
    """Into that state; an item that is to be deleted is there."""
    if method == "delete_instance_metadata":
        bench.put(**state(VmState.ACTIVE, None, launched_at=LAUNCHED))
        bench.ask("POST", "/metadata", {"metadata": {"a": "b"}})
    bench.put(**values)


@pytest.mark.parametrize("method", METHODS)
def test_what_is_allowed_is_accepted_and_what_is_not_is_refused_and_changes_nothing(
    isolated, method
):
    word, request = asked(isolated, method)
    for vm, task in STATES:
        put(isolated, method, state(vm, task, launched_at=LAUNCHED))
        before, images = isolated.row(), len(isolated.cloud.images)
        answer = isolated.ask(*request)
        attr = allows(method, vm, task)
        if attr is None:
            assert accepted(answer), (vm, task, answer)
            continue
        what = f"{attr} {vm if attr == 'vm_state' else task}"
        expected = f"Cannot '{word}' instance {isolated.server.id} while it is in {what}"
        assert answer == (409, expected), (vm, task)
        assert isolated.row() == before
        assert len(isolated.cloud.images) == images


@pytest.mark.parametrize("method", METHODS)
def test_what_has_never_run_is_refused_where_it_must_have(isolated, method):
    word, request = asked(isolated, method)
    put(isolated, method, state(first_state(method), None, launched_at=None))
    answer = isolated.ask(*request)
    if ALLOWED[method].get("launched"):
        text = f"Instance {isolated.server.id} is in an invalid state for '{word}'"
        assert answer == (409, text)
    else:
        assert accepted(answer)


@pytest.mark.parametrize("method", METHODS)
def test_a_lock_refuses_everyone_but_an_administrator(isolated, method):
    _, request = asked(isolated, method)
    locked = state(first_state(method), None, locked=True, locked_by="owner", launched_at=LAUNCHED)
    put(isolated, method, locked)
    answer = isolated.ask(*request, user="demo")
    if method in ADMINS:
        rule = f"Policy doesn't allow os_compute_api:{ADMINS[method]} to be performed."
        assert answer == (403, rule)
    elif ALLOWED[method].get("lock") or method.endswith("_reboot"):
        assert answer == (409, f"Instance {isolated.server.id} is locked")
    else:
        assert accepted(answer)
    put(isolated, method, locked)
    assert accepted(isolated.ask(*request))


@pytest.mark.parametrize("method", METHODS)
def test_a_server_of_another_project_is_not_there(strangers, method):
    """Whatever is asked of it, its state or who may: 404, and nothing changes."""
    _, request = asked(strangers, method)
    before = strangers.row()
    text = f"Instance {strangers.server.id} could not be found."
    assert strangers.ask(*request, user="demo") == (404, text)
    assert strangers.row() == before

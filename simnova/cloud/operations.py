"""Every operation on a server in one table: how it is asked for here and over the API, when it may be, by whom."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from simnova.cloud.server import Server
from simnova.nova.api.actions import ACTIONS
from simnova.nova.compute.api import API
from simnova.nova.compute.api.checks import checks_of


class Operation(NamedTuple):
    """A method of `Server`, the request it sends, and the methods of the compute API whose checks are made."""

    name: str
    asked: str
    methods: tuple[str, ...]

    @property
    def checks(self) -> dict[str, Any]:
        """What is checked before it begins."""
        found: dict[str, Any] = {}
        for method in self.methods:
            found |= checks_of(getattr(API, method))
        return found


OPERATIONS = (
    Operation("start", "os-start", ("start",)),
    Operation("stop", "os-stop", ("stop",)),
    Operation("reboot", "reboot", ("reboot", "_soft_reboot")),
    Operation('reboot("HARD")', "reboot", ("reboot", "_hard_reboot")),
    Operation("pause", "pause", ("pause",)),
    Operation("unpause", "unpause", ("unpause",)),
    Operation("suspend", "suspend", ("suspend",)),
    Operation("resume", "resume", ("resume",)),
    Operation("lock", "lock", ("lock",)),
    Operation("unlock", "unlock", ("unlock",)),
    Operation("rescue", "rescue", ("rescue",)),
    Operation("unrescue", "unrescue", ("unrescue",)),
    Operation("create_image", "createImage", ("snapshot",)),
    Operation("create_backup", "createBackup", ("backup",)),
    Operation("rebuild", "rebuild", ("rebuild",)),
    Operation("shelve", "shelve", ("shelve",)),
    Operation("shelve_offload", "shelveOffload", ("shelve_offload",)),
    Operation("unshelve", "unshelve", ("unshelve",)),
    Operation("resize", "resize", ("resize",)),
    Operation("confirm_resize", "confirmResize", ("confirm_resize",)),
    Operation("revert_resize", "revertResize", ("revert_resize",)),
    Operation("migrate", "migrate", ("resize",)),
    Operation("live_migrate", "os-migrateLive", ("live_migrate",)),
    Operation(
        "force_complete",
        "POST /servers/{id}/migrations/{id}/action",
        ("live_migrate_force_complete",),
    ),
    Operation("abort_migration", "DELETE /servers/{id}/migrations/{id}", ("live_migrate_abort",)),
    Operation("evacuate", "evacuate", ("evacuate",)),
    Operation("attach_interface", "POST /servers/{id}/os-interface", ("attach_interface",)),
    Operation(
        "detach_interface", "DELETE /servers/{id}/os-interface/{port}", ("detach_interface",)
    ),
    Operation("change_password", "changePassword", ("set_admin_password",)),
    Operation("console_output", "os-getConsoleOutput", ("get_console_output",)),
    Operation("console", "POST /servers/{id}/remote-consoles", ("get_vnc_console",)),
    Operation("rename", "PUT /servers/{id}", ("update_instance",)),
    Operation("set_metadata", "POST /servers/{id}/metadata", ("update_instance_metadata",)),
    Operation("reset_state", "os-resetState", ("reset_state",)),
    Operation("delete", "DELETE /servers/{id}", ("delete",)),
    Operation("force_delete", "forceDelete", ("force_delete",)),
    Operation("restore", "restore", ("restore",)),
)
"""In the order of a server's life. `create` is a cloud's (`cloud.boot`), and so is `cloud.servers`, the list."""

ONLY_ADMINS = {"force_complete": "os-migrate-server", "abort_migration": "os-migrate-server"}
"""Where the request is no action, and an administrator's."""

_HEAD = """# Operations on a server

Made by `python -m simnova.cloud.operations`; the states, the lock and the rules are those that the code checks.

Each is a method of `Server` that asks Nova's API and returns when it has answered; `cloud.run()` follows it to its end.
A name alone in the second column is an action, `POST /servers/{id}/action`. In another state the API answers 409,
"Cannot '…' instance … while it is in vm_state …" (`Refused`); a server of another project is not found (404).
Where a lock counts, it refuses everyone but an administrator (409). `server.actions` tells what came of each request.

| here | over the API | vm_state | task_state | lock | who | what it does |
|---|---|---|---|---|---|---|
"""


def reference() -> str:
    """`docs/reference/operations.md`."""
    return _HEAD + "".join(f"{_row(one)}\n" for one in OPERATIONS)


def _row(operation: Operation) -> str:
    checks, name = operation.checks, operation.name.partition("(")[0]
    said = (getattr(Server, name).__doc__ or "").strip().partition("\n")[0]
    cells = [
        f"`{operation.name}`" if "(" in operation.name else f"`{name}()`",
        f"`{operation.asked}`",
        _states(checks.get("vm")),
        _tasks(checks),
        "yes" if checks.get("lock") else "-",
        "administrator" if _only_admins(operation) else "owner",
        said.removeprefix("Ask the API to ").removeprefix("Ask the API for ").replace("|", "or"),
    ]
    return f"| {' | '.join(cells)} |"


def _only_admins(operation: Operation) -> bool:
    action = ACTIONS.get(operation.asked)
    return action.admin if action else operation.name in ONLY_ADMINS


def _tasks(checks: dict[str, Any]) -> str:
    if checks.get("rejected"):
        return f"not {_states(checks['rejected'])}"
    return _states(checks["task"]) if "task" in checks else "any"


def _states(states: Iterable[str | None] | None) -> str:
    """In alphabetical order; None is that nothing is being done."""
    if states is None:
        return "any"
    return ", ".join(sorted("-" if state is None else str(state) for state in states))


if __name__ == "__main__":
    print(reference(), end="")

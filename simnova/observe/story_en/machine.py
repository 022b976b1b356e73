"""Services, hypervisors, log lines, and what comes from outside."""

from __future__ import annotations

from typing import Any

from simnova.observe.story_en.words import after, seconds, server, several, subject, value
from simnova.observe.telling import Telling

_ASKED = {
    "spawn": "start the guest of {server}",
    "destroy": "destroy the guest of {server}",
    "get_info": "say how the guest of {server} is",
    "get_available_resource": "say what the host has",
    "update_provider_tree": "say what the host has to offer",
    "init_host": "get ready",
    "list_instances": "list its guests",
    "list_instance_uuids": "list its guests",
    "plug_vifs": "plug in the network of {server}",
    "power_off": "switch the guest of {server} off",
    "power_on": "switch the guest of {server} on",
    "reboot": "reboot the guest of {server}",
}


def up(telling: Telling) -> str:
    """service.start"""
    return f"{subject(telling)} is up."


def down(telling: Telling) -> str:
    """service.stop"""
    return f"{subject(telling)} is stopped in good order."


def crashed(telling: Telling) -> str:
    """service.crash"""
    return f"{subject(telling)} crashes; whatever it was doing stays as it is."


def virt_call(telling: Telling) -> str:
    """virt.call"""
    method = str(telling.data.get("method"))
    asked = _ASKED.get(method, "do it")
    about = asked.format(server=server(telling, telling.data.get("instance")))
    return f"{subject(telling)} asks its hypervisor to {about} (driver.{method})."


def virt_return(telling: Telling) -> str:
    """virt.return"""
    took = telling.data.get("seconds")
    spent = seconds(took if isinstance(took, int | float) else telling.took)
    result = telling.data.get("result")
    gives = f" and gives {value(result, 60)}" if isinstance(result, str | int | float) else ""
    return f"The hypervisor has done {telling.data.get('method')}{whose(telling)}{f' in {spent}' if spent else ''}{gives}."


def whose(telling: Telling) -> str:
    """Of which server, where it is about one."""
    uuid = telling.data.get("instance")
    return f" for {server(telling, uuid)}" if uuid else ""


def virt_error(telling: Telling) -> str:
    """virt.error"""
    reason = value(telling.data.get("error"), 160).rstrip(".")
    return f"The hypervisor fails at {telling.data.get('method')}{whose(telling)}{after(telling)}: {reason}."


def unexpected(telling: Telling) -> str:
    """state.unexpected"""
    data = telling.data
    before, moved = data.get("before") or data.get("from"), data.get("after") or data.get("to")
    change = f" from {before} to {moved}" if before or moved else ""
    return f"{subject(telling)} makes a change of state that Nova's own flow does not have{whose(telling)}{change}."


def given(args: Any) -> str:
    """The arguments of a command."""
    if isinstance(args, dict):
        return several(
            (f"{name}={value(thing, 30)}" for name, thing in args.items() if thing is not None),
            most=5,
        )
    return value(args, 80) if args else ""


def command(telling: Telling) -> str:
    """input"""
    args = given(telling.data.get("args"))
    return (
        f"From outside: {telling.data.get('verb', 'a command')}{f' with {args}' if args else ''}."
    )


def fault(telling: Telling) -> str:
    """fault"""
    rest = {name: thing for name, thing in telling.data.items() if name not in {"verb", "args"}}
    args = given(telling.data.get("args") or rest)
    return f"A fault is injected: {telling.data.get('verb', 'something breaks')}{f' ({args})' if args else ''}."


def log(telling: Telling) -> str:
    """log"""
    data = telling.data
    return f"{subject(telling)} logs {data.get('level', 'INFO')}: {value(data.get('message'), 200)}"

"""Services, hypervisors, log lines, and what comes from outside."""

from __future__ import annotations

from typing import Any

from simnova.observe.names import host_of
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
    lasted = f" in {spent}" if spent else ""
    return f"The hypervisor has done {telling.data.get('method')}{whose(telling)}{lasted}{gives}."


def whose(telling: Telling) -> str:
    """Of which server, where it is about one."""
    uuid = telling.data.get("instance")
    return f" for {server(telling, uuid)}" if uuid else ""


def virt_error(telling: Telling) -> str:
    """virt.error"""
    data = telling.data
    told = ": ".join(str(data[name]) for name in ("error", "message") if data.get(name))
    reason = value(told or "an error", 200).rstrip(".")
    return (
        f"The hypervisor fails at {data.get('method')}{whose(telling)}{after(telling)}: {reason}."
    )


_STEPS = {
    "download": "has fetched the image{size} into its cache",
    "convert": "has converted the image to raw",
    "overlay": "has made a disk of {gb} GB over the cached image",
    "define": "has defined the domain {domain}",
    "start": "has started the guest",
    "stop": "has stopped the guest",
    "shutdown": "has asked the guest to shut down",
    "undefine": "has undefined the guest and removed its disk",
    "remove": "has removed an unused image from its cache",
}


def virt_step(telling: Telling) -> str:
    """virt.step"""
    data = telling.data
    size = f" ({data['bytes'] / 2**20:.0f} MiB)" if isinstance(data.get("bytes"), int) else ""
    known = _STEPS.get(str(data.get("step")), f"has done '{data.get('step')}'")
    done = known.format_map(
        {"size": size, "gb": data.get("gb", "some"), "domain": data.get("domain", "")}
    )
    spent = f" in {seconds(data['seconds'])}" if data.get("seconds") else ""
    return f"The hypervisor of {host_of(telling.actor) or telling.actor} {done.rstrip()}{whose(telling)}{spent}."


def unexpected(telling: Telling) -> str:
    """state.unexpected"""
    data = telling.data
    before, moved = data.get("before") or data.get("from"), data.get("after") or data.get("to")
    change = f" from {before} to {moved}" if before or moved else ""
    return f"{subject(telling)} makes a change of state that Nova's own flow does not have{whose(telling)}{change}."


def given(args: Any) -> str:
    """The arguments of a command."""
    if isinstance(args, dict):
        shown = {name: thing for name, thing in args.items() if thing is not None}
        return several((f"{name} {value(thing, 30)}" for name, thing in shown.items()), most=5)
    return value(args, 80) if args else ""


_COMMANDS = {
    "request": "You send {method} {path} to {service} as {user}.",
    "advance": "You let {seconds:g} s pass.",
    "crash": "You kill {service} where it stands.",
    "stop": "You stop {service} in good order.",
    "start": "You start {service} again.",
    "crash_at": "You arrange that {service} dies at its {nth:d}. {kind}, {moment} it.",
    "lose": "You arrange that the next {times:d} messages of {method} get lost.",
    "fail": "You arrange that the hypervisor of {host} fails at {what}: {error}.",
    "set": "You set {option} to {value}.",
}


def command(telling: Telling) -> str:
    """input"""
    verb, args = str(telling.data.get("verb", "something")), telling.data.get("args")
    try:
        return _COMMANDS[verb].format_map(args or {})
    except (KeyError, ValueError, TypeError):
        told = given(args)
        return f"You ask from outside: {verb}{f' ({told})' if told else ''}."


def fault(telling: Telling) -> str:
    """fault"""
    rest = {name: thing for name, thing in telling.data.items() if name != "verb"}
    args = given(rest)
    return (
        f"Broken on purpose: {telling.data.get('verb', 'something')}{f' ({args})' if args else ''}."
    )


def log(telling: Telling) -> str:
    """log"""
    data = telling.data
    return f"{subject(telling)} logs {data.get('level', 'INFO')}: {value(data.get('message'), 200)}"

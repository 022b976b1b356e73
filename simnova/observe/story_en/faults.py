"""What is broken on purpose, now or when its time comes."""

from __future__ import annotations

from typing import Any

from simnova.observe.story_en.words import count, seconds, several, value, who
from simnova.observe.telling import Telling

_MESSAGES = {
    "lose": "is lost on its way, as you have arranged",
    "duplicate": "is sent twice, as you have arranged",
    "delay": "will be {late} late, as you have arranged",
    "reorder": "waits until another has passed it, as you have arranged",
}
"""What happens to a message."""

_DONE = {
    "crash": "kill {service} where it stands",
    "stop": "stop {service} in good order",
    "start": "start {service} again",
    "restart": "restart {service}",
    "crash_at": "arrange that {service} dies at its {nth:d}. {kind}, {moment} it",
    "lose": "arrange that {what} {method} will get lost, {often}",
    "delay": "arrange that {what} {method} will be {late} late, {often}",
    "duplicate": "arrange that {what} {method} will be sent twice, {often}",
    "reorder": "arrange that messages of {method} will be overtaken by the next in their queue, {often}",
    "fail": "arrange that the hypervisor of {host} fails at {what}: {error}",
    "set": "set {option} to {value}",
    "refuse": "have the database {database} {refuse}: {reason}",
    "accept": "have the database {database} answer again",
    "add_host": "bring up a new compute host, {name}{inside}",
    "manage_cells": "run nova-manage cell_v2 {command}{options}",
    "reload_cells": "send every nova-scheduler SIGHUP: it reads the cells again",
    "audit_allocations": "run nova-manage placement audit",
    "heal_allocations": "run nova-manage placement heal_allocations",
    "slow": "have all that reaches {service} be {late} late",
    "cut_off": "cut {service} off: it lives, but nothing comes or goes",
    "reconnect": "connect {service} again",
    "power_off": "pull the plug of {host}: its nova-compute and its guests are gone",
    "power_on": "switch {host} on again",
    "slow_disk": "have the disk of {host} take {factor:g} times as long",
    "fill_images": "leave {room} in Glance's store",
    "update_rows": "change rows of {database}.{table} with SQL",
    "heal": "have nothing lie in wait any more, and mend what lasts",
}
"""What you do, now or at a time to come."""


def deed(verb: str, args: dict[str, Any]) -> str:
    """What you do, after "You"; raises KeyError and the like where there are no words for it."""
    named: dict[str, Any] = {
        name: who(thing) if name == "service" else thing for name, thing in args.items()
    }
    if "method" in named:
        named["what"] = "replies to" if named.get("reply") else "messages of"
    if "times" in named:
        named["often"] = count(int(named["times"]), "time")
    if "seconds" in named:
        named["late"] = seconds(named["seconds"]) or "0 s"
    named["inside"] = f", in {named['cell']}" if named.get("cell") else ""
    if named.get("args"):
        named["options"] = f" --cell_uuid {named['args'][0]} --{named['args'][1]}"
    named.setdefault("options", "")
    if "left_gb" in named:
        left = named["left_gb"]
        named["room"] = "all the room again" if left is None else f"{left:g} GiB of room"
    named["refuse"] = "hang" if named.get("hang") else "refuse"
    return _DONE[verb].format_map(named)


def at(args: dict[str, Any]) -> str:
    """Something that is arranged for later."""
    return f"At {args['seconds']:g} s you will {deed(args['verb'], args['args'])}."


def fault(telling: Telling) -> str:
    """fault"""
    data = telling.data
    verb, args = str(data.get("verb", "something")), {**data}
    args.pop("verb", None)
    if verb in _MESSAGES and ("message" in args or "request" in args):
        return _message(verb, args)
    moot = f" {args.pop('moot')}: nothing happens." if args.get("moot") else ""
    try:
        return f"As you have arranged, you {deed(verb, args)}.{moot}"
    except (AttributeError, KeyError, ValueError, TypeError):
        shown = several((f"{name} {value(thing, 30)}" for name, thing in args.items()), most=5)
        return f"Broken on purpose: {verb}{f' ({shown})' if shown else ''}.{moot}"


def _message(verb: str, data: dict[str, Any]) -> str:
    if "request" in data:
        what = "answer to" if data.get("reply") else "request"
    else:
        what = "reply to" if data.get("reply") else "message of"
    late = seconds(data.get("seconds")) or "0 s"
    return f"The {what} {data['method']} {_MESSAGES[verb].format(late=late)}."

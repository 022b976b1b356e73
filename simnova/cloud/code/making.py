"""The call that makes a cloud, from its recipe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from simnova.cloud.cells import host_fields
from simnova.cloud.checks import as_config
from simnova.cloud.costs import MEASURED
from simnova.cloud.hosts import Host, as_hosts
from simnova.config import Config
from simnova.kernel.chance import Between
from simnova.nova.virt.profile import Profile

PLAIN: Mapping[str, Any] = {
    "cells": None,
    "config": {},
    "seed": 0,
    "filters": None,
    "weighers": None,
    "managers": None,
    "level": "full",
    "costs": {},
    "plug_in_seconds": 60.0,
    "choices": None,
}
"""What need not be said, in the order in which the rest is."""


class Made(NamedTuple):
    """`cloud = Cloud(…)`, the imports that it needs beside those from simnova, and what must be known."""

    text: str
    imports: list[str]
    notes: list[str]


def making(recipe: Mapping[str, Any]) -> Made:
    """The call from the recipe."""
    given = {**recipe, "config": flat(recipe["config"])}
    said = {name: given[name] for name, plain in PLAIN.items() if given[name] != plain}
    parts = [f"hosts={hosts(recipe['hosts'])}"]
    parts += [f"{name}={argument(name, value)}" for name, value in said.items()]
    text = f"cloud = Cloud({', '.join(parts)})"
    classes = [one for name in ("filters", "weighers", "managers") for one in within(recipe[name])]
    imports = sorted({found for one in classes if (found := imported(one))})
    if "Between(" in text:
        imports.append("from simnova.kernel.chance import Between")
    return Made(text, imports, notes(recipe["hosts"], classes))


def notes(all_hosts: Sequence[Host], classes: Sequence[type]) -> list[str]:
    """What whoever runs the cell must know."""
    own = [one.__name__ for one in classes if not imported(one)]
    real = [host.name for host in all_hosts if host.driver]
    return [
        *(f"{name} is a class of a notebook: run the cell that defines it first" for name in own),
        *(f"{name} has a real hypervisor, which takes another time in each run" for name in real),
    ]


def argument(name: str, value: Any) -> str:
    """An argument's value as Python."""
    return '"measured"' if name == "costs" and value == MEASURED else python(value)


def python(value: Any) -> str:
    """A value as Python: classes by their names, texts in double quotes, all else as it is written."""
    if isinstance(value, str):
        return repr(value) if '"' in value else f'"{repr(chr(39) + value)[2:]}'
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, Profile):
        return profile(value)
    if isinstance(value, Mapping):
        return (
            "{" + ", ".join(f"{python(name)}: {python(one)}" for name, one in value.items()) + "}"
        )
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(python, value)) + "]"
    return repr(value)


def hosts(given: Sequence[Host]) -> str:
    """A number, where they are nothing special; names and `Host` objects otherwise."""
    if list(given) == as_hosts(len(given)):
        return str(len(given))
    return "[" + ", ".join(map(host, given)) + "]"


def host(given: Host) -> str:
    """A host as Python, by its name alone where that is enough."""
    told = host_fields(given)
    name = python(told.pop("name"))
    more = "".join(f", {one}={python(value)}" for one, value in told.items())
    return f"Host({name}{more})" if more else name


def profile(given: Profile) -> str:
    """A profile by what it does not share with the plain one."""
    told = {
        name: f"Between({value.low!r}, {value.high!r})"
        if isinstance(value, Between)
        else repr(value)
        for name, value, plain in zip(Profile._fields, given, Profile(), strict=True)
        if repr(value) != repr(plain)
    }
    return f"Profile({', '.join(f'{name}={value}' for name, value in told.items())})"


def flat(config: Mapping[str, Any]) -> dict[str, Any]:
    """Options as one writes them: those of [DEFAULT] by their names alone, today's release unsaid."""
    told = {name: value for name, value in config.items() if name != "DEFAULT"}
    told |= config.get("DEFAULT", {})
    if told["release"] == Config().release:
        del told["release"]
    return told if as_config(told).as_dict() == config else dict(config)


def within(given: Any) -> list[type]:
    """The classes in what was given for filters, weighers or managers."""
    if isinstance(given, type):
        return [given]
    inside: Iterable[Any] = given.values() if isinstance(given, Mapping) else given or ()
    if isinstance(given, str):
        return []
    return [found for one in inside for found in within(one)]


def imported(one: type) -> str:
    """The import of a class; empty for one that is of a notebook's cell or inside a function."""
    if one.__module__ == "__main__" or "." in one.__qualname__:
        return ""
    return f"from {one.__module__} import {one.__name__}"

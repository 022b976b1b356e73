"""All options, by section and by name."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterable
from typing import NamedTuple

from simnova.config import api, compute, neighbours, scheduler, services
from simnova.config.option import Option
from simnova.exceptions import UsageError

PAGE = "docs/reference/config.md"

SECTIONS: dict[str, dict[str, Option]] = {}
"""The options of each section, by name."""


class Found(NamedTuple):
    """An option and the section it is in."""

    section: str
    option: Option

    def __str__(self) -> str:
        return f"[{self.section}] {self.option.name}"


for _module in (services, compute, scheduler, api, neighbours):
    for _section, _options in _module.SECTIONS.items():
        SECTIONS.setdefault(_section, {}).update({option.name: option for option in _options})


@functools.cache
def everything() -> tuple[Found, ...]:
    """Every option, section by section."""
    return tuple(
        Found(section, option)
        for section, options in SECTIONS.items()
        for option in options.values()
    )


_OLDER = {name: found for found in everything() for name in found.option.older}
_BY_NAME: dict[str, list[Found]] = {}
for _found in everything():
    _BY_NAME.setdefault(_found.option.name, []).append(_found)
for _name, _found in _OLDER.items():
    _BY_NAME.setdefault(_name.partition(".")[2], []).append(_found)


_SCHEDULERS = (
    "SimNova's scheduler is the filter scheduler; what became of the chance scheduler and the caching "
    "scheduler is at the end of the older filters in docs/reference/filters.md"
)
REMOVED = {
    "driver": f"it is in [quota], and was in [scheduler]: write quota={{'driver': …}}. {_SCHEDULERS}",
    "scheduler.driver": _SCHEDULERS,
    "scheduler_driver": _SCHEDULERS,
    "DEFAULT.scheduler_driver": _SCHEDULERS,
}
"""Names that Nova's releases did not understand alike, and what to say of them."""


def find(name: str) -> Found:
    """The option called `section.name`, or `name` where only one section has it; older names count
    too.

    Raises `UsageError` where there is none, or more than one.
    """
    section, dot, bare = name.rpartition(".")
    return within(section, bare) if dot else _anywhere(name)


def within(section: str, name: str) -> Found:
    """The option of that name in that section."""
    _check_removed(f"{section}.{name}")
    if section not in SECTIONS:
        raise unknown_option("section", section, SECTIONS)
    if name in SECTIONS[section]:
        return Found(section, SECTIONS[section][name])
    if f"{section}.{name}" in _OLDER:
        return _OLDER[f"{section}.{name}"]
    raise unknown_option(f"option of [{section}]", name, SECTIONS[section])


def _check_removed(name: str) -> None:
    if name in REMOVED:
        raise UsageError(f"option '{name}': {REMOVED[name]}")


def _anywhere(name: str) -> Found:
    _check_removed(name)
    if name not in _BY_NAME:
        raise unknown_option("option", name, _BY_NAME)
    found = list(dict.fromkeys((one.section, one.option.name) for one in _BY_NAME[name]))
    if len(found) > 1:
        places = " and ".join(f"[{section}]" for section, _ in found)
        section = found[0][0]
        raise UsageError(f"option '{name}' is in {places}: write {section}={{'{name}': …}}")
    return _BY_NAME[name][0]


def unknown_option(what: str, name: str, known: Iterable[str]) -> UsageError:
    """The error for a name that is none of `known`; they are too many to list."""
    near = difflib.get_close_matches(name, sorted(known), n=3)
    remedy = f"did you mean {' or '.join(map(repr, near))}?" if near else f"{PAGE} lists them"
    return UsageError(f"unknown {what} '{name}': {remedy}")

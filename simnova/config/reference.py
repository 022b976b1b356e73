"""The page that lists all options, made from the options themselves."""

from __future__ import annotations

import json
from typing import Any

from simnova.config.option import Option
from simnova.config.registry import SECTIONS
from simnova.config.releases import RELEASES, TODAY, Release

_HEAD = """\
# Configuration

Every option of Nova that SimNova plays, under Nova's name and section; defaults are those of the
current release. Set them as `Config(max_attempts=5)`, as `Config(scheduler={"max_attempts": 5})`,
on a running cloud with `conf.set("scheduler.max_attempts", 5)`, or from a `nova.conf` with
`Config.from_file("nova.conf")`. What such a file sets and SimNova does not play is in `.ignored` of
what this returns, as `section.name`; a name that looks like a slip is warned of.

The quotas are Nova's defaults: a project has 10 servers, 20 cores and 51200 MB.
`Cloud(config={"quota": {"instances": -1, "cores": -1, "ram": -1}})` lifts them; Neutron's 500 ports
remain, as `PUT /v2.0/quotas/{project}` of the service `neutron` says otherwise.

This page is made by `python -m simnova.config`.
"""


def reference() -> str:
    """The whole page, as Markdown."""
    sections = [_section(name, list(options.values())) for name, options in SECTIONS.items()]
    return "\n".join([_HEAD, *sections, _releases()])


def _section(name: str, options: list[Option]) -> str:
    head = ["| option | default | takes | what for |", "|---|---|---|---|"]
    return "\n".join([f"## [{name}]", "", *head, *map(_line, options), ""])


def _line(option: Option) -> str:
    older = f" Formerly {', '.join(map(_place, option.older))}." if option.older else ""
    cells = (f"`{option.name}`", _value(option.default), option.allowed(), option.help + older)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _place(name: str) -> str:
    section, _, option = name.partition(".")
    return f"`[{section}] {option}`"


def _value(value: Any) -> str:
    return "unset" if value is None else f"`{json.dumps(value)}`"


def _releases() -> str:
    lines = [
        line
        for name, release in RELEASES.items()
        if name != TODAY
        for line in _release(name, release)
    ]
    return "\n".join(["## Releases", "", *lines])


def _release(name: str, release: Release) -> list[str]:
    placement = "Placement is asked" if release.placement else "no Placement"
    lines = [f"`Config(release={json.dumps(name)})`: Nova {release.version}, {placement}.", ""]
    for section, defaults in release.defaults.items():
        lines += [
            f"- `[{section}] {option}` is {_value(value)}" for option, value in defaults.items()
        ]
    return [*lines, ""]

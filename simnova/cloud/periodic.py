"""Every periodic task of Nova's services in one table: how often, which option has it do something, what it mends."""

from __future__ import annotations

from typing import NamedTuple

from simnova.config import Config
from simnova.nova.compute.manager import ComputeManager
from simnova.nova.periodic_task import DEFAULT_INTERVAL, Declared, declarations, value_of
from simnova.nova.scheduler.manager import SchedulerManager

MANAGERS: dict[str, type] = {"nova-compute": ComputeManager, "nova-scheduler": SchedulerManager}
"""The services that have any."""


class Task(NamedTuple):
    """A periodic task of a service, by its name in Nova."""

    service: str
    name: str
    declared: Declared


def tasks() -> list[Task]:
    """All of them, in the order in which a service does those that are due at once."""
    return [
        Task(service, name, declared)
        for service, manager in MANAGERS.items()
        for name, declared in declarations(manager).items()
    ]


_HEAD = """# Periodic tasks

Made by `python -m simnova.cloud.periodic`; names, options and defaults are those of the code.

A service does its periodic tasks in one thread, one after another; it begins within `periodic_fuzzy_delay` seconds of
its start, and a task has its first round its spacing later, then again and again. Those marked "at once" have their
first round as soon as the service begins, unless the host has never run before. An interval of 0 is 60 seconds, one
below 0 turns the task off; `periodic_enable = False` turns off all. `report_interval`, the service's heartbeat, is a
timer of its own. An option in brackets is in that section of nova.conf, the others in `[DEFAULT]`. Values are the
defaults: what depends on an option that is 0, or below, does nothing until somebody sets it.

| task | service | every | depends on | what it mends |
|---|---|---|---|---|
"""


def reference() -> str:
    """`docs/reference/periodic.md`."""
    conf = Config()
    return _HEAD + "".join(f"{_row(task, conf)}\n" for task in tasks())


def _row(task: Task, conf: Config) -> str:
    declared = task.declared
    cells = [
        f"`{task.name}`",
        task.service,
        _spacing(declared, conf),
        _switch(declared.option, conf) if declared.option else "-",
        declared.mends,
    ]
    return f"| {' | '.join(cells)} |"


def _spacing(declared: Declared, conf: Config) -> str:
    seconds = declared.seconds(conf)
    often = "off" if seconds is None else f"{seconds:g} s"
    often += ", at once" if declared.run_immediately else ""
    if declared.spacing is None:
        return f"{DEFAULT_INTERVAL:g} s"
    return f"{often}: {_option(declared.spacing, conf)}"


def _switch(name: str, conf: Config) -> str:
    """An option without which a task does nothing, and whether it does as things are."""
    return f"{'' if value_of(conf, name) else 'off: '}{_option(name, conf)}"


def _option(name: str, conf: Config) -> str:
    section, _, option = name.rpartition(".")
    place = f"[{section}] {option}" if section else option
    return f"`{place} = {value_of(conf, name)}`"


if __name__ == "__main__":
    print(reference(), end="")

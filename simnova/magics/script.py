"""A script: a cloud, what is asked of it and what breaks, as YAML.

hosts: 3
requests:
  - boot: web
  - boot: db
    flavor: m1.medium
    at: 0.5
  - stop: web
faults:
  - crash: nova-conductor
    at: 20
  - start: nova-conductor
    at: 50
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from simnova import Cloud, Config, Host
from simnova.exceptions import quoted
from simnova.magics.acts import Act, faults, requests
from simnova.magics.written import Block, at_line, block, on_line
from simnova.observe.query import Query

CLOUD: Final = ("hosts", "config", "cells", "seed", "costs", "filters", "weighers", "level")
"""What goes to `Cloud` as it stands."""
STOCK: Final = ("flavors", "images", "networks")
"""What is made before the first request: names, and what `create` takes."""
KEYS: Final = ("name", *CLOUD, *STOCK, "requests", "faults", "until")


@dataclass(frozen=True)
class Script:
    """What was read, and checked as far as that goes without a cloud."""

    written: Block
    requests: list[Act] = field(default_factory=list)
    faults: list[Act] = field(default_factory=list)
    until: float | Query | None = None

    @property
    def name(self) -> str:
        """What it is called, perhaps nothing."""
        return str(self.written.get("name", ""))

    def cloud(self) -> Cloud:
        """The cloud before the first request; raises `UsageError` with the line of what it cannot have."""
        given = {key: self.written[key] for key in CLOUD if key in self.written}
        if isinstance(given.get("hosts"), list):
            given["hosts"] = [_host(one) for one in given["hosts"]]
        if "config" in given:
            _check_options(block(given["config"], self.written.lines["config"], "config"))
        with on_line(min((self.written.lines[key] for key in given), default=self.written.line)):
            made = Cloud(**given)
        for key in STOCK:
            if key in self.written:
                _create(getattr(made, key), block(self.written[key], self.written.lines[key], key))
        return made


def _host(given: Any) -> Any:
    if not isinstance(given, Block):
        return given
    with on_line(given.line):
        return Host(**given)


def _check_options(config: Block) -> None:
    for option, value in config.items():
        with on_line(config.lines[option]):
            Config(**{option: value})


def _create(collection: Any, items: Block) -> None:
    """Make what is in stock: of each name what `create` takes, by name, or the one thing that it needs."""
    for name, said in items.items():
        with on_line(items.lines[name]):
            if isinstance(said, Block):
                collection.create(name, **said)
            else:
                collection.create(name, *([] if said is None else [said]))


def script(data: Block) -> Script:
    """A script from YAML that was read; raises `UsageError` with the line of what is wrong."""
    data.check("a scenario", KEYS)
    return Script(
        data,
        requests(data.get("requests") or [], data.lines.get("requests", data.line)),
        faults(data.get("faults") or [], data.lines.get("faults", data.line)),
        _until(data),
    )


def _until(data: Block) -> float | Query | None:
    said = data.get("until")
    if said is None or (isinstance(said, int | float) and not isinstance(said, bool)):
        return said
    if not isinstance(said, str):
        at_line(data.lines["until"], f"until: {quoted(said)}: give seconds, or a query")
    with on_line(data.lines["until"]):
        return Query.parse(said)

"""Reading a scenario: JSON is checked, and what is wrong is told by its field, its value and the remedy."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from simnova.config import registry
from simnova.exceptions import UsageError, unknown
from simnova.scenario.fields import OPEN, PARTS, Field
from simnova.scenario.scenario import Scenario

_SHOWN = 60
"""Characters of a wrong value that a message shows."""


def from_json(source: str | bytes | Mapping[str, Any]) -> Scenario:
    """A scenario from JSON text, or from what `json.loads` made of it.

    A line of a recording, `{"scenario": …, "answer": …}`, will do as well. Unknown fields are ignored and named in
    the scenario's `warnings`. Raises `UsageError` that names a wrong field, its value and the remedy.
    """
    try:
        data = source if isinstance(source, Mapping) else _loaded(source)
        reader = _Reader()
        clean = reader.part("scenario", "the scenario", data.get("scenario", data))
    except RecursionError:
        raise UsageError("the scenario is nested too deeply: make it flatter") from None
    clean["config"] = _options(clean.get("config", {}), reader.warnings)
    _agree(clean)
    reader.warnings.extend(_nobodys_zone(clean))
    return Scenario(clean, tuple(reader.warnings))


def _loaded(source: str | bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(source, parse_constant=_no_constant)
    except ValueError as error:
        raise UsageError(f"this is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise UsageError(
            f"a scenario is a JSON object with 'hosts' and 'request', not {_shown(found)}"
        )
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


class _Reader:
    """Goes through a scenario part by part; what is unknown goes to `warnings`, each field once."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self._warned: set[tuple[str, str]] = set()

    def part(self, name: str, where: str, value: Any) -> dict[str, Any]:
        """The object without what is null or unknown; raises `UsageError`."""
        if not isinstance(value, Mapping):
            raise UsageError(f"{where} is an object, not {_shown(value)}")
        fields = PARTS[name]
        for field in value.keys() - fields.keys():
            if name not in OPEN:
                self._unknown(name, where, field)
        clean = {
            field: self._field(f"{where}: {field}", fields[field], held)
            for field, held in value.items()
            if held is not None and field in fields
        }
        missing = [f for f, said in fields.items() if said.default is None and f not in clean]
        if missing:
            about = fields[missing[0]]
            raise UsageError(
                f"{where} lacks '{missing[0]}': it is {about.kind.told} ({about.about})"
            )
        return {**_others(value, clean), **clean} if name in OPEN else clean

    def _field(self, where: str, field: Field, value: Any) -> Any:
        if isinstance(value, dict):
            value = {name: held for name, held in value.items() if held is not None}
        if not field.kind.fits(value):
            raise UsageError(
                f"{where} is {_shown(value)}, but must be {field.kind.told} ({field.about})"
            )
        if not field.part:
            return value
        if isinstance(value, list):
            return [self._item(field.part, where, number, one) for number, one in enumerate(value)]
        if field.kind.told == "an object":
            return self.part(field.part, where.removeprefix("the scenario: "), value)
        return {name: self.part(field.part, f"{where} {name}", one) for name, one in value.items()}

    def _item(self, part: str, where: str, number: int, value: Any) -> Any:
        if isinstance(value, str):
            return value
        name = value.get("name")
        named = f"{part} '{name}'" if isinstance(name, str) and name else f"{where} {number}"
        return self.part(part, named.removeprefix("the scenario: "), value)

    def _unknown(self, part: str, where: str, field: str) -> None:
        if (part, field) not in self._warned:
            self._warned.add((part, field))
            said = str(unknown(f"field of {where}", field, PARTS[part]))
            self.warnings.append(f"{said}; it is ignored")


def _others(value: Mapping[str, Any], clean: Mapping[str, Any]) -> dict[str, Any]:
    return {name: held for name, held in value.items() if name not in clean and held is not None}


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _options(said: dict[str, dict[str, Any]], warnings: list[str]) -> dict[str, dict[str, Any]]:
    """The options that there are; others are ignored. What is null has its default."""
    kept: dict[str, dict[str, Any]] = {}
    for section, options in said.items():
        for name, value in options.items():
            try:
                found = registry.within(section, name)
            except UsageError as error:
                warnings.append(f"{error}; it is ignored")
                continue
            if value is not None:
                kept.setdefault(found.section, {})[found.option.name] = value
    return kept


def _agree(scenario: dict[str, Any]) -> None:
    """What one part says of another must be so: names are there, and there once."""
    hosts, aggregates = scenario["hosts"], scenario.get("aggregates", [])
    _once("hosts are", "host", (host["name"] for host in hosts))
    _once("aggregates are", "aggregate", (aggregate["name"] for aggregate in aggregates))
    _once(
        "servers have the UUID", "server", (_uuid(s) for h in hosts for s in h.get("instances", []))
    )
    known = [aggregate["name"] for aggregate in aggregates]
    for host in hosts:
        for name in host.get("aggregates", []):
            if name not in known:
                raise unknown(f"aggregate of host '{host['name']}'", name, known)


def _nobodys_zone(scenario: Mapping[str, Any]) -> Iterator[str]:
    """A warning where the zone that is asked for has no host; without one, Placement is asked for no zone."""
    asked = scenario["request"].get("availability_zone")
    named = scenario.get("config", {}).get("DEFAULT", {})
    zones = {one.get("zone") for one in scenario["hosts"]}
    zones |= {
        one.get("metadata", {}).get("availability_zone") for one in scenario.get("aggregates", [])
    }
    zones.add(named.get("default_availability_zone", "nova"))
    if asked and asked not in zones:
        known = ", ".join(sorted(filter(None, zones)))
        yield (
            f"the request: availability_zone '{asked}' is the zone of no host (zones: {known}); the scheduler passes "
            "over it, and Nova's API would refuse the request: The requested availability zone is not available"
        )


def _uuid(server: str | dict[str, Any]) -> str:
    return server if isinstance(server, str) else str(server["uuid"])


def _once(what: str, one: str, names: Iterable[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        called = what if what.endswith("UUID") else f"{what} called"
        raise UsageError(f"two {called} '{twice[0]}': every {one} needs one of its own")

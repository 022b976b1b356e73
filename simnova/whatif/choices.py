"""What could have been otherwise and is no amount: a service, an aggregate, a trait, an extra spec, a filter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from simnova.scenario import objects
from simnova.scenario.scenario import Scenario
from simnova.whatif.asked import Data, Question

Put = Callable[[Question], None]


@dataclass(frozen=True)
class Choice:
    """One thing that can be so or otherwise."""

    side: str
    what: str
    now: str
    other: str
    put: Put

    def chosen(self, question: Question) -> Question:
        """The question with that thing otherwise."""
        changed = question.copy()
        self.put(changed)
        return changed


# --- the host -------------------------------------------------------------------------------------


def of_host(question: Question, name: str) -> Iterator[Choice]:
    """Its service, its aggregates, its traits."""
    yield from _service(question.host(name))
    yield from _memberships(question, name)
    yield from _metadata(question, name)
    yield from _traits(question, name)


def _service(host: Data) -> Iterator[Choice]:
    name, said = host["name"], host.get("service", {})
    if said.get("disabled"):
        yield Choice("host", f"service of {name}", "disabled", "enabled", _heal(name, "disabled"))
    if said.get("forced_down"):
        yield Choice("host", f"service of {name}", "forced down", "up", _heal(name, "forced_down"))
    silent = said.get("last_seen_s", 0 if said.get("up", True) else 3600)
    if silent:
        before = f"last seen {silent:g} s ago"
        after = "just seen"
        yield Choice("host", f"service of {name}", before, after, _heal(name, "last_seen_s", "up"))


def _heal(name: str, *fields: str) -> Put:
    def put(question: Question) -> None:
        for field in fields:
            question.host(name).get("service", {}).pop(field, None)

    return put


def _memberships(question: Question, name: str) -> Iterator[Choice]:
    mine = question.host(name).get("aggregates", [])
    for aggregate in question.data.get("aggregates", []):
        label, inside = aggregate["name"], aggregate["name"] in mine
        was, would = ("a member", "no member") if inside else ("no member", "a member")
        yield Choice("host", f"{name} in aggregate {label}", was, would, _toggle(name, label))


def _toggle(name: str, aggregate: str) -> Put:
    def put(question: Question) -> None:
        mine = question.host(name).setdefault("aggregates", [])
        (mine.remove if aggregate in mine else mine.append)(aggregate)

    return put


def _metadata(question: Question, name: str) -> Iterator[Choice]:
    """Each item of metadata of its aggregates left out; each that the flavor asks for put in."""
    mine = question.host(name).get("aggregates", [])
    specs = question.data["request"]["flavor"].get("extra_specs", {})
    prefix = "aggregate_instance_extra_specs:"
    for aggregate in question.data.get("aggregates", []):
        label, held = aggregate["name"], aggregate.get("metadata", {})
        if label not in mine:
            continue
        for key, value in held.items():
            what = f"metadata {key} of aggregate {label}"
            yield Choice("host", what, str(value), "not set", _set_metadata(label, key, None))
        for spec, value in specs.items():
            key = spec.removeprefix(prefix)
            if spec.startswith(prefix) and held.get(key) != value:
                what = f"metadata {key} of aggregate {label}"
                before = str(held.get(key, "not set"))
                yield Choice("host", what, before, str(value), _set_metadata(label, key, value))


def _set_metadata(aggregate: str, key: str, value: Any) -> Put:
    def put(question: Question) -> None:
        found = next(one for one in question.data["aggregates"] if one["name"] == aggregate)
        held = found.setdefault("metadata", {})
        held.pop(key, None)
        if value is not None:
            held[key] = value

    return put


def _traits(question: Question, name: str) -> Iterator[Choice]:
    """Each trait that the request asks for or against."""
    mine = question.host(name).get("traits", [])
    specs = question.data["request"]["flavor"].get("extra_specs", {})
    for spec, value in specs.items():
        kind, _, trait = spec.partition(":")
        if not kind.startswith("trait") or (value == "required") == (trait in mine):
            continue
        was, would = ("there", "not there") if trait in mine else ("not there", "there")
        yield Choice("host", f"trait {trait} of {name}", was, would, _toggle_trait(name, trait))


def _toggle_trait(name: str, trait: str) -> Put:
    def put(question: Question) -> None:
        mine = question.host(name).setdefault("traits", [])
        (mine.remove if trait in mine else mine.append)(trait)

    return put


# --- the request ----------------------------------------------------------------------------------


def of_request(question: Question, name: str) -> Iterator[Choice]:
    """Each thing that the request wants, left out; or the other zone asked for."""
    asked: Data = question.data["request"]
    for what, place in (
        ("extra spec", ("flavor", "extra_specs")),
        ("hint", ("hints",)),
        ("image property", ("image", "properties")),
    ):
        for key, value in _inside(asked, place).items():
            yield Choice("request", f"{what} {key}", _shown(value), "not asked", _drop(place, key))
    for key, what in (
        ("availability_zone", "availability zone"),
        ("group", "server group"),
        ("ignore_hosts", "hosts ignored"),
        ("force_hosts", "hosts forced"),
        ("force_nodes", "nodes forced"),
        ("requested_destination", "destination"),
    ):
        if asked.get(key):
            yield Choice("request", what, _shown(asked[key]), "not asked", _drop((), key))
    yield from _zones(question, name)
    if not asked.get("boot_from_volume"):
        yield Choice("request", "root disk", "on the host", "on a volume", _volume)


def _volume(question: Question) -> None:
    question.data["request"]["boot_from_volume"] = True


def _zones(question: Question, name: str) -> Iterator[Choice]:
    asked = question.data["request"].get("availability_zone")
    mine = question.host(name).get("aggregates", [])
    for aggregate in question.data.get("aggregates", []):
        zone = aggregate.get("metadata", {}).get("availability_zone")
        if zone and asked and zone != asked and aggregate["name"] in mine:
            yield Choice("request", "availability zone", asked, zone, _zone(zone))


def _zone(zone: str) -> Put:
    def put(question: Question) -> None:
        question.data["request"]["availability_zone"] = zone

    return put


def _inside(asked: Data, place: tuple[str, ...]) -> Data:
    for key in place:
        asked = asked.get(key) or {}
    return asked


def _drop(place: tuple[str, ...], key: str) -> Put:
    def put(question: Question) -> None:
        del _inside(question.data["request"], place)[key]

    return put


def _shown(value: Any) -> str:
    """What is asked, in a few words."""
    if isinstance(value, dict):
        return str(value.get("policy") or value.get("host") or value)
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


# --- the options ----------------------------------------------------------------------------------


def of_options(question: Question) -> Iterator[Choice]:
    """Each filter switched off."""
    enabled = list(objects.config(Scenario(question.data)).filter_scheduler.enabled_filters)
    for one in enabled:
        yield Choice("option", f"filter {label(one)}", "on", "off", _without(enabled, one))
    for one in question.filters:
        yield Choice("option", f"filter {label(one)}", "on", "off", _without_own(one))


def label(one: Any) -> str:
    """The name of a plug-in that is given by its name or as a class."""
    if isinstance(one, str):
        return one.rpartition(".")[2]
    return one.__name__ if isinstance(one, type) else type(one).__name__


def _without(enabled: list[Any], one: Any) -> Put:
    def put(question: Question) -> None:
        question.data["enabled_filters"] = [each for each in enabled if each != one]

    return put


def _without_own(one: Any) -> Put:
    def put(question: Question) -> None:
        question.filters = [each for each in question.filters if each is not one]

    return put

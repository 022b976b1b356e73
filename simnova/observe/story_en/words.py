"""Words for actors, amounts and durations."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from simnova.observe.names import HYPERVISOR
from simnova.observe.telling import Telling

_ACTORS = {
    "client": "the client",
    "nova-api": "the API",
    "nova-api-metadata": "the metadata service",
    "neutron-metadata-agent": "Neutron's metadata agent",
    "nova-conductor": "the conductor",
    "nova-scheduler": "the scheduler",
    "keystone": "Keystone",
    "glance": "Glance",
    "neutron": "Neutron",
    "placement": "Placement",
    "outside": "you",
}


def who(actor: str) -> str:
    """An actor as a sentence names it: the conductor, nova-compute on compute1, Placement."""
    if actor in _ACTORS:
        return _ACTORS[actor]
    if actor.startswith(HYPERVISOR):
        return f"the hypervisor of {actor.removeprefix(HYPERVISOR)}"
    if actor.startswith("rabbitmq"):
        return "the broker" if actor == "rabbitmq" else f"the broker {actor}"
    first, _, worker = actor.partition(":")
    if worker and first in _ACTORS:
        return f"{_ACTORS[first]} ({worker})"
    binary, _, host = actor.partition("@")
    return f"{binary} on {host}" if host else binary


def start(text: str) -> str:
    """The text with a capital, unless it begins with a name that has none."""
    return text if text.startswith("nova-") else text[:1].upper() + text[1:]


def subject(telling: Telling) -> str:
    """The actor at the start of a sentence."""
    return start(who(telling.actor))


def several(things: Iterable[object], most: int = 4) -> str:
    """Things in a row: a, b and c; of many, the first and how many more."""
    texts = [str(thing) for thing in things]
    if len(texts) > most:
        texts = [*texts[: most - 1], f"{len(texts) - most + 1} more"]
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def count(amount: int, thing: str, many: str = "") -> str:
    """1 host, 3 hosts, no host."""
    if amount == 1:
        return f"1 {thing}"
    return f"{amount or 'no'} {(many or thing + 's') if amount else thing}"


def seconds(duration: float | None) -> str:
    """A duration as people say it: 12 ms, 3.4 s, 2 min 5 s; nothing for none and for no time."""
    if not duration:
        return ""
    if duration < 1:
        return f"{duration * 1000:.3g} ms"
    if duration < 120 or not math.isfinite(duration):
        return f"{duration:.3g} s"
    return f"{int(duration // 60)} min {int(duration % 60)} s"


def after(telling: Telling, word: str = "after") -> str:
    """` after 12 ms` where the event answers something, else nothing."""
    return f" {word} {seconds(telling.took)}" if telling.took else ""


def resources(amounts: Mapping[str, Any]) -> str:
    """Placement's amounts in words: 1 VCPU, 2048 MB and 20 GB."""
    known = {
        "VCPU": lambda n: count(n, "VCPU"),
        "PCPU": lambda n: count(n, "PCPU"),
        "MEMORY_MB": lambda n: f"{n} MB",
        "DISK_GB": lambda n: f"{n} GB",
    }
    order = [*known, *sorted(set(amounts) - set(known))]
    words = [
        known[name](amounts[name]) if name in known else f"{amounts[name]} {name}"
        for name in order
        if name in amounts
    ]
    return several(words, most=8) or "nothing"


def server(telling: Telling, uuid: Any) -> str:
    """A server by its name, or `the server`; a migration, which holds things for one, by its server's."""
    if isinstance(uuid, dict):
        uuid = uuid.get("uuid")
    if isinstance(uuid, str) and uuid in telling.names.moves:
        return f"the move of {server(telling, telling.names.moves[uuid])}"
    name = telling.names.servers.get(uuid) if isinstance(uuid, str) else None
    return f"server {name}" if name else "the server"


def named(telling: Telling, uuid: Any) -> str:
    """What a uuid stands for, by name where it has one, else its first digits."""
    text = str(uuid)
    return telling.names.servers.get(text) or telling.names.of.get(text) or text[:8]


def value(thing: Any, most: int = 40) -> str:
    """A column's value, short."""
    text = str(thing) if thing != "" else "''"
    return text if len(text) <= most else f"{text[: most - 1]}…"

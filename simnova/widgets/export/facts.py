"""What a query may ask of a step, as the values that fit: a page answers from these what Python answers from events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from simnova.kernel.journal import Event, Journal
from simnova.observe.concerned import Concerned
from simnova.observe.index import follow
from simnova.observe.logs import LEVELS
from simnova.observe.names import Names, host_of
from simnova.observe.query_keys import STATES, kinds, levels, method, places, targets
from simnova.observe.texts import Texts

KNOWN: Final = {"kind": kinds(), "state": STATES, "level": LEVELS}
"""The only values that these keys of a query may have."""


def facts(journal: Journal, seq: int) -> dict[str, list[str]]:
    """By each key of a query the values by which a step is meant; of `request` and `method` the beginning is enough,
    `text` is what words are looked for in.
    """
    if seq < 0:
        return {"text": [""]}
    event = journal[seq]
    after, data = event.data.get("after") or {}, event.data
    parts = event.kind.split(".")
    told: dict[str, Any] = {
        "time": [str(event.time)],
        "kind": [".".join(parts[:count]) for count in range(1, len(parts) + 1)],
        "service": called(event.actor),
        "request": [event.request_id],
        "table": [
            data.get("table"),
            f"{data.get('db')}.{data['table']}" if "table" in data else "",
        ],
        "state": [after.get("vm_state"), after.get("task_state")] if parts[0] == "db" else [],
        "level": levels(event),
        "server": servers(journal, event),
        "method": [method(journal, event).lower()],
        "to": [one for name in targets(journal, event) for one in meant(name)],
        "host": places(event),
        "text": [follow(journal, Texts).of(journal, event)],
    }
    found = {key: list(dict.fromkeys(map(str, filter(None, told[key])))) for key in told}
    return {key: values for key, values in found.items() if values}


def called(actor: str) -> list[str]:
    """The names by which a service is meant: its own, that of all of its kind, `@` and its host."""
    kind, _, host = actor.partition("@")
    return [actor, kind, kind.partition(":")[0], f"@{host}" if host else ""]


def meant(name: str) -> Iterator[str]:
    """The names by which one is meant that a message is for."""
    yield from called(name)
    yield host_of(name)


def servers(journal: Journal, event: Event) -> list[str]:
    """The servers that a step concerns: their uuids, and the names that they have or had."""
    names, concerned = follow(journal, Names), follow(journal, Concerned)
    uuids = [uuid for uuid in names.servers if concerned.concerns(event, uuid)]
    return [*uuids, *(name for name, of in names.called.items() if set(uuids) & set(of))]

"""A journal reduced to the lines in which real Nova was recorded: messages, states, Placement's writes and reads.

One dict a line, in order: `rpc` (call or cast, method, topic, server, fanout), `state` (after a create, save or
destroy of a server's row), `placement` (method, url, query, status, body), `migration` (status, type, hosts). The
computes' object calls to the conductor are left out: the test bed makes them locally.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from simnova.kernel.journal import Event, Journal
from simnova.nova.objects.states import PowerState
from simnova.observe.rows import at

Line = dict[str, Any]

_WATCHED = {"host", "node", "power_state", "task_state", "vm_state"}
_MOVED = {"status", "source_compute", "dest_compute"}
_LOCAL = {"object_action", "object_class_action_versions"}


def lines(journal: Journal, first: int = 0) -> list[Line]:
    """The lines of all events from `first` on that are no background."""
    return [line for _, line in timed(journal, first)]


def timed(journal: Journal, first: int = 0, upto: int | None = None) -> list[tuple[float, Line]]:
    """The lines, each with the time at which it came, in seconds since the cloud's time zero; those before `upto`."""
    foreground = [event for event in journal.events[first:upto] if not event.background]
    answers = {
        event.data["id"]: event.data["status"]
        for event in foreground
        if event.kind == "http.response"
    }
    return [(event.time, line) for event in foreground for line in _lines(journal, event, answers)]


def _lines(journal: Journal, event: Event, answers: dict[int, int]) -> Iterator[Line]:
    data = event.data
    if event.kind in ("rpc.call", "rpc.cast") and data["method"] not in _LOCAL:
        yield {
            "kind": "rpc",
            "how": event.kind.partition(".")[2],
            "method": data["method"],
            "topic": data["topic"],
            "server": data["server"],
            "fanout": data["fanout"],
        }
    elif event.kind == "http.request" and data["to"] == "placement":
        yield _placement(data, answers)
    elif event.kind.startswith("db.") and data.get("table") == "instances":
        yield from _state(journal, event)
    elif event.kind.startswith("db.") and data.get("table") == "migrations":
        yield from _migration(journal, event)


def _placement(data: dict[str, Any], answers: dict[int, int]) -> Line:
    return {
        "kind": "placement",
        "m": data["method"],
        "url": data["path"],
        "q": data["query"],
        "status": answers.get(data["id"]),
        "body": json.loads(data["body"]) if data.get("body") else None,
    }


def _state(journal: Journal, event: Event) -> Iterator[Line]:
    after = event.data.get("after") or {}
    created = event.kind == "db.insert"
    destroyed = bool(after.get("deleted"))
    changed = sorted(_WATCHED & set(after))
    if not (changed or destroyed):
        return
    known = at(journal, event.seq, f"{event.data['db']}.instances")
    row = next(row for row in known if row["id"] == event.data["key"])
    yield {
        "kind": "state",
        "op": "create" if created else "destroy" if destroyed else "save",
        "uuid": row["uuid"][:8],
        "changed": [] if destroyed else changed,
        "vm": row["vm_state"],
        "task": row.get("task_state"),
        "power": power_name(row.get("power_state", 0)),
        "host": row.get("host"),
    }


def _migration(journal: Journal, event: Event) -> Iterator[Line]:
    if not _MOVED & set(event.data.get("after") or {}):
        return
    known = at(journal, event.seq, f"{event.data['db']}.migrations")
    row = next(row for row in known if row["id"] == event.data["key"])
    yield {
        "kind": "migration",
        "op": "create" if event.kind == "db.insert" else "save",
        "status": row["status"],
        "type": row["migration_type"],
        "src": row.get("source_compute"),
        "dst": row.get("dest_compute"),
    }


def power_name(number: int) -> str:
    """A power state as Nova's `fields.InstancePowerState` names it."""
    state = PowerState(number)
    return "pending" if state == PowerState.NOSTATE else state.name.lower()

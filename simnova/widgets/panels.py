"""The views beside the sequence, as data: the decision, the hosts, changed rows, log lines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from simnova.kernel.journal import Event, Journal
from simnova.observe import decision, hosts, logs, rows
from simnova.observe.markup import clean, plain, shorten

HOSTS: Final = 24
"""Hosts of a decision that are sent; of more, those that came furthest."""
CARDS: Final = 60
REFUSALS: Final = 2
CHANGES: Final = 20
LINES: Final = 14
REACH: Final = 500
"""Events before the cursor in which log lines are looked for."""
VALUE: Final = 120
MESSAGE: Final = 600
"""Characters of a column's value and of a log message that are sent."""

_ROOMS = {"VCPU": ("VCPU", ""), "MEMORY_MB": ("RAM", "MB"), "DISK_GB": ("disk", "GB")}
_SHELVES = {"instances", "compute_nodes", "services", "allocations", "inventories"}


def all_of(journal: Journal, seq: int, moment: Sequence[Event]) -> dict[str, Any]:
    """What every view shows at a step; `moment` is what happened since the step before."""
    made = decision.latest(journal, seq) if moment else None
    return {
        "decision": None if made is None else decided(made),
        "hosts": [host(view, journal[seq]) for view in hosts.at(journal, seq)[:CARDS]]
        if moment
        else [],
        "changes": changes(journal, moment),
        "log": log(journal, seq, moment),
        "news": news(made, moment),
    }


def news(made: decision.Decision | None, moment: Sequence[Event]) -> list[str]:
    """The views in which something is new since the step before."""
    seqs = {event.seq for event in moment}
    tables = {event.data.get("table") for event in moment if event.kind in rows.CHANGES}
    lives = any(event.kind.startswith("service.") for event in moment)
    fresh = {
        "decision": made is not None and made.seq in seqs,
        "hosts": bool(tables & _SHELVES) or lives,
        "rows": bool(tables),
        "log": any(event.kind == "log" for event in moment),
    }
    return [view for view, is_new in fresh.items() if is_new]


# --- the decision ---------------------------------------------------------------------------------


def decided(made: decision.Decision) -> dict[str, Any]:
    """A decision as a matrix: stages down, hosts across in an order that no step changes."""
    shown = made.hosts if len(made.hosts) <= HOSTS else made.ranked()[:HOSTS]
    return {
        "instance": plain(made.server),
        "hosts": shown,
        "more": len(made.hosts) - len(shown),
        "stages": [stage(row, shown) for row in made.rows],
        "seq": made.seq,
        "weighers": [weigher(one, shown) for one in made.weighers if one.decides],
        "idle": [one.short for one in made.weighers if not one.decides],
        "lost": [name for name in shown if name != made.host] if made.host else [],
        "weights": {name: made.weights[name] for name in shown if name in made.weights},
        "chosen": made.host,
        "alternates": made.alternates,
        "summary": plain(". ".join([made.outcome, *refusals(made), *asides(made)])),
    }


def asides(made: decision.Decision) -> list[str]:
    """Who weighs the same, and which claim was refused: what no cell of the matrix shows."""
    return [note for note in made.notes() if not note.startswith("weighers that made no")]


def refusals(made: decision.Decision) -> list[str]:
    """Who turned down the first hosts that fell, and why; those of one reason together."""
    return [
        f"{row} turned {which} down: {reason or 'no reason given'}"
        for _, row, reason, which in list(made.groups())[:REFUSALS]
    ]


def stage(row: decision.Row, shown: Sequence[str]) -> dict[str, Any]:
    """Placement or a filter: how many it asked and passed, and of each host True or why not."""
    verdicts = {
        name: one.passed or one.reason or "no reason given"
        for name, one in row.verdicts.items()
        if name in shown
    }
    passed = sum(one.passed for one in row.verdicts.values())
    return {"name": row.name, "asked": len(row.verdicts), "passed": passed, "verdicts": verdicts}


def weigher(one: decision.Weigher, shown: Sequence[str]) -> dict[str, Any]:
    """A weigher's numbers; `multiplier` is None where it differs from host to host."""
    multipliers = set(one.multipliers.values())
    weighed = [name for name in shown if name in one.normalized]
    return {
        "name": one.name,
        "multiplier": multipliers.pop() if len(multipliers) == 1 else None,
        "raw": {name: one.raw.get(name) for name in weighed},
        "normalized": {name: one.normalized[name] for name in weighed},
        "scores": {name: one.score(name) for name in weighed},
    }


# --- hosts ----------------------------------------------------------------------------------------


def host(view: hosts.HostView, event: Event) -> dict[str, Any]:
    """A host: its rooms, what of them is sold, its servers as wide as their part of the memory."""
    memory = next((meter.capacity for meter in view.meters if meter.name == "MEMORY_MB"), 0)
    return {
        "name": plain(view.name),
        "state": view.status,
        "tone": "good" if view.up else "bad",
        "now": event.actor.endswith(f"@{view.name}"),
        "rooms": [room(meter) for meter in view.meters],
        "servers": [server(one, memory, event) for one in view.servers],
    }


def room(meter: hosts.Meter) -> dict[str, Any]:
    """One resource: `used` is sold, `total` may be sold, `there` is what the machine has."""
    name, unit = _ROOMS.get(meter.name, (meter.name, ""))
    return {
        "name": name,
        "unit": unit,
        "total": meter.capacity,
        "used": meter.used,
        "there": meter.total,
    }


def server(one: hosts.ServerView, memory: int, event: Event) -> dict[str, Any]:
    """A server in its host's box."""
    unsettled = one.vm_state == "building" or one.task_state
    return {
        "name": plain(one.name),
        "state": one.state,
        "tone": "bad" if one.vm_state == "error" else "building" if unsettled else "active",
        "share": min(1.0, one.memory_mb / memory) if memory else 0.0,
        "now": event.data.get("instance") == one.uuid,
    }


# --- rows and log ---------------------------------------------------------------------------------


def changes(journal: Journal, moment: Sequence[Event]) -> list[dict[str, Any]]:
    """The rows that changed, the last one first."""
    changed = [event for event in moment if event.kind in rows.CHANGES]
    return [change(journal, event) for event in reversed(changed[-CHANGES:])]


def change(journal: Journal, event: Event) -> dict[str, Any]:
    """One row: its table, its key, and of each changed column what it was and what it is."""
    inserted, deleted = event.kind == "db.insert", event.kind == "db.delete"
    columns = [
        [plain(name), None if inserted else value(before), "" if deleted else value(after)]
        for _, _, name, before, after in rows.changed(journal, event.seq)
    ]
    return {
        "table": plain(rows.full_name(event)),
        "verb": event.kind.partition(".")[2],
        "key": plain(event.data.get("key")),
        "columns": columns,
    }


def value(found: Any) -> str:
    """A column's value, as SQL would show it."""
    if found is None:
        return "NULL"
    text = found if isinstance(found, str) else json.dumps(found, default=str)
    return shorten(plain(text), VALUE)


def log(journal: Journal, seq: int, moment: Sequence[Event]) -> list[dict[str, Any]]:
    """The last lines up to the step; those of this moment are `now`."""
    start = moment[0].seq if moment else seq
    written = logs.lines(journal, seq, first=max(0, seq - REACH)) if moment else []
    return [{**written_line(line), "now": line.seq >= start} for line in written[-LINES:]]


def written_line(line: logs.Line) -> dict[str, str]:
    """A log line, parted where its message begins."""
    text = clean(str(line))
    message = text.find(clean(line.message).partition("\n")[0])
    return {"head": text[:message], "text": shorten(text[message:], MESSAGE)}

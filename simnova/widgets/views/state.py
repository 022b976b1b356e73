"""The state of one server: the course of its operation lit up, and what went with it: rows, log lines, waits."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final

from simnova.nova.objects.states import PowerState
from simnova.observe.build_requests import Withdrawn
from simnova.observe.course import Course, Place, course
from simnova.observe.index import follow
from simnova.observe.markup import plain
from simnova.observe.names import Names
from simnova.observe.source import text
from simnova.observe.states import COLUMNS, Histories, history
from simnova.observe.story import NO_PAYLOADS
from simnova.observe.story_en.words import seconds
from simnova.observe.subjects import subject
from simnova.observe.waits import Wait, waits
from simnova.widgets.views import log, rows
from simnova.widgets.views.look import Look

NOBODY: Final = "No server has been asked for yet."
WITHDRAWN: Final = "Its build request was withdrawn before it had a row in a cell."
SERVERS: Final = 60
"""Servers to choose from."""
WAITS: Final = 12
CHANGES: Final = 24
_FIRST: Final = ("vm_state", "task_state", "power_state", "host", "node")


def at(look: Look) -> dict[str, Any] | None:
    """The server of the moment, or the chosen one; None in an empty journal."""
    if not look.moment:
        return None
    uuid = look.server or subject(look.journal, look.seq)
    return {
        "servers": servers(look, uuid),
        "followed": not look.server,
        **diagram(look, uuid),
        "rows": changes(look),
        "log": log.now(look),
        "waits": [wait(one, look.event.actor) for one in waits(look.journal, look.seq)[:WAITS]],
    }


def news(look: Look) -> bool:
    """Whether a server has changed its state."""
    events = (event for event in look.moment if event.data.get("table") == "instances")
    return any(set(COLUMNS) & set(event.data.get("after") or ()) for event in events)


# --- the diagram ----------------------------------------------------------------------------------


def servers(look: Look, uuid: str | None) -> list[list[str]]:
    """Uuids and names of the servers that there are by now; the last sixty of more."""
    names = follow(look.journal, Names).servers
    there = follow(look.journal, Histories).of
    born = [one for one, states in there.items() if states[0].seq <= look.seq]
    shown = dict.fromkeys([*born[-SERVERS:], *([uuid] if uuid else [])])
    return [[one, plain(names.get(one, one))] for one in shown]


def diagram(look: Look, uuid: str | None) -> dict[str, Any]:
    """The states of the operation, box by box, and which of them are lit."""
    if uuid is None or not follow(look.journal, Names).alike(uuid):
        summary = look.journal.level == "summary"
        why = f"States are not known: {NO_PAYLOADS}." if summary else NOBODY
        return {"server": "", "boxes": [], "none": why}
    found = course(history(look.journal, uuid, look.seq), look.event.time)
    state = found.state
    if not state and follow(look.journal, Withdrawn).at.get(uuid, look.seq + 1) <= look.seq:
        return {"server": uuid, "boxes": [], "none": WITHDRAWN}
    return {
        "server": uuid,
        "operation": found.operation,
        "done": found.done,
        "outcome": outcome(found),
        "host": plain(state.host) if state and state.host else "",
        "boxes": [box(str(vm or ""), part) for vm, part in in_boxes(found)],
        "powers": [[plain(name), lit] for name, lit in found.powers],
        "onward": onward(found),
    }


def outcome(found: Course) -> str:
    """How far the operation is, in a word or two."""
    if not found.done:
        return "under way"
    return "ended in ERROR" if found.state and found.state.vm_state == "error" else "done"


def in_boxes(found: Course) -> list[tuple[str | None, list[Place]]]:
    """The places by vm_state, each once, in the order of their first; what was before there was a row only then."""
    places = [one for one in found.places if one.vm or one.lit == "now"]
    order = list(dict.fromkeys(one.vm for one in places))
    placed = sorted(places, key=lambda one: order.index(one.vm))
    return [(vm, list(part)) for vm, part in groupby(placed, key=lambda one: one.vm)]


def box(vm: str, places: Sequence[Place]) -> dict[str, Any]:
    """A vm_state with its tasks."""
    lights = {one.lit for one in places}
    lit = next(one for one in ("now", "next", "been", "fails", "open") if one in lights)
    return {"vm": plain(vm), "lit": lit, "pills": list(map(pill, places))}


def pill(one: Place) -> dict[str, Any]:
    """One task of a vm_state."""
    return {
        "task": plain(one.task) if one.task else "",
        "lit": one.lit,
        "by": one.by,
        "spent": seconds(one.spent),
    }


def onward(found: Course) -> list[str]:
    """What may come next, in Nova's words: operations where nothing is being done, else the moves of the table."""
    if found.done:
        return list(found.offers)
    ahead = [one for one in found.places if one.lit in ("next", "fails")]
    return [leads(one) for one in sorted(ahead, key=lambda one: one.lit == "fails")]


def leads(one: Place) -> str:
    """A state that may come next, and what leads to it."""
    name = plain(f"{str(one.vm).upper()} {one.task or ''}")
    return f"{name} ({one.by})" if one.lit == "next" else f"or {name} ({one.by})"


# --- what went with it ----------------------------------------------------------------------------


def changes(look: Look) -> list[dict[str, str | None]]:
    """The columns that changed, those of a server's states first; of a new row its states, and how many there are."""
    found = [line for change in rows.at(look) for line in lines(change)]
    ordered = sorted(found, key=lambda line: rank(str(line["table"]), str(line["column"])))
    return ordered[:CHANGES]


def lines(change: dict[str, Any]) -> list[dict[str, str | None]]:
    """A changed row, column by column."""
    table, verb = change["table"], change["verb"]
    if verb == "update":
        return [line(table, *column) for column in change["columns"]]
    known = {name: (before, after) for name, before, after in change["columns"]}
    told = [
        line(table, name, None, known[name][1]) for name in _FIRST if known.get(name, ("", ""))[1]
    ]
    word = "new row" if verb == "insert" else "row deleted"
    return [line(table, f"{word} {change['key']}", None, f"{len(known)} columns"), *told]


def line(table: str, column: str, before: str | None, after: str) -> dict[str, str | None]:
    """One changed column; a power state by its name."""
    if column == "power_state":
        before, after = before and power(before), power(after)
    return {"table": table, "column": column, "before": before, "after": after}


def power(number: str) -> str:
    """A power state's number with its name: 1 (running)."""
    names = {str(int(one)): one.name.lower() for one in PowerState}
    return f"{number} ({names[number]})" if number in names else number


def rank(table: str, column: str) -> tuple[bool, int]:
    """Servers before all else, and their states before their other columns."""
    place = _FIRST.index(column) if column in _FIRST else len(_FIRST)
    return not table.endswith(".instances"), place


def wait(one: Wait, actor: str) -> dict[str, Any]:
    """Where a service is in its source; `open` says whether that line can be shown."""
    where = plain(one.where) if one.where else ""
    return {
        "service": plain(one.service),
        "where": where,
        "what": plain(one.what),
        "seconds": seconds(one.seconds),
        "now": one.service == actor,
        "open": bool(text(where.rpartition(":")[0])),
    }

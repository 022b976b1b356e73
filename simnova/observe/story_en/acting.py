"""Who changes whose row, and how: what all sentences about rows need."""

from __future__ import annotations

from typing import Any

from simnova.nova.objects.states import PowerState
from simnova.observe.story_en.words import server, several, start, subject, value, who
from simnova.observe.telling import Telling


def place(telling: Telling) -> str:
    """nova_cell1.instances"""
    return f"{telling.data.get('db')}.{telling.data.get('table')}"


def acting(telling: Telling) -> str:
    """Who writes; where the conductor does it for nova-compute, that too."""
    call = telling.behind("rpc.call")
    if call is None or not str(call.data.get("method", "")).startswith("object_"):
        return subject(telling)
    if call.actor == telling.actor or telling.actor != "nova-conductor":
        return subject(telling)
    return f"{start(who(call.actor))}, through the conductor,"


def state(column: str, held: Any) -> str:
    """A state by its name."""
    if column == "power_state" and held in PowerState.__members__.values():
        return PowerState(held).name.lower()
    return value(held)


def change(column: str, before: Any, after: Any) -> str:
    """One column: vm_state from building to active."""
    return f"{column} from {state(column, before)} to {state(column, after)}"


def columns(telling: Telling, names: Any, most: int = 4) -> str:
    """The columns that changed and how."""
    before, after = telling.data.get("before") or {}, telling.data.get("after") or {}
    return several((change(name, before.get(name), after.get(name)) for name in names), most=most)


def row_uuid(telling: Telling) -> Any:
    """The uuid of the server whose row it is."""
    for row in (telling.data.get("after"), telling.data.get("before")):
        for name in ("instance_uuid", "uuid"):
            if row and row.get(name):
                return row[name]
    key = telling.data.get("key")
    return key if isinstance(key, str) else telling.names.rows.get((place(telling), str(key)))


def owner(telling: Telling) -> str:
    """The server that a row is about."""
    return server(telling, row_uuid(telling))

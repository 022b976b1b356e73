"""The rows of the databases that changed since the step before."""

from __future__ import annotations

import json
from typing import Any, Final

from simnova.kernel.journal import Event, Journal
from simnova.observe import rows
from simnova.observe.markup import plain, shorten
from simnova.widgets.views.look import Look

CHANGES: Final = 20
VALUE: Final = 120
"""Characters of a column's value that are sent."""


def at(look: Look) -> list[dict[str, Any]]:
    """The rows that changed, the last one first."""
    changed = [event for event in look.moment if event.kind in rows.CHANGES]
    return [change(look.journal, event) for event in reversed(changed[-CHANGES:])]


def news(look: Look) -> bool:
    """Whether a row has changed."""
    return bool(look.tables)


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

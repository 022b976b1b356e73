"""Sentences about the rows that say how far a server's move is."""

from __future__ import annotations

from simnova.observe.story_en.acting import acting, columns, owner
from simnova.observe.telling import Telling

_KINDS = {
    "resize": "it gets another flavor",
    "migration": "it goes to another host, off",
    "live-migration": "it goes to another host while it runs",
    "evacuation": "it is made anew elsewhere, for its host is lost",
}
_MEANS = {
    "pre-migrating": "its destination has made room for it",
    "migrating": "its guest is off and its disk is sent",
    "post-migrating": "its disk is over there",
    "finished": "it waits to be confirmed or reverted",
    "confirming": "what is left of it on its old host goes",
    "confirmed": "it stays as it is now",
    "reverting": "it goes back to what it was",
    "reverted": "it is again what it was",
    "queued": "it waits for its turn on its host",
    "preparing": "its destination gets ready",
    "running": "its guest is sent",
    "running (post-copy)": "its guest runs over there already",
    "completed": "its old host has let go of it",
    "done": "it is on its new host",
    "failed": "it stays where it was",
    "cancelled": "it was called off and stays where it was",
}


def migration_noted(telling: Telling) -> str:
    """A move begins."""
    row = telling.data.get("after") or {}
    kind, status = str(row.get("migration_type")), row.get("status")
    what = _KINDS.get(kind, kind)
    return f"{acting(telling)} notes a move of {owner(telling)}, {status}: {what}."


def migration_changed(telling: Telling) -> str:
    """A move has got further."""
    before, after = telling.data.get("before") or {}, telling.data.get("after") or {}
    if "status" in after:
        status = str(after["status"])
        means = f": {_MEANS[status]}" if status in _MEANS else ""
        change = f"from {before.get('status')} to {status}"
        return f"{acting(telling)} sets the move of {owner(telling)} {change}{means}."
    if "memory_remaining" in after or "memory_processed" in after:
        row = telling.row or {}
        left, total = (int(row.get(f"memory_{n}") or 0) >> 20 for n in ("remaining", "total"))
        far = f"{left} of {total} MB of memory are left"
        return f"{acting(telling)} notes how far the move of {owner(telling)} is: {far}."
    names = [name for name in after if name != "updated_at"]
    return f"{acting(telling)} notes of the move of {owner(telling)}: {columns(telling, names)}."

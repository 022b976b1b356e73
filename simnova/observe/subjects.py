"""The subject of a step: the server that it is about, or that its request was last about."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

from simnova.kernel.journal import Event, Journal
from simnova.observe.effects import Effects
from simnova.observe.index import follow
from simnova.observe.names import Names
from simnova.observe.rows import CHANGES, full_name, row_key

_OWN = {"instances": "uuid"}


class Mentions:
    """The steps that name a server, and which: of a request, under its id, and of all, under None."""

    def __init__(self) -> None:
        self.of: dict[str | None, list[tuple[int, str]]] = {}
        self._rows: dict[tuple[str, Any], str] = {}

    def add(self, event: Event) -> None:
        """Take in the next event."""
        uuid = self._row(event) if event.kind in CHANGES else event.data.get("instance")
        if isinstance(uuid, str) and not event.background:
            for request in dict.fromkeys((None, event.request_id)):
                self.of.setdefault(request, []).append((event.seq, uuid))

    def _row(self, event: Event) -> str | None:
        row = event.data.get("after") or event.data.get("before") or {}
        place = full_name(event), row_key(event)
        uuid = row.get(_OWN.get(str(event.data.get("table")), "instance_uuid"))
        if isinstance(uuid, str):
            self._rows[place] = uuid
        return self._rows.get(place)


def subject(journal: Journal, seq: int) -> str | None:
    """The uuid of the server that the step is about: the last one that its request named, else the first that it
    will name, else the last one that anybody named; None where there is none.
    """
    mentions, servers = follow(journal, Mentions).of, follow(journal, Names).servers
    request = request_of(journal, seq)
    own = [one for one in mentions.get(request, []) if one[1] in servers] if request else []
    said = own or mentions.get(None, [])
    place = bisect_right(said, seq, key=lambda one: one[0])
    before = (uuid for _, uuid in reversed(said[:place]) if uuid in servers)
    return next(before, own[0][1] if own else None)


def request_of(journal: Journal, seq: int) -> str | None:
    """The id of the request that an event belongs to; of an input, that of the request that it makes."""
    event, effects = journal[seq], follow(journal, Effects)
    made = effects.of(seq) if event.kind == "input" else []
    return event.request_id or next((journal[one].request_id for one in made), None)

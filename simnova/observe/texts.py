"""The text in which a word is looked for: an event's sentence and its names, in small letters."""

from __future__ import annotations

from typing import Final

from simnova.kernel.journal import Event, Journal
from simnova.observe.story import sentence

_NAMING: Final = ("build_requests", "instances")
BEFORE: Final = 500
"""Events before a server's row that may be about it: it had no name then."""


class Texts:
    """The texts of events, made when they are first asked for; `follow(journal, Texts)`."""

    def __init__(self) -> None:
        self._made: dict[int, str] = {}

    def add(self, event: Event) -> None:
        """Take in the next event: where a server gets a name, or another one, sentences have changed."""
        if event.kind == "db.update" and "display_name" in (event.data.get("after") or {}):
            self._made.clear()
        elif event.kind == "db.insert" and event.data.get("table") in _NAMING:
            for seq in range(event.seq - BEFORE, event.seq):
                self._made.pop(seq, None)

    def of(self, journal: Journal, event: Event) -> str:
        """The text of one event."""
        text = self._made.get(event.seq)
        if text is None:
            told = "" if event.kind == "log" else sentence(journal, event.seq)
            text = self._made[event.seq] = f"{told} {short(event)}".lower()
        return text


def short(event: Event) -> str:
    """The kind, the service, and what its data are about; all there is to say of a line in a log."""
    data = event.data
    if event.kind == "log":
        return f"log {event.actor} {data.get('level')} {data.get('logger')} {data.get('message')}"
    return f"{event.kind} {event.actor} {data.get('method') or data.get('table') or ''}"

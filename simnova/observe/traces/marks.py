"""The moments that stand out of a trace: faults, decisions, services that come and go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from simnova.kernel.journal import Event, Journal
from simnova.observe.markup import plain, shorten
from simnova.observe.sequence import note
from simnova.observe.story import sentence

GLOBAL, PROCESS = "g", "p"
_SCOPES: Final = {
    **dict.fromkeys(("fault", "service.crash"), GLOBAL),
    **dict.fromkeys(("scheduler.filter", "scheduler.select", "scheduler.weigh"), PROCESS),
    **dict.fromkeys(("input", "rpc.timeout", "service.start", "service.stop"), PROCESS),
}
"""How far a mark is drawn: over all services, or over its own."""


def marks(journal: Journal, *, background: bool = False) -> Iterator[dict[str, Any]]:
    """Instant events of Chrome's Trace Event Format; times are in nanoseconds."""
    for event in journal:
        if event.kind in _SCOPES and (background or not event.background):
            yield {
                "ph": "i",
                "s": _SCOPES[event.kind],
                "pid": event.actor,
                "tid": 0,
                "ts": round(event.time * 10**9),
                "name": _name(event),
                "cat": event.kind.partition(".")[0],
                "args": {"step": event.seq, "what": sentence(journal, event.seq)},
            }


def _name(event: Event) -> str:
    """A few words: the fault, the filter and how many it has passed, the host."""
    words, room = note(event)
    return shorten(plain(f"{room}: {words}" if room == "fault" else words), 80)

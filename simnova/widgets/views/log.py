"""The log: the lines of the moment, and some before it."""

from __future__ import annotations

from typing import Any, Final

from simnova.kernel.journal import Journal
from simnova.observe import logs
from simnova.observe.markup import clean, plain, shorten
from simnova.widgets.views.look import Look

LINES: Final = 14
REACH: Final = 500
"""Events before the cursor in which log lines are looked for."""
MESSAGE: Final = 600
"""Characters of a message that are sent."""


def at(look: Look) -> list[dict[str, Any]]:
    """The last lines up to the step; those of this moment are `now`."""
    if not look.moment:
        return []
    near = look.journal.events[max(0, look.seq - REACH) : look.seq + 1]
    seqs = [event.seq for event in near if event.kind == "log" and not event.background]
    start = look.moment[0].seq
    return [{**told(look.journal, seq), "now": seq >= start} for seq in seqs[-LINES:]]


def now(look: Look) -> list[dict[str, Any]]:
    """The last lines of this moment alone."""
    seqs = [event.seq for event in look.moment if event.kind == "log"]
    return [told(look.journal, seq) for seq in seqs[-LINES:]]


def news(look: Look) -> bool:
    """Whether a service has logged a line."""
    return any(event.kind == "log" for event in look.moment)


def told(journal: Journal, seq: int) -> dict[str, Any]:
    """A log line, parted where its message begins."""
    line = logs.line(journal, journal[seq])
    text = clean(str(line))
    message = text.find(clean(line.message).partition("\n")[0])
    return {
        "head": text[:message],
        "text": shorten(text[message:], MESSAGE),
        "service": plain(line.service),
        "level": plain(line.level),
    }

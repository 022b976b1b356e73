"""The log: the lines of the moment, and some before it."""

from __future__ import annotations

from typing import Any, Final

from simnova.observe import logs
from simnova.observe.markup import clean, shorten
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
    written = logs.lines(look.journal, look.seq, first=max(0, look.seq - REACH))
    start = look.moment[0].seq
    return [{**written_line(line), "now": line.seq >= start} for line in written[-LINES:]]


def news(look: Look) -> bool:
    """Whether a service has logged a line."""
    return any(event.kind == "log" for event in look.moment)


def written_line(line: logs.Line) -> dict[str, str]:
    """A log line, parted where its message begins."""
    text = clean(str(line))
    message = text.find(clean(line.message).partition("\n")[0])
    return {"head": text[:message], "text": shorten(text[message:], MESSAGE)}

"""The files that a run went through: where the services stood when they reached a door."""

from __future__ import annotations

from simnova.kernel.journal import Journal
from simnova.observe.index import last
from simnova.observe.table import Table

COLUMNS = ("event", "file", "service", "events")


def visited(journal: Journal, first: int = 0, upto: int | None = None) -> Table:
    """The files in the order in which they came in: the first step, the service, how many events
    came from there. Whoever asks from outside is left out.
    """
    found: dict[tuple[str, str], list[int]] = {}
    for event in journal.events[first : last(journal, upto) + 1]:
        if event.where and not event.background and event.kind != "input":
            file = event.where.partition(":")[0]
            found.setdefault((file, event.actor), []).append(event.seq)
    rows = [(seqs[0], file, actor, len(seqs)) for (file, actor), seqs in found.items()]
    return Table(COLUMNS, rows)

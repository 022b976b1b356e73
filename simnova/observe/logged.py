"""The log lines that a query means."""

from __future__ import annotations

from simnova.exceptions import UsageError
from simnova.kernel.journal import Journal
from simnova.observe.logs import Log
from simnova.observe.query import Query, matching


def meant(journal: Journal, text: str, written: Log) -> Log:
    """Those of the lines that a query means; raises `UsageError` where none is, for a name that nothing has."""
    query = Query.parse(text)
    found = set(matching(journal, query, [one.seq for one in written]))
    if written and not found and (doubts := query.doubts(journal)):
        raise UsageError("; ".join(doubts))
    return Log(one for one in written if one.seq in found)

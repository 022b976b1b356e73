"""Which step somebody means who names it by its number, by its event, by a server, or by a query."""

from __future__ import annotations

from simnova.exceptions import UsageError, quoted
from simnova.kernel.journal import Event, Journal
from simnova.observe.index import follow, step
from simnova.observe.names import Names
from simnova.observe.query import Query, Term, matching
from simnova.observe.steps import DETAILS, steps


def meant(journal: Journal, given: object = None) -> int | None:
    """The step of that number or event, else the last one that is about a server or that a query means.

    Without a name it is the last step, None where nothing has happened yet. Raises `UsageError` where there is none.
    """
    if given is None:
        return next(reversed(steps(journal)), None)
    named = getattr(given, "id", given)
    if isinstance(given, (int, Event)) or not isinstance(named, str):
        return step(journal, given)
    query = _query(journal, named)
    for detail in DETAILS:
        if found := matching(journal, query, steps(journal, detail)):
            return found[-1]
    doubts = "; ".join(query.doubts(journal)) or "no server is called so, and no sentence says so"
    raise UsageError(f"no step is meant by {quoted(named)}: {doubts}")


def _query(journal: Journal, text: str) -> Query:
    servers = follow(journal, Names).servers
    if text in servers or text in servers.values():
        return Query((Term("server", text),))
    query = Query.parse(text)
    if not query.terms:
        raise UsageError("an empty query means no step: give a server, or words of its sentence")
    return query

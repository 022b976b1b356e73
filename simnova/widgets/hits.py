"""The steps that a query means, found once and kept up as the steps become more."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from simnova.exceptions import UsageError
from simnova.kernel.journal import Journal
from simnova.observe.concerned import Concerned
from simnova.observe.index import follow
from simnova.observe.names import Names
from simnova.observe.query import Query, Term, matching
from simnova.observe.query_keys import method
from simnova.observe.steps import Detail, steps


class Hits:
    """What a query means among steps that only ever become more. It is read anew where what has been read before may
    mean something else by now: a server got another name, a request turned out to be about one.
    """

    def __init__(self, journal: Journal, query: Query) -> None:
        self.at: list[int] = []
        self._journal = journal
        self._query = query
        self._holds = query.matcher(journal)
        self._read = 0
        self._known = known(journal, query)

    def among(self, steps: Sequence[int]) -> list[int]:
        """Those that are meant, in their order."""
        by_now = known(self._journal, self._query)
        if by_now != self._known:
            self.at, self._read, self._known = [], 0, by_now
            self._holds = self._query.matcher(self._journal)
        fresh = steps[self._read :]
        self._read = len(steps)
        self.at += [seq for seq in fresh if self._holds(self._journal[seq])]
        return self.at


def known(journal: Journal, query: Query) -> tuple[int, int]:
    """How far is known what the words and servers of a query mean; always the same for one without any."""
    keys = {term.key for term in query.terms}
    names = follow(journal, Names).changes if keys & {"", "server"} else 0
    return names, follow(journal, Concerned).bound if "server" in keys else 0


def after(hits: Sequence[int], seq: int) -> int | None:
    """The first hit after a step, None where there is none."""
    found = bisect_right(hits, seq)
    return hits[found] if found < len(hits) else None


def before(hits: Sequence[int], seq: int) -> int | None:
    """The last hit before a step, None where there is none."""
    found = bisect_left(hits, seq)
    return hits[found - 1] if found else None


def place(hits: Sequence[int], seq: int) -> int:
    """Which of the hits a step is, from one on; zero where it is none."""
    found = bisect_left(hits, seq)
    return found + 1 if found < len(hits) and hits[found] == seq else 0


def nothing(journal: Journal, query: Query, detail: str) -> UsageError:
    """What to say where a query means no step at all: what it names amiss, or which detail has some."""
    doubts = "; ".join(query.doubts(journal))
    details: tuple[Detail, ...] = ("messages", "everything")
    others = () if doubts else (one for one in details if one != detail)
    deeper = next((one for one in others if matching(journal, query, steps(journal, one))), "")
    remedy = doubts or (deeper and f"with the detail {deeper!r} some are")
    return UsageError(f"no step is meant by {str(query)!r}" + (f": {remedy}" if remedy else ""))


def like(journal: Journal, seq: int) -> Query:
    """The query for events like one: of its kind, from any service such as its own, with its method or table."""
    event = journal[seq]
    named = {
        "kind": event.kind,
        "service": event.actor.partition("@")[0].partition(":")[0],
        "method": method(journal, event),
        "table": str(event.data.get("table") or ""),
    }
    return Query(tuple(Term(key, value) for key, value in named.items() if value))

"""A decision beside the one that would have been made with something otherwise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from simnova.exceptions import UsageError
from simnova.observe import decision as decisions
from simnova.observe.decision import Decision
from simnova.observe.markup import element, escape
from simnova.observe.names import natural
from simnova.observe.palette import SIGNS
from simnova.observe.table import Table
from simnova.scenario import objects
from simnova.scenario.reading import from_json
from simnova.whatif.asked import Question, played, server

IGNORED: Final = "; it is ignored"
"""How the warnings end of what a scenario may hold, and what a question asked by hand is not to."""


@dataclass(frozen=True)
class Beside:
    """The decision as it was, and as it would have been (None where the request would have been refused)."""

    was: Decision
    would: Decision | None

    def table(self) -> Table:
        """The hosts whose lot would have been another, or all where there are few: their part, weight and reason."""
        hosts = sorted({*self.was.hosts, *(self.would.hosts if self.would else ())}, key=natural)
        body = [(host, *lot(self.was, host), *lot(self.would, host)) for host in hosts]
        columns = ("host", "was", "weight", "because", "would be", "weight then", "because then")
        changed = [row for row in body if row[1:4] != row[4:]]
        return Table(columns, body if len(body) <= 12 else changed)

    @property
    def outcome(self) -> str:
        """Both endings."""
        then = self.would.outcome if self.would else "the request would have been refused"
        return f"it was: {self.was.outcome}; it would have been: {then}"

    def __str__(self) -> str:
        rows = self.table().only("host", "was", "weight", "would be", "weight then")
        told = [
            f"{row['host']}: {row['because then'] or row['would be'].split(' ')[-1]}"
            + (f" (it was: {row['because']})" if row["because"] else "")
            for row in self.table().as_dicts()
            if row["because"] != row["because then"]
        ]
        return "\n\n".join(filter(None, [self.outcome, str(rows), "\n".join(told)]))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return element("p", escape(self.outcome)) + self.table()._repr_html_()


def lot(made: Decision | None, host: str) -> tuple[str, float | None, str]:
    """What became of a host."""
    if made is None or host not in made.hosts:
        return "-", None, ""
    part, row = made.part(host), made.fell(host)
    reason = f"{row.name}: {row.verdicts[host].reason}" if row else ""
    return f"{SIGNS[part]} {part}", made.weights.get(host), reason


def answered(question: Question) -> Decision | None:
    """What the scheduler would decide about the server that is meant; raises `UsageError` for a wrong field."""
    read = from_json(question.data)
    ignored = [one.removesuffix(IGNORED) for one in read.warnings if one.endswith(IGNORED)]
    if ignored:
        raise UsageError("; ".join(ignored))
    objects.config(read)
    data: dict[str, Any] = dict(read.data)
    journal = played(Question(data, question.filters, question.weighers, question.index), told=True)
    if journal is None:
        return None
    made = [
        one for one in decisions.decisions(journal) if one.instance in (server(question.index), "")
    ]
    return replace(made[-1], server=data.get("name", made[-1].server)) if made else None

"""The why-matrix: hosts against Placement and the filters, what the weighers gave, and who won."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from simnova.exceptions import unknown
from simnova.observe import matrix_svg, matrix_tables
from simnova.observe.markup import element, escape
from simnova.observe.matrix_notes import draw, notes, overtaken
from simnova.observe.names import natural
from simnova.observe.table import WIDTH, Table
from simnova.observe.verdict import Claim, Row, Verdict, Weigher

FEW: Final = 6
"""Hosts that stand side by side as columns of text."""
MANY: Final = 24
"""Hosts of which each gets a line; of more, the foremost do."""
TOP: Final = 10
"""How many the foremost are."""


@dataclass(frozen=True)
class Decision:
    """A scheduling as far as it had come at `seq`. `host` is None until one is chosen, and for ever
    if none is. `begun` is its first step; `unanswered` is why Placement said nothing, `failed` that
    the scheduler answered the request with an error, `afterwards` what became of the builds.
    """

    seq: int
    instance: str
    server: str
    hosts: list[str]
    rows: list[Row]
    weighers: list[Weigher] = field(default_factory=list)
    weights: dict[str, float] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    host: str | None = None
    alternates: list[str] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    begun: int = -1
    unanswered: str = ""
    failed: bool = False
    afterwards: list[str] = field(default_factory=list)

    # --- questions --------------------------------------------------------------------------------

    @cached_property
    def _fallen(self) -> dict[str, Row]:
        fallen: dict[str, Row] = {}
        for row in self.rows:
            for host, verdict in row.verdicts.items():
                if not verdict.passed:
                    fallen.setdefault(host, row)
        return fallen

    def fell(self, host: str) -> Row | None:
        """The row that turned a host down."""
        return self._fallen.get(host)

    def reason(self, host: str) -> str:
        """Why a host was not chosen, in a sentence; that it was, where it was.

        Raises `UsageError` for a host that the decision knows nothing of.
        """
        if host not in self.hosts:
            raise unknown("host", host, self.hosts)
        row = self.fell(host)
        if row is not None:
            return f"{host} fell at {row.name}: {row.verdicts[host].reason or 'no reason given'}"
        return self._standing(host)

    def _standing(self, host: str) -> str:
        if host == self.host:
            return f"{host} was chosen"
        refused = next((claim for claim in self.claims if claim.refused and claim.host == host), 0)
        if refused:
            return str(refused)
        if self.host in self.weights and host in self.weights:
            mine, best = self.weights[host], self.weights[self.host]
            told = f"{host} weighs {mine:.4g}, {self.host} {best:.4g}"
            lost = mine >= best and overtaken(self)
            return f"{told}; {self.host} was drawn, which {draw(self)} allows" if lost else told
        return f"{host} passed"

    def ranked(self) -> list[str]:
        """The hosts: the heaviest first, then those that fell, the latest first."""
        places = {host: place for place, host in enumerate(self.order)}
        stages = {id(row): place for place, row in enumerate(self.rows)}
        fallen = {host: stages[id(row)] for host, row in self._fallen.items()}
        most = len(self.rows)
        return sorted(
            self.hosts,
            key=lambda host: (
                host != self.host,
                places.get(host, most + 1e9),
                -fallen.get(host, most),
                natural(host),
            ),
        )

    def part(self, host: str) -> str:
        """chosen, alternate, rejected, or passed."""
        if host == self.host:
            return "chosen"
        if self.fell(host):
            return "rejected"
        return "alternate" if host in self.alternates else "passed"

    @property
    def ties(self) -> list[str]:
        """The hosts that share the greatest weight, where there are several."""
        best = max(self.weights.values(), default=0.0)
        equal = [host for host in self.order if self.weights.get(host) == best]
        return equal if len(equal) > 1 else []

    @property
    def drawing(self) -> tuple[str, ...]:
        """The options in force that let a host be drawn; none where they are not known."""
        return ()

    # --- tables -----------------------------------------------------------------------------------

    def matrix(self, top: int | None = None) -> Table:
        """Hosts down, Placement and the filters across, then the total weight where there is one;
        the foremost `top` hosts, by default all.
        """
        return matrix_tables.matrix(self, self.ranked()[:top])

    def funnel(self) -> Table:
        """Placement and the filters down, hosts across; the last row is the total weight."""
        return matrix_tables.funnel(self)

    def stages(self) -> Table:
        """How many hosts Placement and each filter asked, passed and turned down."""
        return matrix_tables.stages(self)

    def reasons(self) -> Table:
        """Who turned down whom and why."""
        return matrix_tables.reasons(self)

    def groups(self) -> Table:
        """The same in groups: hosts that fell at one filter for one reason, however many."""
        return matrix_tables.groups(self)

    def scores(self) -> Table:
        """Each weigher on each host: raw, scaled to 0…1, times the multiplier."""
        return matrix_tables.scores(self)

    def deciding(self, top: int | None = None) -> Table:
        """The scores of the weighers that told hosts apart, and the totals; hosts down."""
        return matrix_tables.deciding(self, top)

    def weighing(self, top: int | None = None) -> Table:
        """What the weighers that told hosts apart looked at, and the points they gave for it; hosts
        down.
        """
        return matrix_tables.weighing(self, top)

    def notes(self) -> list[str]:
        """Which weighers made no difference, who weighed the same, which claims were refused."""
        return notes(self)

    # --- shown ------------------------------------------------------------------------------------

    @property
    def outcome(self) -> str:
        """How it ended, in a few words."""
        if self.host:
            return f"{self.server} goes to {self.host}"
        failed = next((row for row in self.rows if row.failure), None)
        if failed:
            return f"{self.server}: no decision, {failed.name} {failed.failure}"
        left = [host for host in self.hosts if not self.fell(host)]
        if left and not self.failed:
            return f"{self.server}: {len(left)} of {len(self.hosts)} hosts left"
        return f"{self.server}: no valid host" + self._why_none(left)

    def _why_none(self, left: Sequence[str]) -> str:
        """Why there is none, where that is not what the rows tell."""
        if self.unanswered:
            return f", Placement did not answer: {self.unanswered}"
        if left and self.claims and all(claim.refused for claim in self.claims):
            return ", every claim was refused"
        held = next((claim.host for claim in self.claims if not claim.refused), "")
        return f": {held} was given back, another server of the request found none" if held else ""

    def __str__(self) -> str:
        return "\n\n".join(filter(None, self._parts()))

    __repr__ = __str__

    def _parts(self) -> Iterator[str]:
        few, many = len(self.hosts) <= FEW, len(self.hosts) > MANY
        top = TOP if many else None
        yield self.outcome
        if many:
            yield str(self.stages())
        if self.rows:
            yield str(self.funnel() if few else self.matrix(top)) + self._rest(top)
        if many and self.groups():
            yield "\n".join(map(fallen, self.groups()))
        elif self.reasons():
            yield "\n".join(because(*row) for row in self.reasons())
        if any(one.decides for one in self.weighers):
            how = "multiplier x normalized; scores() has the raw values"
            yield f"what the weighers gave ({how}):\n{self.deciding(top)}"
        yield "\n".join(textwrap.fill(f"{note}.", WIDTH) for note in self.notes())

    def _rest(self, top: int | None) -> str:
        rest = 0 if top is None else len(self.hosts) - top
        return f"\nand {rest} more hosts: matrix() has them all" if rest > 0 else ""

    def _repr_html_(self) -> str:
        many = len(self.hosts) > MANY
        top = TOP if many else None
        tables: list[Callable[[], Table]] = [
            *([self.stages] if many else []),
            lambda: self.matrix(top),
            self.groups if many else self.reasons,
            lambda: self.weighing(top),
        ]
        shown = "".join(one._repr_html_() for table in tables if (one := table()))
        said = "".join(element("p", escape(f"{note}.")) for note in self.notes())
        return element("p", escape(self.outcome)) + shown + said

    def svg(self) -> str:
        """The matrix as a drawing: a sign and a colour per verdict, the warmth of each weight."""
        return matrix_svg.draw(self)

    def as_dict(self) -> dict[str, Any]:
        """JSON-able, for a player; `rows` hold only the hosts that were asked."""
        return {
            "seq": self.seq,
            "instance": self.instance,
            "server": self.server,
            "outcome": self.outcome,
            "failed": self.failed,
            "hosts": self.ranked(),
            "rows": [row_as_dict(row) for row in self.rows],
            "fell": {host: row.name for host in self.hosts if (row := self.fell(host))},
            "parts": {host: self.part(host) for host in self.hosts},
            "weighers": [one.as_dict() for one in self.weighers],
            "weights": self.weights,
            "order": self.order,
            "ties": self.ties,
            "claims": [vars(claim) for claim in self.claims],
            "host": self.host,
            "alternates": self.alternates,
            "notes": self.notes(),
        }


def row_as_dict(row: Row) -> dict[str, Any]:
    """A row, JSON-able."""
    verdicts = {host: verdict_as_dict(one) for host, one in row.verdicts.items()}
    return {"name": row.name, "passed": row.passed, "verdicts": verdicts}


def verdict_as_dict(verdict: Verdict) -> dict[str, Any]:
    """A verdict, JSON-able."""
    return {"passed": verdict.passed, "reason": verdict.reason}


def because(host: str, row: str, reason: str) -> str:
    """Why a host fell, in lines of text."""
    return textwrap.fill(f"{host} fell at {row}: {reason}", WIDTH, subsequent_indent="  ")


def fallen(group: Sequence[Any]) -> str:
    """Why a group of hosts fell, in lines of text."""
    many, row, reason, which = group
    whom, detail = (which, reason) if many == 1 else (f"{many} hosts", f"{reason} ({which})")
    return because(whom, row, detail)

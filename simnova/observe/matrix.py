"""The why-matrix: hosts against Placement and the filters, what the weighers gave, and who won."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simnova.observe import matrix_svg
from simnova.observe.markup import element, escape
from simnova.observe.names import natural
from simnova.observe.palette import SIGNS
from simnova.observe.table import WIDTH, Table

FEW = 6
"""Hosts that stand side by side as columns of text."""


@dataclass(frozen=True)
class Verdict:
    """What one row says of one host: passed, or not and why."""

    passed: bool
    reason: str = ""


@dataclass(frozen=True)
class Row:
    """Placement's candidates, or one filter: its verdict on each host it was asked about."""

    name: str
    verdicts: Mapping[str, Verdict]

    @property
    def short(self) -> str:
        """The name without the word Filter."""
        return self.name.removesuffix("Filter") or self.name


@dataclass(frozen=True)
class Weigher:
    """One weigher: its raw weight of each host, scaled to 0…1, and how much it counts."""

    name: str
    multipliers: Mapping[str, float]
    raw: Mapping[str, float]
    normalized: Mapping[str, float]

    def score(self, host: str) -> float:
        """The multiplier times the normalised weight."""
        return self.multipliers.get(host, 1.0) * self.normalized.get(host, 0.0)

    @property
    def decides(self) -> bool:
        """Whether it tells any two hosts apart."""
        return len({self.score(host) for host in self.normalized}) > 1

    def as_dict(self) -> dict[str, Any]:
        """JSON-able."""
        scores = {host: self.score(host) for host in self.normalized}
        plain = {"raw": dict(self.raw), "normalized": dict(self.normalized), "scores": scores}
        return {"name": self.name, "multipliers": dict(self.multipliers), **plain}


@dataclass(frozen=True)
class Decision:
    """A scheduling as far as it had come at `seq`. `host` is None until one is chosen, and for ever
    if none is.
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

    def fell(self, host: str) -> Row | None:
        """The row that turned a host down."""
        return next(
            (row for row in self.rows if host in row.verdicts and not row.verdicts[host].passed),
            None,
        )

    def ranked(self) -> list[str]:
        """The hosts: the heaviest first, then those that fell, the latest first."""
        places = {host: place for place, host in enumerate(self.order)}
        fallen = {host: self.rows.index(row) for host in self.hosts if (row := self.fell(host))}
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

    def matrix(self) -> Table:
        """Hosts down, Placement and the filters across, then the total weight where there is one."""
        hosts = self.ranked()
        total = [("weight", *(self.weights.get(host) for host in hosts))] if self.weights else []
        columns = [
            ("host", *(f"{SIGNS[self.part(host)]} {host}" for host in hosts)),
            *((row.short, *(sign(row.verdicts.get(host)) for host in hosts)) for row in self.rows),
            *total,
        ]
        names, *body = zip(*columns, strict=True)
        return Table(names, body)

    def funnel(self) -> Table:
        """Placement and the filters down, hosts across; the last row is the total weight."""
        hosts = self.ranked()
        rows: list[tuple[Any, ...]] = [
            (row.name, *(sign(row.verdicts.get(host)) for host in hosts)) for row in self.rows
        ]
        if self.weights:
            rows.append(("weight", *(self.weights.get(host) for host in hosts)))
        return Table(("", *(f"{SIGNS[self.part(host)]} {host}" for host in hosts)), rows)

    def reasons(self) -> Table:
        """Who turned down whom and why."""
        found = [
            (host, row.name, row.verdicts[host].reason or "-")
            for host in self.ranked()
            if (row := self.fell(host))
        ]
        return Table(("host", "turned down by", "because"), found)

    def scores(self) -> Table:
        """Each weigher on each host: raw, scaled to 0…1, times the multiplier."""
        body = [
            (
                one.name,
                host,
                one.raw.get(host),
                one.normalized[host],
                one.multipliers.get(host, 1.0),
                one.score(host),
            )
            for one in self.weighers
            for host in self.order
            if host in one.normalized
        ]
        return Table(("weigher", "host", "raw", "normalized", "multiplier", "score"), body)

    def deciding(self) -> Table:
        """The scores of the weighers that told hosts apart, and the totals; hosts down."""
        kept = [one for one in self.weighers if one.decides]
        names = [one.name.removesuffix("Weigher") for one in kept]
        body = [
            (host, *(one.score(host) for one in kept), self.weights[host])
            for host in self.order
            if host in self.weights
        ]
        return Table(("host", *names, "total"), body)

    def weighing(self) -> Table:
        """What the weighers that told hosts apart looked at, and the points they gave for it; hosts
        down.
        """
        kept = [one for one in self.weighers if one.decides]
        body = [
            (host, *(f"{one.raw.get(host, 0):g} → {one.score(host):.3g}" for one in kept))
            for host in self.order
            if host in self.weights
        ]
        return Table(("host", *(one.name for one in kept)), body if kept else [])

    @property
    def outcome(self) -> str:
        """How it ended, in a few words."""
        if self.host:
            return f"{self.server} goes to {self.host}"
        left = [host for host in self.hosts if not self.fell(host)]
        return (
            f"{self.server}: {len(left)} of {len(self.hosts)} hosts left"
            if left
            else f"{self.server}: no valid host"
        )

    def __str__(self) -> str:
        few = len(self.hosts) <= FEW
        parts = [self.outcome, "", str(self.funnel() if few else self.matrix())]
        if self.reasons():
            parts += ["", *(because(*row) for row in self.reasons())]
        if any(one.decides for one in self.weighers):
            parts += ["", "what the weighers gave (multiplier x normalized):", str(self.deciding())]
        return "\n".join(parts)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        tables = [self.matrix(), self.reasons(), self.weighing()]
        return element("p", escape(self.outcome)) + "".join(
            one._repr_html_() for one in tables if one
        )

    def svg(self) -> str:
        """The matrix as a drawing: a sign and a colour per verdict, a bar per weight."""
        return matrix_svg.draw(self)

    def as_dict(self) -> dict[str, Any]:
        """JSON-able, for a player; `rows` hold only the hosts that were asked."""
        rows = [
            {
                "name": row.name,
                "passed": sum(one.passed for one in row.verdicts.values()),
                "verdicts": {
                    host: {"passed": one.passed, "reason": one.reason}
                    for host, one in row.verdicts.items()
                },
            }
            for row in self.rows
        ]
        fell = {host: row.name for host in self.hosts if (row := self.fell(host))}
        return {
            "seq": self.seq,
            "instance": self.instance,
            "server": self.server,
            "outcome": self.outcome,
            "hosts": self.ranked(),
            "rows": rows,
            "fell": fell,
            "parts": {host: self.part(host) for host in self.hosts},
            "weighers": [one.as_dict() for one in self.weighers],
            "weights": self.weights,
            "order": self.order,
            "host": self.host,
            "alternates": self.alternates,
        }


def because(host: str, row: str, reason: str) -> str:
    """Why a host fell, in lines of text."""
    return textwrap.fill(f"{host} fell at {row}: {reason}", WIDTH, subsequent_indent="  ")


def sign(verdict: Verdict | None) -> str:
    """A verdict as one character."""
    if verdict is None:
        return SIGNS["unasked"]
    return SIGNS["passed" if verdict.passed else "rejected"]

"""A decision of the scheduler: who was asked, who fell where and why, what the weighers said, who won."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simnova.kernel.journal import Event, Journal
from simnova.observe import decision_svg, placed
from simnova.observe.index import follow, last
from simnova.observe.markup import element, escape
from simnova.observe.names import Names, natural
from simnova.observe.palette import SIGNS
from simnova.observe.story_en.words import asked_resources
from simnova.observe.table import Table
from simnova.observe.telling import opened

CANDIDATES = "/allocation_candidates"


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
    """A scheduling as far as it had come at `seq`. `host` is None until one is chosen, and for ever if none is."""

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
        """Hosts down, Placement and the filters across, then the total weight."""
        names = [row.short for row in self.rows]
        body = [
            (
                f"{SIGNS[self.part(host)]} {host}",
                *(sign(row.verdicts.get(host)) for row in self.rows),
                self.weights.get(host),
            )
            for host in self.ranked()
        ]
        return Table(("host", *names, "weight"), body)

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
        parts = [self.outcome, "", str(self.matrix())]
        if self.reasons():
            parts += ["", str(self.reasons())]
        if self.deciding() and any(one.decides for one in self.weighers):
            parts += ["", "what the weighers gave (multiplier x normalized):", str(self.deciding())]
        return "\n".join(parts)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        tables = [self.matrix(), self.reasons(), self.scores()]
        return element("p", escape(self.outcome)) + "".join(
            one._repr_html_() for one in tables if one
        )

    def svg(self) -> str:
        """The matrix as a drawing: a sign and a colour per verdict, a bar per weight."""
        return decision_svg.draw(self)

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


def sign(verdict: Verdict | None) -> str:
    """A verdict as one character."""
    if verdict is None:
        return SIGNS["unasked"]
    return SIGNS["passed" if verdict.passed else "rejected"]


class Decisions:
    """The events of each decision; `follow(journal, Decisions)`. Placement's answer counts for all servers asked for at once."""

    def __init__(self) -> None:
        self.of: list[list[int]] = []
        self.begun: list[int] = []
        self._candidates: dict[str | None, list[int]] = {}
        self._open: dict[tuple[str | None, Any], list[int]] = {}

    def add(self, event: Event) -> None:
        """Take in the next event."""
        if event.kind.startswith("http.") and event.data.get("path") == CANDIDATES:
            self._placement(event)
        elif event.kind in {"scheduler.filter", "scheduler.weigh", "scheduler.select"}:
            self._decided(event)

    def _placement(self, event: Event) -> None:
        if event.kind == "http.request":
            self._candidates[event.request_id] = [event.seq]
            self._begin(self._candidates[event.request_id], event.seq)
        elif event.request_id in self._candidates:
            self._candidates[event.request_id].append(event.seq)

    def _decided(self, event: Event) -> None:
        key = event.request_id, event.data.get("instance")
        if key not in self._open:
            self._open[key] = self._adopt(event)
        self._open[key].append(event.seq)
        if event.kind == "scheduler.select":
            del self._open[key]

    def _adopt(self, event: Event) -> list[int]:
        """A decision for the server of this event: the one that Placement's answer began, or one more like it."""
        asked = self._candidates.get(event.request_id, [])
        if asked and len(asked) <= 2:
            self._candidates[event.request_id] = [*asked, -1]
            return asked
        return self._begin([seq for seq in asked if seq >= 0], event.seq)

    def _begin(self, events: list[int], seq: int) -> list[int]:
        self.of.append(events)
        self.begun.append(seq)
        return events


def latest(journal: Journal, seq: int | None = None) -> Decision | None:
    """The decision that was being made, or was made last, at step `seq`, as far as it had come; None before the first."""
    end = last(journal, seq)
    known = follow(journal, Decisions)
    place = bisect_right(known.begun, end) - 1
    return read(journal, known.of[place], end) if place >= 0 else None


def decisions(journal: Journal) -> list[Decision]:
    """Every decision of the journal, in the order in which they began."""
    end = last(journal)
    return [read(journal, events, end) for events in follow(journal, Decisions).of]


def read(journal: Journal, seqs: list[int], end: int) -> Decision:
    """The decision made by those events, up to step `end`."""
    events = [journal[seq] for seq in seqs if seq <= end]
    filters = [filtered(event) for event in events if event.kind == "scheduler.filter"]
    rows = [*candidates(journal, events), *filters]
    weigh = next((event.data for event in events if event.kind == "scheduler.weigh"), {})
    select = next((event.data for event in events if event.kind == "scheduler.select"), {})
    instance = next(
        (str(event.data["instance"]) for event in events if event.data.get("instance")), ""
    )
    return Decision(
        seq=events[-1].seq,
        instance=instance,
        server=follow(journal, Names).servers.get(instance) or instance or "the server",
        hosts=sorted(
            {host for row in rows for host in row.verdicts} | set(weigh.get("weights", ())),
            key=natural,
        ),
        rows=rows,
        weighers=[weigher(one) for one in weigh.get("weighers") or ()],
        weights=dict(weigh.get("weights") or {}),
        order=list(weigh.get("order") or ([select["host"]] if select else ())),
        host=select.get("host"),
        alternates=list(select.get("alternates") or ()),
    )


def filtered(event: Event) -> Row:
    """A filter's row; without its verdicts where the journal is a summary."""
    said = event.data.get("verdicts") or {}
    verdicts = {
        host: Verdict(one is True, "" if isinstance(one, bool) else str(one))
        for host, one in said.items()
    }
    return Row(str(event.data.get("filter")), verdicts)


def weigher(data: Mapping[str, Any]) -> Weigher:
    """A weigher's numbers; its multiplier may differ from host to host."""
    normalized, given = data.get("normalized") or {}, data.get("multiplier", 1.0)
    each = given if isinstance(given, dict) else dict.fromkeys(normalized, given)
    return Weigher(str(data.get("name")), each, data.get("raw") or {}, normalized)


def candidates(journal: Journal, events: list[Event]) -> list[Row]:
    """Placement's row, once it has answered: all hosts it knows, and why those that are missing are."""
    answer = next((event for event in events if event.kind == "http.response"), None)
    body = opened(answer.data.get("body")) if answer else None
    if answer is None or not isinstance(body, dict):
        return []
    wanted = asked_resources(events[0].data)
    known, stocks = placed.providers(journal, answer.seq), placed.stocks(journal, answer.seq)
    found = set(placed.candidates(body))
    verdicts = {
        host: Verdict(uuid in found, "" if uuid in found else missing(stocks.get(uuid, {}), wanted))
        for uuid, host in known.items()
    }
    named = {uuid: Verdict(True) for uuid in sorted(found - set(known))}
    return [Row("Placement", {**verdicts, **named})]


def missing(stock: dict[str, placed.Stock], wanted: dict[str, int]) -> str:
    """Why a host is not among the candidates."""
    return placed.lack(stock, wanted) or "has the room, but not the required traits or aggregates"

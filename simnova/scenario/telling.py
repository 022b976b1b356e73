"""A scheduler's decision on a scenario as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from simnova.observe.markup import element, escape
from simnova.observe.table import Table
from simnova.scenario.play import Played


class Told:
    """A decision: its text has the hosts with where they fell out and why, the weights, and who was chosen."""

    def __init__(self, played: Played) -> None:
        self.played = played
        self.tables = [table for table in (_hosts(played), _weights(played)) if table]

    @property
    def selected(self) -> bool:
        """Whether every server has a host."""
        return self.played.selections is not None

    def __str__(self) -> str:
        return "\n\n".join([*map(str, self.tables), _outcome(self.played)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        tables = "".join(table._repr_html_() for table in self.tables)
        return f"{tables}{element('pre', escape(_outcome(self.played)))}"


def _hosts(played: Played) -> Table | None:
    columns = ("host", "Placement", "fell out at", "because")
    placed, passed = set(played.candidates), set(played.passed)
    rows = [
        (host, "yes" if host in placed else "no", *_why(played, host, host in placed & passed))
        for host in played.verdicts
    ]
    return Table(columns, rows, "Hosts") if rows else None


def _why(played: Played, host: str, passed: bool) -> tuple[str, str]:
    """The first filter that says no, and its reason; nothing where the host has passed."""
    if passed:
        return "", ""
    said = played.verdicts[host]
    against = ((name, said[name]) for name in played.enabled_filters if said[name] is not True)
    if host not in played.candidates:
        unasked = "" if played.query else "Placement was not asked"
        return "Placement", played.lacks.get(host) or unasked or "it is none of its candidates"
    name, reason = next(against, ("the request", "it names other hosts, or this one as ignored"))
    return name, str(reason)


def _weights(played: Played) -> Table | None:
    telling = [
        weigher
        for weigher in played.weighers
        if any(score for _, score in _scores(weigher, list(played.weights)))
    ]
    columns = ("host", "weight", *(weigher["name"].removesuffix("Weigher") for weigher in telling))
    parts = [dict(_scores(weigher, list(played.weights))) for weigher in telling]
    rows = [
        (host, weight, *(part[host] for part in parts)) for host, weight in played.weights.items()
    ]
    return Table(columns, rows, "Weights, heaviest first") if rows else None


def _scores(weigher: dict[str, Any], hosts: list[str]) -> Iterator[tuple[str, float]]:
    """What a weigher adds to each host's weight."""
    scaled, multiplier = weigher["normalized"], weigher["multiplier"]
    for host in hosts:
        factor = multiplier[host] if isinstance(multiplier, dict) else multiplier
        yield host, factor * scaled[host] + 0.0


def _outcome(played: Played) -> str:
    if played.selections is None:
        return f"No selection: {played.error}"
    return "\n".join(
        f"server {number}: {host}" + (f", alternates {', '.join(others)}" if others else "")
        for number, (host, *others) in enumerate(played.selections, 1)
    )

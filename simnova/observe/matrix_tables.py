"""The tables of a decision: who fell where and why, who weighed how much; short for many hosts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from simnova.observe.names import natural
from simnova.observe.palette import SIGNS
from simnova.observe.table import Table

if TYPE_CHECKING:
    from simnova.observe.matrix import Decision
    from simnova.observe.verdict import Verdict

_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.]*\w)")


def sign(verdict: Verdict | None) -> str:
    """A verdict as one character."""
    if verdict is None:
        return SIGNS["unasked"]
    return SIGNS["passed" if verdict.passed else "rejected"]


def matrix(made: Decision, hosts: Sequence[str]) -> Table:
    """Hosts down, Placement and the filters across, then the total weight where there is one."""
    total = [("weight", *(made.weights.get(host) for host in hosts))] if made.weights else []
    columns = [
        ("host", *(f"{SIGNS[made.part(host)]} {host}" for host in hosts)),
        *((row.short, *(sign(row.verdicts.get(host)) for host in hosts)) for row in made.rows),
        *total,
    ]
    names, *body = zip(*columns, strict=True)
    return Table(names, body, whole=("host",))


def funnel(made: Decision) -> Table:
    """Placement and the filters down, hosts across; the last row is the total weight."""
    hosts = made.ranked()
    rows: list[tuple[Any, ...]] = [
        (row.name, *(sign(row.verdicts.get(host)) for host in hosts)) for row in made.rows
    ]
    if made.weights:
        rows.append(("weight", *(made.weights.get(host) for host in hosts)))
    return Table(("", *(f"{SIGNS[made.part(host)]} {host}" for host in hosts)), rows)


def stages(made: Decision) -> Table:
    """Placement and the filters down: how many hosts each asked, passed and turned down."""
    body = [
        (row.name, len(row.verdicts), row.passed, len(row.verdicts) - row.passed)
        for row in made.rows
    ]
    return Table(("stage", "asked", "passed", "turned down"), body)


def reasons(made: Decision) -> Table:
    """Who turned down whom and why."""
    found = [
        (host, row.name, row.verdicts[host].reason or "-")
        for host in made.ranked()
        if (row := made.fell(host))
    ]
    return Table(("host", "turned down by", "because"), found)


def groups(made: Decision) -> Table:
    """The hosts that fell for the same reason, told once, the largest group first: numbers that
    differ as least…most.
    """
    known: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for host, row, reason in reasons(made):
        known.setdefault((row, _NUMBER.sub("#", reason)), []).append((host, reason))
    largest = sorted(known.items(), key=lambda one: (-len(one[1]), stage(made, one[0][0])))
    body = [
        (len(fallen), row, together([reason for _, reason in fallen]), sample(fallen))
        for (row, _), fallen in largest
    ]
    columns = ("hosts", "turned down by", "because", "which")
    return Table(columns, body, whole=columns)


def stage(made: Decision, name: str) -> int:
    """The place of a row among those of the decision."""
    return [row.name for row in made.rows].index(name)


def sample(fallen: Sequence[tuple[str, str]], most: int = 3) -> str:
    """The first hosts of a group by name."""
    hosts = sorted((host for host, _ in fallen), key=natural)
    return ", ".join(hosts[:most]) + (", …" if len(hosts) > most else "")


def together(texts: Sequence[str]) -> str:
    """One text for several that differ in their numbers: each number that differs as least…most."""
    columns = zip(*(_NUMBER.findall(text) for text in texts), strict=True)
    spans = iter([span(numbers) for numbers in columns])
    return _NUMBER.sub(lambda _: next(spans), texts[0])


def span(numbers: Sequence[str]) -> str:
    """The least and the most of some numbers, or the one that they all are."""
    low, high = min(numbers, key=float), max(numbers, key=float)
    return low if float(low) == float(high) else f"{low}…{high}"


def scores(made: Decision) -> Table:
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
        for one in made.weighers
        for host in made.order
        if host in one.normalized
    ]
    return Table(("weigher", "host", "raw", "normalized", "multiplier", "score"), body)


def deciding(made: Decision, most: int | None = None) -> Table:
    """The scores of the weighers that told hosts apart, and the totals; hosts down."""
    kept = [one for one in made.weighers if one.decides]
    hosts = [host for host in made.order if host in made.weights][:most]
    body = [(host, *(one.score(host) for one in kept), made.weights[host]) for host in hosts]
    return Table(("host", *(one.short for one in kept), "total"), body)


def weighing(made: Decision, most: int | None = None) -> Table:
    """What the weighers that told hosts apart looked at, and the points they gave for it; hosts
    down.
    """
    kept = [one for one in made.weighers if one.decides]
    hosts = [host for host in made.order if host in made.weights][:most]
    body = [
        (host, *(f"{one.raw.get(host, 0):g} → {one.score(host):.3g}" for one in kept))
        for host in hosts
    ]
    return Table(("host", *(one.name for one in kept)), body if kept else [])

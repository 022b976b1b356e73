"""What the tables of a decision do not show: weighers that changed nothing, equals, claims."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from simnova.observe.matrix import Decision

DRAWS: Final = ("host_subset_size", "shuffle_best_same_weighed_hosts")
"""The options by which chance has a word."""


def notes(made: Decision) -> list[str]:
    """Sentences without their full stops."""
    told = [*strange(made), *ended(made), *claimed(made)]
    return [*told, *equals(made), *drawn(made), *idle(made)]


def strange(made: Decision) -> Iterator[str]:
    """Answers of filters that are neither True nor False."""
    yield from (row.odd for row in made.rows if row.odd)


def ended(made: Decision) -> Iterator[str]:
    """What became of it: builds that failed, a request that was refused as a whole."""
    yield from made.afterwards
    if made.host and made.failed:
        yield "another server of the request found no host, and so the whole request failed"


def claimed(made: Decision) -> Iterator[str]:
    """The claims, where one was refused."""
    if any(claim.refused for claim in made.claims):
        yield "; ".join(map(str, made.claims))


def equals(made: Decision) -> Iterator[str]:
    """Who shares the greatest weight."""
    ties = made.ties
    if ties:
        how = "among equals the order is the one in which the hosts were read"
        said = f"{several(ties)} weigh the same, {made.weights[ties[0]]:.4g}"
        yield said if overtaken(made) or any(made.drawing) else f"{said}: {how}"


def drawn(made: Decision) -> Iterator[str]:
    """Why the chosen host is not the one that stood first."""
    first = overtaken(made)
    if first:
        yield f"{made.host} was drawn from the best, which {draw(made)} allows; {first} stood first"


def overtaken(made: Decision) -> str:
    """The host that stood first and lost to one that was drawn; empty where that is not so."""
    refused = {claim.host for claim in made.claims if claim.refused}
    first = next((host for host in made.order if host not in refused), made.host)
    return str(first) if made.weights and made.host and first != made.host else ""


def draw(made: Decision) -> str:
    """The option that let another host be drawn than the one that stood first."""
    if made.weights.get(str(made.host)) != made.weights.get(overtaken(made)):
        return "host_subset_size"
    return " or ".join(made.drawing) or " or ".join(DRAWS)


def idle(made: Decision) -> Iterator[str]:
    """The weighers that made no difference."""
    if not made.weighers and made.host and made.rows:
        yield "nothing was weighed: one host was left" if left(made) == 1 else ""
    known: dict[str, list[str]] = {}
    for one in made.weighers:
        if one.idle:
            known.setdefault(one.idle, []).append(one.short)
    if known:
        told = "; ".join(f"{', '.join(names)} ({why})" for why, names in sorted(known.items()))
        yield f"weighers that made no difference: {told}"


def left(made: Decision) -> int:
    """How many hosts no row turned down."""
    return sum(made.fell(host) is None for host in made.hosts)


def several(hosts: Sequence[str], most: int = 6) -> str:
    """Names in a row, of many the first."""
    if len(hosts) > most:
        return f"{', '.join(hosts[:most])} and {len(hosts) - most} more"
    return f"{', '.join(hosts[:-1])} and {hosts[-1]}" if len(hosts) > 1 else hosts[0]

"""What the tables of a decision do not show: weighers that changed nothing, equals, claims."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simnova.observe.matrix import Decision


def notes(made: Decision) -> list[str]:
    """Sentences without their full stops."""
    return [*claimed(made), *equals(made), *drawn(made), *idle(made)]


def claimed(made: Decision) -> Iterator[str]:
    """The claims, where one was refused."""
    if any(claim.refused for claim in made.claims):
        yield "; ".join(map(str, made.claims))


def equals(made: Decision) -> Iterator[str]:
    """Who shares the greatest weight."""
    ties = made.ties
    if ties:
        yield (
            f"{several(ties)} weigh the same, {made.weights[ties[0]]:.4g}: "
            "among equals the order is the one in which the hosts were read"
        )


def drawn(made: Decision) -> Iterator[str]:
    """Why the chosen host is not the one that stood first."""
    refused = {claim.host for claim in made.claims if claim.refused}
    first = next((host for host in made.order if host not in refused), made.host)
    if made.weights and made.host and first != made.host:
        equal = made.weights.get(made.host) == made.weights[str(first)]
        option = "shuffle_best_same_weighed_hosts" if equal else "host_subset_size"
        yield f"{made.host} was drawn from the best, which {option} allows; {first} stood first"


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

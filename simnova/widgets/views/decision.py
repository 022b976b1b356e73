"""The decision: hosts and filters as a matrix that falls to the winner, weights, and why not the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from simnova.observe import decision
from simnova.observe.markup import plain
from simnova.widgets.views.look import Look

HOSTS: Final = 24
"""Hosts of a decision that are sent; of more, those that came furthest."""
REFUSALS: Final = 2


def at(look: Look) -> dict[str, Any] | None:
    """The last decision at the step, as far as it has come."""
    made = decision.latest(look.journal, look.seq) if look.moment else None
    return None if made is None else decided(made)


def news(look: Look) -> bool:
    """Whether the decision has come further."""
    return bool(look.moment) and decision.reached(look.journal, look.seq) >= look.moment[0].seq


def decided(made: decision.Decision) -> dict[str, Any]:
    """A decision as a matrix: stages down, hosts across in an order that no step changes."""
    shown = made.hosts if len(made.hosts) <= HOSTS else made.ranked()[:HOSTS]
    return {
        "instance": plain(made.server),
        "hosts": shown,
        "more": len(made.hosts) - len(shown),
        "stages": [stage(row, shown) for row in made.rows],
        "seq": made.seq,
        "weighers": [weigher(one, shown) for one in made.weighers if one.decides],
        "idle": [one.short for one in made.weighers if not one.decides],
        "lost": [name for name in shown if name != made.host] if made.host else [],
        "weights": {name: made.weights[name] for name in shown if name in made.weights},
        "chosen": made.host,
        "alternates": made.alternates,
        "summary": plain(". ".join([made.outcome, *refusals(made), *asides(made)])),
    }


def asides(made: decision.Decision) -> list[str]:
    """Who weighs the same, and which claim was refused: what no cell of the matrix shows."""
    return [note for note in made.notes() if not note.startswith("weighers that made no")]


def refusals(made: decision.Decision) -> list[str]:
    """Who turned down the first hosts that fell, and why; those of one reason together."""
    return [
        f"{row} turned {which} down: {reason or 'no reason given'}"
        for _, row, reason, which in list(made.groups())[:REFUSALS]
    ]


def stage(row: decision.Row, shown: Sequence[str]) -> dict[str, Any]:
    """Placement or a filter: how many it asked and passed, and of each host True or why not."""
    verdicts = {
        name: one.passed or one.reason or "no reason given"
        for name, one in row.verdicts.items()
        if name in shown
    }
    passed = sum(one.passed for one in row.verdicts.values())
    return {"name": row.name, "asked": len(row.verdicts), "passed": passed, "verdicts": verdicts}


def weigher(one: decision.Weigher, shown: Sequence[str]) -> dict[str, Any]:
    """A weigher's numbers; `multiplier` is None where it differs from host to host."""
    multipliers = set(one.multipliers.values())
    weighed = [name for name in shown if name in one.normalized]
    return {
        "name": one.name,
        "multiplier": multipliers.pop() if len(multipliers) == 1 else None,
        "raw": {name: one.raw.get(name) for name in weighed},
        "normalized": {name: one.normalized[name] for name in weighed},
        "scores": {name: one.score(name) for name in weighed},
    }

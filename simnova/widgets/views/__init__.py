"""The views beside the sequence. Each is a module here with `at` (what it shows at a step, as JSON) and `news`
(whether that changed since the step before), and a file of the same name in `static/` that draws it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from simnova.widgets.views import cloud, decision, fork, log, rows, state, topology, why
from simnova.widgets.views.look import Look


class View(NamedTuple):
    """A picture beside the sequence."""

    at: Callable[[Look], Any]
    news: Callable[[Look], bool]


VIEWS: Final[dict[str, View]] = {
    "decision": View(decision.at, decision.news),
    "topology": View(topology.at, topology.news),
    "cloud": View(cloud.at, cloud.news),
    "state": View(state.at, state.news),
    "rows": View(rows.at, rows.news),
    "log": View(log.at, log.news),
    "why": View(why.at, why.news),
    "fork": View(fork.at, fork.news),
}
"""All of them, in the order of the tabs."""


def news(look: Look) -> list[str]:
    """The views in which something is new since the step before."""
    return [name for name, view in VIEWS.items() if view.news(look)]

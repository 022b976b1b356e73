"""Plots where people would rather look than read: `cloud.plot.queues()` and the others.

Each gives back a matplotlib Figure of its own, computed from the same folds as the tables; it is shown with the
colours of the notebook's theme, and `figure.savefig("x.png")` writes it on white.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simnova.kernel.journal import Journal
from simnova.observe.index import step
from simnova.observe.plots.bus import draw_bus
from simnova.observe.plots.latencies import draw_latencies
from simnova.observe.plots.queues import draw_queues
from simnova.observe.plots.states import draw_states
from simnova.observe.plots.utilisation import draw_utilisation

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Plots:
    """The plots of one journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def __repr__(self) -> str:
        names = ", ".join(f"{name}()" for name in vars(Plots) if not name.startswith("_"))
        return f"<plots: {names}>"

    def queues(self, *names: str) -> Figure:
        """How many messages were in each queue over time, waiting or not acknowledged; without names in the deepest.

        Raises `UsageError` for a queue that no message was in.
        """
        return draw_queues(self._journal, names)

    def utilisation(self, *hosts: str) -> Figure:
        """How much of the vCPUs, memory and disk that may be sold was sold over time, on each host and on all; where
        work costs time also how busy processes and databases were. Raises `UsageError` for an unknown host.
        """
        return draw_utilisation(self._journal, hosts)

    def latencies(self, query: str = "") -> Figure:
        """How long calls, requests and the hypervisors' operations took to be answered, a row for each method.

        `query` says which: `"service:nova-conductor"`, `"kind:rpc server:web"`. Raises `UsageError`.
        """
        return draw_latencies(self._journal, query)

    def states(self, *servers: Any) -> Figure:
        """What was done to each server over time, and what it was; without servers all, or the latest of many.

        Raises `UsageError` for an unknown server.
        """
        return draw_states(self._journal, servers)

    def topology(self, seq: int | None = None) -> Figure:
        """The ways that messages have taken up to a step: publishers, exchanges, queues, consumers, by how many.

        Raises `UsageError` for a step that is not there.
        """
        return draw_bus(self._journal, None if seq is None else step(self._journal, seq))

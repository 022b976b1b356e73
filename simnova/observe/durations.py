"""How long each step of a hypervisor's driver took, in several runs: a simulated one beside a measured one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from simnova.kernel.journal import Journal
from simnova.observe import palette
from simnova.observe.table import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEAST = 1e-4
"""Seconds at the left end of the picture: what took less stands there."""


@dataclass(frozen=True)
class Durations:
    """Seconds by run and by step (`virt.step`), in the order in which the steps first came."""

    runs: Mapping[str, Mapping[str, Sequence[float]]]

    @property
    def steps(self) -> list[str]:
        """Every step that a run has."""
        return list(dict.fromkeys(step for run in self.runs.values() for step in run))

    def table(self) -> Table:
        """Of each step: how often, and its least, middle and longest seconds, for each run."""
        columns = ["step", "run", "times", "least", "middle", "longest"]
        rows = [
            [step, name, *summary(run[step])]
            for step in self.steps
            for name, run in self.runs.items()
            if step in run
        ]
        return Table(columns, rows, "seconds that each step took")

    def figure(self, ax: Axes | None = None) -> Axes:
        """A row for each step: what was drawn or measured, with a line from the least to the longest."""
        drawn, steps = _room(ax, len(self.steps)), self.steps
        for number, (name, run) in enumerate(self.runs.items()):
            colour = palette.LIGHT[("call", "cast", "reply")[number % 3]]
            for row, step in enumerate(steps):
                y, took = row + 0.25 * number, [max(LEAST, one) for one in run.get(step, ())]
                if took:
                    drawn.plot([min(took), max(took)], [y, y], color=colour, linewidth=2)
                drawn.plot(took, [y] * len(took), "o", color=colour, markersize=4)
            drawn.plot([], [], "o-", color=colour, label=name)
        drawn.set(xscale="log", xlabel="seconds", yticks=range(len(steps)), yticklabels=steps)
        drawn.invert_yaxis()
        drawn.legend(fontsize="small", frameon=False)
        return drawn

    def __str__(self) -> str:
        return str(self.table())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def durations(journals: Mapping[str, Journal]) -> Durations:
    """The steps of some runs, by the runs' names."""
    return Durations({name: _by_step(journal) for name, journal in journals.items()})


def _by_step(journal: Journal) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for event in journal:
        if event.kind == "virt.step":
            found.setdefault(event.data["step"], []).append(event.data["seconds"])
    return found


def summary(seconds: Sequence[float]) -> tuple[int | float, ...]:
    """How many, and the least, the middle and the longest, in seconds to four decimals."""
    return len(seconds), *(round(one, 4) for one in (min(seconds), median(seconds), max(seconds)))


def _room(given: Any, rows: int) -> Axes:
    """The axes to draw into, as high as so many rows need."""
    if given is not None:
        return given  # type: ignore[no-any-return]
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(8, 1 + 0.3 * rows), layout="constrained")[1]

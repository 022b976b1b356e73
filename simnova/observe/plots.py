"""Plots where people would rather look than read; each draws into the axes it is given, or makes
its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simnova.kernel.journal import Journal
from simnova.observe import palette, queues, states

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def axes(given: Any) -> Axes:
    """The axes to draw into."""
    if given is not None:
        return given  # type: ignore[no-any-return]
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(8, 3), layout="constrained")[1]


def queue_depth(journal: Journal, *names: str, ax: Axes | None = None) -> Axes:
    """Messages in the named queues over time, waiting or not acknowledged yet; without names, in
    all.
    """
    drawn = axes(ax)
    told = queues.depths(journal)
    for name in names or dict.fromkeys(told.column("queue")):
        rows = [row for row in told if row[0] == name]
        depth = [row[3] + row[4] for row in rows]
        drawn.step([row[2] for row in rows], depth, where="post", label=name)
    drawn.set(xlabel="seconds", ylabel="messages in the queue")
    drawn.legend(fontsize="small", frameon=False)
    return drawn


def states_over_time(journal: Journal, *servers: Any, ax: Axes | None = None) -> Axes:
    """What each server was doing over time: a bar per vm_state and task_state."""
    drawn = axes(ax)
    histories = [states.history(journal, server) for server in servers]
    end = journal[len(journal) - 1].time if len(journal) else 0.0
    colours: dict[str, str] = {}
    for place, history in enumerate(histories):
        for state, stop in zip(
            history.states, [*(s.time for s in history.states[1:]), end], strict=True
        ):
            label = state.task_state or str(state.vm_state)
            new = label not in colours
            colour = colours.setdefault(label, colour_of(label, len(colours)))
            width = stop - state.time
            drawn.barh(place, width, left=state.time, color=colour, label=label if new else None)
    drawn.set_yticks(range(len(histories)), [history.name for history in histories])
    drawn.set_xlabel("seconds")
    drawn.legend(
        fontsize="small", frameon=False, ncols=4, loc="upper center", bbox_to_anchor=(0.5, -0.2)
    )
    return drawn


def colour_of(label: str, place: int) -> str:
    """The colour of a state: the palette's where it has one, else the next of a colour-blind safe
    row.
    """
    fixed = {"active": "passed", "error": "error"}
    row = ("#0072b2", "#e69f00", "#56b4e9", "#cc79a7", "#f0e442", "#999999")
    return palette.LIGHT[fixed[label]] if label in fixed else row[place % len(row)]

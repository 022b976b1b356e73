"""The depth of queues over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from simnova.exceptions import unknown
from simnova.kernel.journal import Journal
from simnova.observe import palette
from simnova.observe.index import follow
from simnova.observe.names import natural
from simnova.observe.plots import paper
from simnova.observe.queues import Queue, Queues

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MANY: Final = 8
"""Queues that are drawn where none are named: those that were deepest."""
POINTS: Final = 2000
"""Points of a line."""


def draw_queues(journal: Journal, names: Sequence[str]) -> Figure:
    """See `Plots.queues`."""
    from matplotlib.ticker import MaxNLocator

    known = follow(journal, Queues).of
    for name in names:
        if name not in known:
            raise unknown("queue", name, known)
    chosen = list(dict.fromkeys(names)) or deepest(known)
    lanes = max(1, len(chosen))
    made, axes = paper.figure(
        "Messages in the queues, waiting or unacknowledged", 0.9 + 0.55 * lanes, lanes
    )
    end = journal[len(journal) - 1].time if len(journal) else 0.0
    for lane, name in zip(axes, chosen, strict=False):
        times, depths = thinned(*line(known[name], end))
        lane.fill_between(times, depths, step="post", color=palette.LIGHT["used"], linewidth=0)
        lane.plot(times, depths, color=palette.LIGHT["call"], linewidth=1.2, drawstyle="steps-post")
        lane.set_ylabel(paper.label(name, 28), rotation=0, ha="right", va="center")
        lane.set(ylim=(0, 1.15 * max(1, *depths)), label=name)
        lane.yaxis.set_major_locator(MaxNLocator(2, integer=True))
    axes[-1].set_xlabel("time, seconds")
    if not chosen:
        paper.nothing(axes[0], "no message has been in a queue")
    return made


def deepest(known: dict[str, Queue]) -> list[str]:
    """The queues in which most messages were at once, and of equal ones those that had most."""
    order = sorted(known, key=natural)
    order.sort(key=lambda name: (-peak(known[name]), -len(known[name].stays)))
    return order[:MANY]


def peak(queue: Queue) -> int:
    """The most messages that were in a queue at once."""
    return max((ready + held for _, ready, held in queue.depths), default=0)


def thinned(times: list[float], depths: list[int]) -> tuple[list[float], list[int]]:
    """The same line; of very many points the first, the lowest and the highest of as many as share a pixel."""
    if len(times) <= POINTS:
        return times, depths
    size = -(-3 * len(times) // POINTS)
    kept: list[int] = []
    for begin in range(0, len(times), size):
        part = range(begin, min(begin + size, len(times)))
        ends = begin, min(part, key=depths.__getitem__), max(part, key=depths.__getitem__)
        kept += sorted(set(ends))
    kept += [len(times) - 1] if kept[-1] != len(times) - 1 else []
    return [times[place] for place in kept], [depths[place] for place in kept]


def line(queue: Queue, end: float) -> tuple[list[float], list[int]]:
    """Times in seconds, and how many messages there were from each on, up to the end of the run."""
    times = [time for time, _, _ in queue.depths]
    depths = [ready + held for _, ready, held in queue.depths]
    return [*times, max(end, times[-1])], [*depths, depths[-1]]

"""What servers were, and what was done to them, over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from simnova.kernel.journal import Journal
from simnova.observe import palette
from simnova.observe.index import follow
from simnova.observe.names import natural
from simnova.observe.plots import paper
from simnova.observe.states import Histories, History, history

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MANY: Final = 30
"""Servers that are drawn where none are named: the latest."""
KNOWN: Final = {
    "building": "used",
    "active": "passed",
    "error": "error",
    "stopped": "muted",
    "resized": "state",
    "deleted": "line",
}
"""The states that always have the same colour; what is done to a server is a thin bar."""
BEING: Final = ("virt", "timeout", "http")
DOING: Final = ("cast", "call", "http", "virt", "timeout")
HATCHES: Final = ("", "///", "...", "xxx", "---", "ooo")
LEGEND: Final = 5
"""Columns of the legend."""
MARGIN: Final = 1.02
"""How much longer the axis is than the run, so that a state of the last instant is seen."""
NARROW: Final = 0.06
"""The part of the axis below which no word fits into a bar."""


class Bar(NamedTuple):
    """From a second to another a server was, or was being, what the label says."""

    begin: float
    end: float
    label: str
    task: bool


def draw_states(journal: Journal, servers: Sequence[Any]) -> Figure:
    """See `Plots.states`."""
    found = chosen(journal, servers)
    first = min((one.states[0].time for one in found if one.states), default=0.0)
    now = journal[len(journal) - 1].time if len(journal) else 0.0
    wide = (now - first) * MARGIN or 1.0
    rows = [list(bars(one, first + wide)) for one in found]
    looks = looks_of([bar for row in rows for bar in row])
    height = 1.1 + 0.34 * max(2, len(found)) + 0.2 * -(-len(looks) // LEGEND)
    made, (axes,) = paper.figure(
        "States of servers; what is being done to one is a thin bar", height
    )
    for place, row in enumerate(rows):
        for bar in row:
            _draw(axes, place, bar, looks[bar.label], (bar.end - bar.begin) / wide)
    names = [paper.label(one.name) for one in found]
    axes.set(yticks=range(len(found)), yticklabels=names, xlabel="time, seconds")
    axes.set_ylim(max(1, len(found)) - 0.5, -0.5)
    _legend(made, looks)
    if not any(rows):
        paper.nothing(axes, "no server has a row yet")
    return made


def chosen(journal: Journal, servers: Sequence[Any]) -> list[History]:
    """The histories of the servers that are named, or of the latest by name."""
    if servers:
        return [history(journal, server) for server in servers]
    latest = list(follow(journal, Histories).of)[-MANY:]
    return sorted((history(journal, uuid) for uuid in latest), key=lambda one: natural(one.name))


def bars(found: History, end: float) -> Iterator[Bar]:
    """The bars of a server: its task_state where it has one, its vm_state otherwise; equal ones are joined."""
    last: Bar | None = None
    for number, one in enumerate(found.states):
        stop = found.states[number + 1].time if number + 1 < len(found.states) else end
        label, task = one.task_state or str(one.vm_state), bool(one.task_state)
        if last is not None and last.label == label and last.task == task:
            last = last._replace(end=stop)
            continue
        if last is not None:
            yield last
        last = Bar(one.time, stop, label, task)
    if last is not None:
        yield last


def looks_of(found: Sequence[Bar]) -> dict[str, tuple[str, str]]:
    """Colour and hatch of each label, what servers were before what was done to them, as they first came."""
    tasks = list(dict.fromkeys(bar.label for bar in found if bar.task))
    states = [label for label in dict.fromkeys(bar.label for bar in found) if label not in tasks]
    others = [label for label in states if label not in KNOWN]
    names = {label: BEING[number % len(BEING)] for number, label in enumerate(others)} | KNOWN
    looks = {label: (palette.LIGHT[names[label]], "") for label in states}
    for number, label in enumerate(tasks):
        hatch = HATCHES[number // len(DOING) % len(HATCHES)]
        looks[label] = palette.LIGHT[DOING[number % len(DOING)]], hatch
    return looks


def _draw(axes: Axes, place: int, bar: Bar, look: tuple[str, str], share: float) -> None:
    (colour, hatch), ground = look, palette.LIGHT["paper"]
    high = 0.36 if bar.task else 0.72
    axes.barh(
        place, bar.end - bar.begin, left=bar.begin, height=high, color=colour, hatch=hatch,
        edgecolor=ground, linewidth=0.5, label=bar.label,
    )  # fmt: skip
    if share > max(NARROW, 0.012 * len(bar.label)) and not hatch:
        middle = (bar.begin + bar.end) / 2
        size = 6.5 if bar.task else 8
        axes.text(
            middle, place, bar.label, ha="center", va="center_baseline", fontsize=size, color=ground
        )


def _legend(made: Figure, looks: dict[str, tuple[str, str]]) -> None:
    from matplotlib.patches import Patch

    handles = [
        Patch(facecolor=colour, hatch=hatch, edgecolor=palette.LIGHT["paper"], label=label)
        for label, (colour, hatch) in looks.items()
    ]
    if handles:
        ink = palette.LIGHT["ink"]
        how: dict[str, Any] = {"frameon": False, "fontsize": 8, "labelcolor": ink, "ncols": LEGEND}
        made.legend(handles=handles, loc="outside lower left", **how)

"""How long was waited for answers, a row for each method."""

from __future__ import annotations

from collections import defaultdict
from statistics import median
from typing import TYPE_CHECKING, Final

from simnova.exceptions import UsageError, quoted
from simnova.kernel.journal import Event, Journal
from simnova.observe import palette
from simnova.observe.index import follow
from simnova.observe.pairs import Pairs
from simnova.observe.plots import paper
from simnova.observe.query import Query, matching

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MANY: Final = 24
"""Rows that are drawn: of more methods those that took longest."""
POINTS: Final = 300
"""Points of a row."""
LEAST: Final = 0.01
"""Milliseconds at the left end: what took less stands there."""
ROOMS: Final = {"rpc": "RPC call", "http": "HTTP request", "virt": "hypervisor"}
MARKS: Final = {"rpc": ("call", "o"), "http": ("http", "s"), "virt": ("virt", "^")}
"""What is drawn for each room: a colour of the palette, and a mark of its own."""


def draw_latencies(journal: Journal, query: str) -> Figure:
    """See `Plots.latencies`."""
    meant = Query.parse(query)
    rows = longest(waits(journal, meant))
    if not rows and (doubts := meant.doubts(journal)):
        raise UsageError(f"nothing that was asked is meant by {quoted(query)}: {'; '.join(doubts)}")
    made, (axes,) = paper.figure("How long an answer took", 1.1 + 0.22 * max(4, len(rows)))
    for place, ((room, _), took) in enumerate(rows):
        colour, mark = palette.LIGHT[MARKS[room][0]], MARKS[room][1]
        shown = [max(LEAST, one) for one in some(took)]
        axes.plot(shown, [place] * len(shown), mark, color=colour, markersize=3.5, alpha=0.6)
        axes.plot([median(took)], [place], "|", color=palette.LIGHT["ink"], markersize=11)
    for room in dict.fromkeys(room for (room, _), _ in rows):
        colour, mark = palette.LIGHT[MARKS[room][0]], MARKS[room][1]
        axes.plot([], [], mark, color=colour, markersize=5, label=ROOMS[room])
    axes.plot([], [], "|", color=palette.LIGHT["ink"], markersize=9, label="median")
    if not rows:
        axes.set_xlabel("milliseconds")
        paper.nothing(axes, "nothing was asked and answered")
        return made
    names = [f"{paper.label(name, 44)}  ({len(took)})" for (_, name), took in rows]
    axes.set(xscale="log", xlabel="milliseconds", yticks=range(len(rows)), yticklabels=names)
    paper.plain_logarithms(axes.xaxis)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    paper.legend(axes)
    return made


Waits = dict[tuple[str, str], list[float]]


def waits(journal: Journal, query: Query) -> Waits:
    """Milliseconds from question to answer, of the questions that are meant, by room and by what was asked."""
    answered = follow(journal, Pairs).answered
    found: Waits = defaultdict(list)
    asked = [seq for seq in sorted(answered) if not journal[seq].background]
    for seq in matching(journal, query, asked):
        event, end = journal[seq], journal[answered[seq]]
        found[event.kind.partition(".")[0], name(event)].append(1e3 * (end.time - event.time))
    return {what: took for what, took in found.items() if max(took) > 0}


def name(event: Event) -> str:
    """What was asked of whom; the ids in a path are left out."""
    data = event.data
    if event.kind != "http.request":
        return str(data.get("method"))
    parts = str(data.get("path")).partition("?")[0].split("/")
    path = "/".join("…" if len(part) >= 32 else part for part in parts)
    return f"{data.get('to')} {data.get('method')} {path}"


def some(took: list[float]) -> list[float]:
    """The waits; of very many the shortest, the longest, and as many as can be told apart between."""
    if len(took) <= POINTS:
        return took
    ordered = sorted(took)
    return [ordered[number * (len(took) - 1) // (POINTS - 1)] for number in range(POINTS)]


def longest(found: Waits) -> list[tuple[tuple[str, str], list[float]]]:
    """The rows: those with the longest wait first, of equal ones by name."""
    order = sorted(found.items(), key=lambda one: (-max(one[1]), one[0]))
    return order[:MANY]

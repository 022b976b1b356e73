"""The topology of the message bus by networkx: publishers, exchanges, queues, consumers, from left to right."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from simnova.kernel.journal import Journal
from simnova.observe import palette
from simnova.observe.graph import Topology, topology
from simnova.observe.names import natural, place
from simnova.observe.plots import paper

if TYPE_CHECKING:
    import networkx as nx
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Node = tuple[int, str]
"""A column and a name: who publishes and consumes stands in both columns."""
Spot = tuple[float, float]

TITLE: Final = "The message bus: how many messages went which way"
COLUMNS: Final = ("publishes", "exchange", "queue", "consumes")
COLOURS: Final = ("state", "cast", "call", "state")
ENDS: Final = {"publishes": (0, 1), "routes": (1, 2), "delivers": (2, 3)}
MANY: Final = 12
"""Names of a column that are nodes of their own."""
_OWN: Final = re.compile(r"(?<=@).*|(?<=_)[0-9a-f]{32}$|(?<=[.])[^.]*$")
"""What is a host's or a process's own in a name: `nova-compute@…`, `reply_…`, `compute.…`."""
HALF: Final = 0.33
"""Half of the width of a node, where columns are 1 apart."""
WIDE: Final = 10.0
"""Inches."""
PASSES: Final = 4
"""How often each column is put in the order of its neighbours."""


def draw_bus(journal: Journal, seq: int | None) -> Figure:
    """See `Plots.topology`."""
    found = graph(topology(journal, seq))
    tall = max((len(column(found, number)) for number in range(len(COLUMNS))), default=0)
    high = 1.1 + 0.3 * max(4, tall)
    made, (axes,) = paper.figure(
        "The message bus: how many messages went which way", high, width=WIDE
    )
    axes.set_axis_off()
    if not found:
        paper.nothing(axes, "no message has been sent")
        return made
    made.set_layout_engine("none")
    paper.head(made, TITLE, y=1 - 0.08 / high, va="top")
    axes.set_position((0.0, 0.0, 1.0, 1 - 0.35 / high))
    rows = max(4, tall)
    axes.set(xlim=(-HALF - 0.04, 3 + HALF + 0.04), ylim=(rows, -0.9))
    spots = layout(found, rows)
    _edges(axes, found, spots)
    _nodes(axes, found, spots)
    for number, head in enumerate(COLUMNS):
        muted = palette.LIGHT["muted"]
        axes.text(number, -0.6, head, ha="center", va="center", fontsize=9, color=muted)
    return made


def graph(found: Topology) -> nx.DiGraph[Node]:
    """The ways as a graph of four columns; edges have their `messages`, queues their `depth`.

    Where a column would be long, names that differ in their host or their number alone are one node.
    """
    import networkx as nx

    made: nx.DiGraph[Node] = nx.DiGraph()
    groups = [grouped({name for name, at in ends_of(found) if at == number}) for number in range(4)]
    for name, number in ends_of(found):
        node = number, groups[number][name]
        made.add_node(node, depth=0, names=set())
    for node in made:
        names = {name for name, group in groups[node[0]].items() if group == node[1]}
        depth = sum(found.depths.get(name, 0) for name in names)
        made.nodes[node].update(depth=depth, names=len(names))
    for edge, messages in found.edges.items():
        left, right = ENDS[edge.kind]
        ends = (left, groups[left][edge.source]), (right, groups[right][edge.target])
        before = made.edges[ends]["messages"] if made.has_edge(*ends) else 0
        made.add_edge(*ends, kind=edge.kind, messages=before + messages)
    return made


def ends_of(found: Topology) -> Iterator[tuple[str, int]]:
    """The names at both ends of each edge, and their columns."""
    for edge in found.edges:
        yield from zip((edge.source, edge.target), ENDS[edge.kind], strict=True)


def grouped(names: Collection[str]) -> dict[str, str]:
    """The node of each name: itself, or what it has in common with others where there are many."""
    if len(names) <= MANY:
        return {name: name for name in names}
    common = {name: _OWN.sub("…", name) for name in names}
    sizes = Counter(common.values())
    return {name: group if sizes[group] > 1 else name for name, group in common.items()}


def column(found: nx.DiGraph[Node], number: int) -> list[Node]:
    """The nodes of a column by name."""
    key = place if number in (0, 3) else natural
    return sorted((node for node in found if node[0] == number), key=lambda node: key(node[1]))


def layout(found: nx.DiGraph[Node], rows: int) -> dict[Node, Spot]:
    """Where each node stands: x is its column, y a place among so many rows, ordered so that few edges cross.

    Each column is put in the order of the middle of its neighbours, a few times to and fro.
    """
    columns = [column(found, number) for number in range(len(COLUMNS))]
    spots = {node: spot for nodes in columns for node, spot in _spread(nodes, rows).items()}
    for turn in range(PASSES):
        for nodes in columns if turn % 2 else reversed(columns):
            middles = {node: _middle(found, node, spots) for node in nodes}
            spots.update(_spread(sorted(nodes, key=middles.__getitem__), rows))
    return spots


def _spread(nodes: list[Node], rows: int) -> dict[Node, Spot]:
    high = rows / max(1, len(nodes))
    return {node: (float(node[0]), high * (row + 0.5)) for row, node in enumerate(nodes)}


def _middle(found: nx.DiGraph[Node], node: Node, spots: Mapping[Node, Spot]) -> float:
    near = [spots[other][1] for other in (*found.predecessors(node), *found.successors(node))]
    return sum(near) / len(near) if near else spots[node][1]


def _edges(axes: Axes, found: nx.DiGraph[Node], spots: Mapping[Node, Spot]) -> None:
    from matplotlib.patches import FancyArrowPatch

    counts = {ends: int(found.edges[ends]["messages"]) for ends in found.edges}
    most, line = max(counts.values()), palette.LIGHT["alternate"]
    for (source, target), messages in counts.items():
        (x, y), (to_x, to_y) = spots[source], spots[target]
        x, to_x = x + HALF, to_x - HALF
        width = 0.5 + 2.5 * math.log1p(messages) / math.log1p(most)
        axes.add_patch(
            FancyArrowPatch(
                (x, y), (to_x, to_y), arrowstyle="-|>", mutation_scale=7, linewidth=width, color=line,
                shrinkA=0, shrinkB=0,
            )
        )  # fmt: skip
        part = 0.8 if found.out_degree(source) > found.in_degree(target) else 0.2
        spot = x + part * (to_x - x), y + part * (to_y - y)
        _count(axes, spot, messages)


def _count(axes: Axes, spot: Spot, messages: int) -> None:
    """How many messages took a way, on it: where fewer other ways are near."""
    ground = {"facecolor": palette.LIGHT["paper"], "edgecolor": "none", "pad": 0.6}
    how: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 7, "bbox": ground}
    axes.text(*spot, str(messages), color=palette.LIGHT["ink"], **how)


def _nodes(axes: Axes, found: nx.DiGraph[Node], spots: Mapping[Node, Spot]) -> None:
    from matplotlib.patches import FancyBboxPatch

    for node, (x, y) in spots.items():
        depth = found.nodes[node]["depth"] if node[0] == 2 else 0
        names, waiting = found.nodes[node]["names"], f" ({depth} in it)" if depth else ""
        label = paper.label(node[1]) + (f", {names} of them" if names > 1 else "") + waiting
        style = "round,pad=0,rounding_size=0.12" if node[0] == 1 else "square,pad=0"
        colours: dict[str, Any] = {
            "facecolor": palette.LIGHT["shade"],
            "edgecolor": palette.LIGHT[COLOURS[node[0]]],
        }
        corner = x - HALF, y - 0.34
        axes.add_patch(FancyBboxPatch(corner, 2 * HALF, 0.68, style, linewidth=1.2, **colours))
        axes.text(x, y, label, ha="center", va="center", fontsize=7.5, color=palette.LIGHT["ink"])

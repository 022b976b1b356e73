"""What of the hosts was sold over time, and how busy processes and databases were."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from simnova.exceptions import unknown
from simnova.kernel.journal import Journal
from simnova.observe import palette
from simnova.observe.hosts import HostView, at
from simnova.observe.plots import paper
from simnova.observe.rows import CHANGES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

METERS: Final = (("VCPU", "vCPUs"), ("MEMORY_MB", "memory"), ("DISK_GB", "disk"))
TABLES: Final = frozenset({"allocations", "inventories", "compute_nodes"})
"""Whose rows say what is there and what is sold."""
SAMPLES: Final = 200
"""Moments at which is looked, of a run in which more changes."""
NAMED: Final = 6
"""Hosts that have a line of their own; of more all lines are the same."""
BUCKETS: Final = 60
TOGETHER: Final = "all hosts"


class Sample(NamedTuple):
    """What was sold of what may be sold, by host and resource; `TOGETHER` stands for the hosts as a whole."""

    time: float
    shares: dict[tuple[str, str], float]


def draw_utilisation(journal: Journal, hosts: Sequence[str]) -> Figure:
    """See `Plots.utilisation`."""
    now = [view.name for view in at(journal)]
    for name in hosts:
        if name not in now:
            raise unknown("host", name, now)
    chosen, work = list(dict.fromkeys(hosts)) or now, busy(journal)
    panels = len(METERS) + bool(work)
    made, axes = paper.figure("What of the hosts is sold", 1.5 * panels + 0.5, panels)
    found = samples(journal, chosen)
    for panel, (meter, what) in zip(axes, METERS, strict=False):
        _sold(panel, found, meter, chosen)
        panel.set(ylabel=f"{what} sold, %")
    if work:
        _busy(axes[-1], work)
    paper.legend(axes[0])
    axes[-1].set_xlabel("time, seconds")
    if not found:
        paper.nothing(axes[0], "no host has reported what it has")
    return made


def samples(journal: Journal, hosts: Sequence[str]) -> list[Sample]:
    """What was sold at the moments at which it changed, and at the end."""
    instants = {
        event.time: event.seq
        for event in journal.events
        if event.kind in CHANGES and event.data.get("table") in TABLES
    }
    changed = list(
        instants.values()
    )  # the last of each instant: between two rows of one work nothing is sold
    every = -(-len(changed) // SAMPLES) or 1
    seqs = [*changed[::-1][::every][::-1], *([len(journal) - 1] if changed else [])]
    found = (Sample(journal[seq].time, dict(shares(at(journal, seq), hosts))) for seq in seqs)
    return [one for one in found if one.shares]


def shares(
    views: Sequence[HostView], hosts: Sequence[str]
) -> Iterator[tuple[tuple[str, str], float]]:
    """What is sold in percent, of each host and of all, by resource."""
    amounts: dict[str, tuple[int, int]] = {}
    for view in views:
        for meter in view.meters if view.name in hosts else ():
            used, capacity = amounts.get(meter.name, (0, 0))
            amounts[meter.name] = used + meter.used, capacity + meter.capacity
            yield (view.name, meter.name), 100 * meter.share
    for name, (used, capacity) in amounts.items():
        yield (TOGETHER, name), 100 * used / capacity if capacity else 0.0


def _sold(panel: Axes, found: Sequence[Sample], meter: str, hosts: Sequence[str]) -> None:
    for number, host in enumerate(hosts):
        few = len(hosts) <= NAMED
        how: dict[str, Any] = {"color": palette.LIGHT["used"], "linewidth": 0.8}
        if few:
            how = {
                "color": paper.colour(number),
                "linestyle": paper.style(number + 1),
                "linewidth": 1.6,
            }
        label = paper.label(host) if few else f"each of {len(hosts)}" if not number else None
        panel.plot(*_line(found, host, meter), drawstyle="steps-post", label=label, **how)
    if len(hosts) > 1:
        colour = palette.LIGHT["ink"]
        panel.plot(
            *_line(found, TOGETHER, meter),
            color=colour,
            linewidth=2,
            drawstyle="steps-post",
            label=TOGETHER,
        )
    panel.set_ylim(0, 105)


def _line(found: Sequence[Sample], host: str, meter: str) -> tuple[list[float], list[float]]:
    known = [one for one in found if (host, meter) in one.shares]
    return [one.time for one in known], [one.shares[host, meter] for one in known]


def busy(journal: Journal) -> dict[str, list[tuple[float, float]]]:
    """When each process and each database was at work, as seconds from and to, where work costs time."""
    found: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for event in journal.events:
        if event.kind == "cost":
            found[str(event.data["of"])].append((event.time - event.data["seconds"], event.time))
    most = sorted(found, key=lambda name: -sum(end - begin for begin, end in found[name]))
    return {name: found[name] for name in most[:NAMED]}


def _busy(panel: Axes, work: dict[str, list[tuple[float, float]]]) -> None:
    begin = min(first for spans in work.values() for first, _ in spans)
    end = max(last for spans in work.values() for _, last in spans)
    width = (end - begin) / BUCKETS or 1.0
    edges = [begin + width * number for number in range(BUCKETS + 1)]
    for number, (name, spans) in enumerate(work.items()):
        parts = [100 * part / width for part in filled(spans, begin, width)]
        panel.plot(
            edges, [*parts, parts[-1]], paper.style(number), color=paper.colour(number),
            label=paper.label(name), drawstyle="steps-post",
        )  # fmt: skip
    panel.set(ylabel="busy, %", ylim=(0, 105))
    paper.legend(panel)


def filled(spans: Sequence[tuple[float, float]], begin: float, width: float) -> list[float]:
    """How many seconds of each bucket the spans fill."""
    found = [0.0] * BUCKETS
    for first, last in spans:
        bucket = min(BUCKETS - 1, int((first - begin) / width))
        while bucket < BUCKETS and begin + bucket * width < last:
            left = begin + bucket * width
            found[bucket] += max(0.0, min(last, left + width) - max(first, left))
            bucket += 1
    return found

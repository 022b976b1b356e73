"""Loads of several runs beside each other: how long the boots took in each, and how busy it was behind them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from simnova.observe.load import MANY, Load, family, quantile
from simnova.observe.markup import element, escape, number, svg
from simnova.observe.table import Table

LEFT, AXIS, RIGHT, BAR, TOP, ROW = 130, 362, 40, 130, 58, 46
"""Pixels: the names' column, the axis of seconds, the space beside it, a bar's length, the heads, a run's height."""
CELL = "nova_cell1"
STYLE = (
    ".boot{stroke:var(--sn-call);stroke-opacity:.55;stroke-width:1.6}.middle{stroke:var(--sn-ink);stroke-width:2.5}"
    ".line{stroke:var(--sn-line)}.free{fill:var(--sn-free)}.used{fill:var(--sn-used)}.full{fill:var(--sn-cast)}"
    ".simnova .small{font-size:10.5px}.simnova .name{font-weight:600}"
)


class Loads(dict[str, Load]):
    """Loads by the name of their run."""

    def table(self) -> Table:
        """A row for each run."""
        rows = [
            (
                name,
                *(round(quantile(load.latencies.values(), point), 2) for point in (0.5, 0.95)),
                f"{busy(load, 'nova-conductor'):.0%}",
                f"{load.utilisation(CELL):.0%}",
                load.transactions(MANY),
                load.connections(CELL),
            )
            for name, load in self.items()
        ]
        columns = ("run", "median s", "95 % s", "conductor", CELL, "by computes", "connections")
        return Table(columns, rows, "boots: seconds; busy; transactions of computes with the cell")

    def svg(self) -> str:
        """A line for each boot at the seconds it took, the thick one at the median; bars of how busy it was."""
        end = max((max(load.latencies.values(), default=0.0) for load in self.values()), default=0)
        seconds = max(1, math.ceil(end))
        width, height = LEFT + AXIS + 2 * (RIGHT + BAR) + 14, TOP + ROW * len(self) + 14
        parts = [*heads(), *axis(seconds, height)]
        for place, (name, load) in enumerate(self.items()):
            parts += row(name, load, TOP + ROW * place, AXIS / seconds)
        return svg(width, height, "Boots and load", STYLE, parts)

    def _repr_svg_(self) -> str:
        return self.svg()

    def __repr__(self) -> str:
        return str(self.table())


def beside(loads: Mapping[str, Load]) -> Loads:
    """Loads of several runs in one figure, and one table."""
    return Loads(loads)


def busy(load: Load, service: str) -> float:
    """How busy the processes of a service were on average."""
    shares = [load.utilisation(row[0]) for row in load.processes() if family(row[0]) == service]
    return sum(shares) / len(shares) if shares else 0.0


def heads() -> list[str]:
    """What stands above the columns."""
    columns = ((LEFT, "seconds from the request to ACTIVE"), *_bars("conductors busy", CELL))
    return [element("text", text, class_="small muted", x=x, y=20) for x, text in columns]


def _bars(first: str, second: str) -> Sequence[tuple[int, str]]:
    x = LEFT + AXIS + RIGHT
    return (x, first), (x + BAR + RIGHT, second)


def axis(seconds: int, height: float) -> list[str]:
    """A thin line for each second, or for some of many."""
    step, parts = max(1, math.ceil(seconds / 10)), []
    for second in range(0, seconds + 1, step):
        x = number(LEFT + AXIS * second / seconds)
        parts.append(element("line", class_="line", x1=x, x2=x, y1=TOP - 14, y2=height - 14))
        text = element("text", str(second), class_="small muted", x=x, y=38, text_anchor="middle")
        parts.append(text)
    return parts


def row(name: str, load: Load, y: float, scale: float) -> list[str]:
    """One run."""
    parts = [element("text", escape(name), class_="name", x=14, y=y + 20)]
    took = sorted(load.latencies.values())
    parts += [tick(one, y + 4, 22, scale, "boot") for one in took]
    parts.append(tick(quantile(took, 0.5), y, 30, scale, "middle"))
    shares = (busy(load, "nova-conductor"), load.utilisation(CELL))
    for (x, _), share in zip(_bars("", ""), shares, strict=True):
        parts.append(bar(x, y + 8, share))
    return parts


def tick(seconds: float, y: float, length: float, scale: float, kind: str) -> str:
    """One boot."""
    x = number(LEFT + scale * seconds)
    return element("line", class_=kind, x1=x, x2=x, y1=y, y2=y + length)


def bar(x: float, y: float, share: float) -> str:
    """How busy something was, with the number beside it."""
    wide, kind = number(BAR * min(1.0, share)), "full" if share > 0.7 else "used"
    whole = element("rect", class_="free", x=x, y=y, width=BAR, height=14, rx=3)
    part = element("rect", class_=kind, x=x, y=y, width=wide, height=14, rx=3)
    return (
        whole
        + part
        + element(
            "text", f"{share:.0%}", class_="small", x=x + BAR - 4, y=y + 11, text_anchor="end"
        )
    )

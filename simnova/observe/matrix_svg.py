"""A decision as a drawing: hosts down, Placement and the filters across, the warmth of what each weigher
that matters gave, bars for the sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from simnova.observe.markup import element, escape, shorten, svg
from simnova.observe.palette import SIGNS

if TYPE_CHECKING:
    from simnova.observe.decision import Decision, Verdict, Weigher

LEFT, TOP, CELL, ROW, GAP, BAR, MOST = 150, 118, 46, 26, 10, 150, 30
"""Pixels: the hosts' names, the slanted heads, a cell, a row, the space before the weighers, the
longest bar; and how many hosts are drawn.
"""
STYLE = (
    ".simnova .sign{text-anchor:middle;font-size:13px}.simnova .head{font-size:11px}"
    ".box{stroke:var(--sn-paper);stroke-width:2;fill-opacity:.18}.bar{fill:var(--sn-used)}"
    ".simnova .best{font-weight:700}.heat{fill:var(--sn-chosen);stroke:var(--sn-paper);stroke-width:2}"
    ".cold{fill:var(--sn-rejected);stroke:var(--sn-paper);stroke-width:2}"
    ".simnova .points{text-anchor:middle;font-size:10.5px}"
)


def draw(decision: Decision) -> str:
    """The drawing; of more than thirty hosts the foremost."""
    hosts = decision.ranked()
    kept = [one for one in decision.weighers if one.decides]
    width = column(decision, len(kept), weighing=True) + BAR + 110
    height = TOP + ROW * (min(len(hosts), MOST) + 1) + 8
    parts = [text(decision.outcome, 14, 24, "best"), *heads(decision, kept)]
    parts += [
        line(decision, kept, host, TOP + ROW * place) for place, host in enumerate(hosts[:MOST])
    ]
    if len(hosts) > MOST:
        parts += counts(decision, len(hosts) - MOST, height - 10)
    return svg(width, height, f"Why: {decision.outcome}", STYLE, parts)


def column(decision: Decision, place: int, weighing: bool = False) -> float:
    """Where a column begins: of the stages, or of the weighers, which stand a little apart."""
    return LEFT + CELL * (place + len(decision.rows)) + GAP if weighing else LEFT + CELL * place


def heads(decision: Decision, kept: Sequence[Weigher]) -> list[str]:
    """The columns' names."""
    stages = [head(one.short, column(decision, place)) for place, one in enumerate(decision.rows)]
    return stages + [
        head(one.short, column(decision, place, weighing=True)) for place, one in enumerate(kept)
    ]


def counts(decision: Decision, more: int, y: float) -> list[str]:
    """How many hosts are not drawn, and how many each stage let pass."""
    return [text(f"and {more} more hosts", 14, y, "muted")] + [
        text(f"{row.passed}", column(decision, place) + 14, y, "muted")
        for place, row in enumerate(decision.rows)
    ]


def text(words: str, x: float, y: float, kind: str | None = None) -> str:
    """A piece of text."""
    return element("text", escape(words), class_=kind, x=round(x, 1), y=round(y, 1))


def head(name: str, x: float) -> str:
    """A column's name, slanted."""
    middle = x + CELL / 2
    turn = f"rotate(-38 {middle:g} {TOP - 8})"
    return element(
        "text", escape(shorten(name, 24)), class_="head", x=middle - 4, y=TOP - 8, transform=turn
    )


def line(decision: Decision, kept: Sequence[Weigher], host: str, y: float) -> str:
    """One host: its part, its verdicts, what the weighers gave it, its weight."""
    part = decision.part(host)
    label = f"{SIGNS[part]} {shorten(host, 18)}"
    cells = [
        cell(row.verdicts.get(host), column(decision, place), y, f"{row.name}, {host}")
        for place, row in enumerate(decision.rows)
    ]
    cells += [
        warmth(one, host, column(decision, place, weighing=True), y)
        for place, one in enumerate(kept)
    ]
    name = text(label, 14, y + 18, "best" if part == "chosen" else None)
    end = column(decision, len(kept), weighing=True)
    return name + "".join(cells) + bar(decision, host, end + 14, y)


def warmth(weigher: Weigher, host: str, x: float, y: float) -> str:
    """What a weigher gave a host: the more the darker; what it took away in the colour of a no."""
    if host not in weigher.normalized:
        return ""
    score = weigher.score(host)
    most = max(abs(weigher.score(one)) for one in weigher.normalized) or 1.0
    said = f"{weigher.name}, {host}: raw {weigher.raw.get(host, 0):g}, {score:.4g} points"
    shade = element(
        "rect",
        class_="heat" if score >= 0 else "cold",
        x=x,
        y=y,
        width=CELL,
        height=ROW,
        rx=4,
        fill_opacity=round(0.06 + 0.5 * abs(score) / most, 2),
    )
    points = element("text", f"{score:.3g}", class_="points", x=x + CELL / 2, y=y + 17)
    return element("g", element("title", escape(said)) + shade + points)


def cell(verdict: Verdict | None, x: float, y: float, about: str) -> str:
    """One verdict: colour, sign, and the reason as its title."""
    part = "unasked" if verdict is None else "passed" if verdict.passed else "rejected"
    colour = "var(--sn-free)" if verdict is None else f"var(--sn-{part})"
    ink = "var(--sn-muted)" if verdict is None else colour
    said = {"unasked": "not asked any more", "passed": "passed"}.get(
        part, verdict.reason if verdict else ""
    )
    title = element("title", escape(f"{about}: {said or 'rejected'}"))
    box = element("rect", class_="box", x=x, y=y, width=CELL, height=ROW, rx=4, fill=colour)
    mark = element(
        "text", SIGNS[part], class_="sign", x=x + CELL / 2, y=y + 18, style=f"fill:{ink}"
    )
    return element("g", title + box + mark)


def bar(decision: Decision, host: str, x: float, y: float) -> str:
    """The total weight: as long as its share of the greatest, with its number."""
    weight = decision.weights.get(host)
    if weight is None:
        return ""
    most = max(map(abs, decision.weights.values())) or 1.0
    length = round(BAR * abs(weight) / most, 1)
    colour = "fill:var(--sn-chosen)" if host == decision.host else None
    box = element("rect", class_="bar", x=x, y=y + 6, width=length, height=14, rx=3, style=colour)
    return box + text(f"{weight:.4g}", x + length + 6, y + 18)

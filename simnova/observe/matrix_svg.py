"""A decision as a drawing: hosts down, Placement and the filters across, bars for the weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnova.observe.markup import element, escape, shorten, svg
from simnova.observe.palette import SIGNS

if TYPE_CHECKING:
    from simnova.observe.decision import Decision, Verdict

LEFT, TOP, CELL, ROW, BAR, MOST = 150, 118, 46, 26, 150, 30
"""Pixels: the hosts' names, the slanted heads, a cell, a row, the longest bar; and how many hosts
are drawn.
"""
STYLE = (
    ".simnova .sign{text-anchor:middle;font-size:13px}.simnova .head{font-size:11px}"
    ".box{stroke:var(--sn-paper);stroke-width:2;fill-opacity:.18}.bar{fill:var(--sn-used)}"
    ".simnova .best{font-weight:700}"
)


def draw(decision: Decision) -> str:
    """The drawing; of more than thirty hosts the foremost."""
    hosts = decision.ranked()
    width = LEFT + CELL * len(decision.rows) + BAR + 110
    height = TOP + ROW * (min(len(hosts), MOST) + 1) + 8
    parts = [text(decision.outcome, 14, 24, "best")]
    parts += [
        head(row.short, LEFT + CELL * (place + 0.5)) for place, row in enumerate(decision.rows)
    ]
    parts += [line(decision, host, TOP + ROW * place) for place, host in enumerate(hosts[:MOST])]
    if len(hosts) > MOST:
        parts.append(text(f"and {len(hosts) - MOST} more hosts", 14, height - 10, "muted"))
    return svg(width, height, f"Why: {decision.outcome}", STYLE, parts)


def text(words: str, x: float, y: float, kind: str | None = None) -> str:
    """A piece of text."""
    return element("text", escape(words), class_=kind, x=round(x, 1), y=round(y, 1))


def head(name: str, x: float) -> str:
    """A column's name, slanted."""
    turn = f"rotate(-38 {x:g} {TOP - 8})"
    return element(
        "text", escape(shorten(name, 24)), class_="head", x=x - 4, y=TOP - 8, transform=turn
    )


def line(decision: Decision, host: str, y: float) -> str:
    """One host: its part, its verdicts, its weight."""
    part = decision.part(host)
    label = f"{SIGNS[part]} {shorten(host, 18)}"
    cells = [
        cell(row.verdicts.get(host), LEFT + CELL * place, y, f"{row.name}, {host}")
        for place, row in enumerate(decision.rows)
    ]
    name = text(label, 14, y + 18, "best" if part == "chosen" else None)
    return name + "".join(cells) + bar(decision, host, LEFT + CELL * len(decision.rows) + 14, y)


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

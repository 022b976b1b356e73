"""The operations as a drawing: a box and a line for each vm_state, a row for each operation."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from simnova.nova.objects.states import VmState
from simnova.observe.markup import element, escape, shorten, svg
from simnova.observe.operations import ORDER, Leg, Operation

if TYPE_CHECKING:
    from simnova.observe.chart import States, Trip

LEFT, TOP, COLUMN, BOX, LINE = 186, 64, 54, 53, 12
"""Pixels: the names, the boxes, a vm_state, a box's width, a line of tasks."""
FEW, LINES, LETTERS = 12, 4, 28
"""Operations among which each has room for all its tasks; the lines of that room, their length."""
STYLE = (
    ".simnova .name{font-weight:600}.simnova .small{font-size:9.5px}"
    ".simnova .box{fill:var(--sn-shade);stroke:var(--sn-line)}"
    ".simnova .state{text-anchor:middle;font-size:7.8px;font-weight:600}"
    ".life{stroke:var(--sn-line);stroke-width:1}.band{fill:var(--sn-shade)}"
    ".way{stroke:var(--sn-state);stroke-width:1.6;fill:none}"
    ".tip{fill:var(--sn-state)}.from{fill:var(--sn-paper);stroke:var(--sn-state);stroke-width:1.6}"
    ".breaks{stroke:var(--sn-error);stroke-width:1.6;fill:none}"
    ".taken{stroke:var(--sn-chosen);stroke-width:3;fill:none}.taken-tip{fill:var(--sn-chosen)}"
    ".simnova .number{fill:var(--sn-paper);text-anchor:middle;font-size:9.5px;font-weight:700}"
    ".simnova .numbers{fill:var(--sn-chosen);text-anchor:end;font-size:11px;font-weight:700}"
    ".faint{opacity:.4}"
)
_COLOURS = {"active": "passed", "error": "error", "deleted": "muted", "building": "cast"}


def draw(chart: States) -> str:
    """All rows under the boxes."""
    lines = LINES if len(chart.operations) <= FEW else 1
    texts = [written(one, lines) for one in chart.operations]
    tops = list(accumulate((20 + LINE * max(1, len(text)) for text in texts), initial=TOP))
    width, height = LEFT + COLUMN * len(ORDER) + 12, tops[-1] + 34
    title = f"The way of {chart.server}" if chart.server else "Operations on a server"
    head = element("text", escape(shorten(title, 28)), class_="name", x=12, y=34)
    lives = [life(state, height - 26) for state in ORDER]
    rows = [
        names(one, text, top) + ways(chart, one, top + 16)
        for one, text, top in zip(chart.operations, texts, tops, strict=False)
    ]
    return svg(width, height, title, STYLE, [*lives, head, *rows, legend(height - 10)])


def written(one: Operation, lines: int) -> list[str]:
    """An operation's tasks in at most so many lines."""
    return textwrap.wrap(" → ".join(one.tasks), LETTERS, max_lines=lines, placeholder=" …")


def at(state: str | None) -> float:
    """Where a vm_state's line stands; before the server is there, left of all."""
    known = state in ORDER
    return LEFT + COLUMN * (ORDER.index(VmState(str(state))) + 0.5) if known else LEFT + 4.0


def life(state: str, bottom: float) -> str:
    """A vm_state: its box, and its line down."""
    x, colour = at(state), f"stroke:var(--sn-{_COLOURS.get(state, 'line')})"
    words = state.upper().replace("_", "-").split("-")
    box = element(
        "rect", class_="box", x=x - BOX / 2, y=16, width=BOX, height=30, rx=5, style=colour
    )
    first = 34 if len(words) == 1 else 29
    names = [
        element("text", escape(word), class_="state", x=x, y=first + 10 * place)
        for place, word in enumerate(words)
    ]
    return element("line", class_="life", x1=x, x2=x, y1=46, y2=bottom) + box + "".join(names)


def names(one: Operation, texts: Sequence[str], y: float) -> str:
    """An operation's name, and its tasks below."""
    name = element("text", escape(one.name), class_="name", x=12, y=y + 13)
    tasks = [
        element("text", escape(text), class_="small muted", x=12, y=y + 13 + LINE * (place + 1))
        for place, text in enumerate(texts)
    ]
    return name + "".join(tasks)


def ways(chart: States, one: Operation, y: float) -> str:
    """An operation's arrows, and over them those that the server took."""
    taken = [trip for trip in chart.trips if trip.operation == one.name]
    title = element("title", escape(f"{one.name}: {' > '.join(one.tasks) or 'no task'}"))
    faint = element("g", "".join(allowed(one, y)), class_="faint" if taken else None)
    return element("g", title + faint + "".join(map(path, taken, [y] * len(taken)))) + turns(
        taken, y
    )


def allowed(one: Operation, y: float) -> Iterator[str]:
    """The arrows from where the operation may begin to where it ends."""
    starts = list(dict.fromkeys(before for before, _ in one.legs))
    ends = list(dict.fromkeys(after for _, after in one.legs))
    for end in ends:
        yield from longest([leg for leg in one.legs if leg[1] == end], y)
    for state in starts:
        if state not in ends:
            yield element("circle", class_="from", cx=at(state), cy=y, r=3.4)
    for state in one.stays:
        yield ring(state, y, "way")
    if one.fails:
        yield cross(at(VmState.ERROR) + (11 if VmState.ERROR in starts else 0), y)


def longest(legs: Sequence[Leg], y: float) -> Iterator[str]:
    """The farthest ways to one vm_state, from the left and from the right: the others lie on them."""
    end = at(legs[0][1])
    for side in (-1, 1):
        there = [leg for leg in legs if (at(leg[0]) - end) * side > 0]
        if there:
            yield arrow(max(there, key=lambda leg: abs(at(leg[0]) - end)), y, "way", "tip")


def arrow(leg: Leg, y: float, line: str, tip: str) -> str:
    """An arrow between two vm_states."""
    start, end = at(leg[0]), at(leg[1])
    back = 8 if end > start else -8
    head = f"M{end:g} {y:g}l{-back} -4.5v9z"
    wire = element("line", class_=line, x1=start, x2=end - back, y1=y, y2=y)
    return wire + element("path", class_=tip, d=head)


def ring(state: str, y: float, kind: str) -> str:
    """The server stays what it is: a ring that comes back."""
    x = at(state)
    return element("path", class_=kind, d=f"M{x - 3:g} {y - 1:g}a6.5 6.5 0 1 1 6 0m0.5 -5v5.4h-5.4")


def cross(x: float, y: float) -> str:
    """Where it fails for good."""
    return element("path", class_="breaks", d=f"M{x - 3.5:g} {y - 3.5:g}l7 7m0 -7l-7 7")


def path(trip: Trip, y: float) -> str:
    """The way that the server took."""
    if trip.before == trip.after:
        return ring(trip.after, y, "taken")
    return arrow((trip.before, trip.after), y, "taken", "taken-tip")


def turns(taken: Sequence[Trip], y: float) -> str:
    """Which of the server's operations it was: a number, or several."""
    if len(taken) == 1:
        spot = element("circle", class_="taken-tip", cx=LEFT - 16, cy=y, r=7.5)
        return spot + element("text", str(taken[0].number), class_="number", x=LEFT - 16, y=y + 3.4)
    said = shorten(", ".join(str(trip.number) for trip in taken), 16)
    return element("text", said, class_="numbers", x=LEFT - 8, y=y - 3) if taken else ""


def legend(y: float) -> str:
    """What the signs mean."""
    said = "○ may begin here  ·  ▶ ends here  ·  ↻ stays what it is  ·  ✗ is ERROR where it fails"
    return element("text", said, class_="small muted", x=LEFT, y=y)

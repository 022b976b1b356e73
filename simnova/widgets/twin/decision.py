"""The twin's decision: filters downwards, hosts across, weights and the winner below."""

from __future__ import annotations

from typing import Any

from simnova.observe.markup import shorten
from simnova.observe.palette import SIGNS
from simnova.widgets.twin.ink import box, words

Line = tuple[str, dict[str, tuple[str, str]]]
"""A row's label, and by host what stands there and its colour in the palette."""
Size = tuple[float, float]
LABEL, ROW, HOSTS = 176, 24, 8


def draw(
    decision: dict[str, Any] | None, x: float, y: float, width: float
) -> tuple[float, list[str]]:
    """The height and the parts of the matrix; of more than eight hosts the first eight."""
    if decision is None:
        return 40, [words("No decision yet.", x, y + 14, "muted")]
    hosts = decision["hosts"][:HOSTS]
    step = (width - LABEL) / max(1, len(hosts))
    columns = {host: x + LABEL + step * (place + 0.5) for place, host in enumerate(hosts)}
    rows = [
        *map(verdicts, decision["stages"]),
        *map(weights, decision["weighers"]),
        *outcome(decision),
    ]
    parts = [winner(decision, columns, y, (step, ROW * (len(rows) + 1)))]
    parts += names(decision, columns, x, y, step)
    for place, row in enumerate(rows, 1):
        parts += line(row, columns, x, y + ROW * place)
    return ROW * (len(rows) + 1) + 8, parts


def winner(decision: dict[str, Any], columns: dict[str, float], y: float, size: Size) -> str:
    """The ground of the chosen host's column."""
    x = columns.get(str(decision["chosen"]))
    return "" if x is None else box(x - size[0] / 2, y, size, "chosen", radius=6, opacity=0.12)


def names(
    decision: dict[str, Any], columns: dict[str, float], x: float, y: float, step: float
) -> list[str]:
    """The head: whose decision, and the hosts."""
    title = shorten(f"Hosts for {decision['instance']}", 26)
    heads = [
        words(shorten(host, int(step / 7)), place, y + 16, "sn-head", "middle")
        for host, place in columns.items()
    ]
    return [words(title, x, y + 16, "muted"), *heads]


def verdicts(stage: dict[str, Any]) -> Line:
    """A filter's row: signs for passed and rejected."""
    found = {
        host: "passed" if verdict is True else "rejected"
        for host, verdict in stage["verdicts"].items()
    }
    return stage["name"], {host: (SIGNS[kind], kind) for host, kind in found.items()}


def weights(weigher: dict[str, Any]) -> Line:
    """A weigher's row: what it gives each host."""
    cells = {host: (f"{score:.2f}", "muted") for host, score in weigher["scores"].items()}
    return weigher["name"], cells


def outcome(decision: dict[str, Any]) -> list[Line]:
    """The rows at the bottom: sums, and who won."""
    sums = {host: (f"{value:.2f}", "ink") for host, value in decision["weights"].items()}
    won = dict.fromkeys(decision["alternates"], (SIGNS["alternate"], "muted"))
    if decision["chosen"]:
        won[decision["chosen"]] = (SIGNS["chosen"], "chosen")
    return [row for row in (("Weight", sums), ("Chosen", won)) if row[1]]


def line(row: Line, columns: dict[str, float], x: float, y: float) -> list[str]:
    """One row of the matrix."""
    label, cells = row
    signs = [
        words(cells[host][0], place, y + 16, f"sn-bold sn-{cells[host][1]}", "middle")
        for host, place in columns.items()
        if host in cells
    ]
    return [words(shorten(label, 26), x, y + 16), *signs]

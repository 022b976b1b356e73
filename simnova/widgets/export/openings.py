"""What opens on a click, for a page that cannot ask: messages, queues and services at each step, lines of source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from simnova.exceptions import UsageError
from simnova.kernel.journal import Journal
from simnova.observe.source import source
from simnova.widgets import panel
from simnova.widgets.export.parts import Parts

Kept = dict[str, list[int | None]]
"""By what was clicked, at each step which of the parts it is; None where it is not there yet."""


def openings(
    journal: Journal, seqs: Sequence[int], parts: Parts, topology: Sequence[int]
) -> dict[str, Kept]:
    """The parts of queues (their names in lines) and services at each step; `topology` are the pictures of it."""
    kept: dict[str, Kept] = {"queues": {}, "services": {}}
    for index, (seq, picture) in enumerate(zip(seqs, topology, strict=True)):
        for node in nodes(parts.value(picture)["data"]):
            kind, name = named(node)
            found = kept[kind].setdefault(name, [None] * len(seqs))
            found[index] = parts.put(opened(journal, seq, kind, name))
    return kept


def messages(
    journal: Journal, seqs: Sequence[int], parts: Parts, scores: Sequence[int]
) -> dict[str, int]:
    """The parts of what each step carried, and each arrow in some scores, by their events."""
    drawn = {one["seq"] for score in values(parts, scores) for one in score["arrows"]}
    told = sorted({*drawn, *seqs} - {-1})
    return {str(seq): parts.put(panel.message(journal, seq)) for seq in told}


def sources(parts: Parts, states: Sequence[int]) -> dict[str, int]:
    """The parts of the lines of source at which somebody waits in some pictures of a state."""
    found = (pane["data"] for pane in values(parts, states) if pane["data"])
    lines = {one["where"] for data in found for one in data["waits"] if one["open"]}
    return {where: parts.put(asdict(source(where))) for where in sorted(lines)}


def values(parts: Parts, places: Sequence[int]) -> list[Any]:
    """The parts at some places, each once."""
    return [parts.value(place) for place in dict.fromkeys(places)]


def nodes(data: Any) -> Iterator[dict[str, Any]]:
    """What can be clicked in a picture of the topology."""
    for node in data["nodes"] if data else ():
        if node.get("queues") or node["kind"] in ("service", "compute"):
            yield node


def named(node: dict[str, Any]) -> tuple[str, str]:
    """Whether these are queues or a service, and the name under which that is kept."""
    queues = node.get("queues")
    return ("queues", "\n".join(queues)) if queues else ("services", node["name"])


def opened(journal: Journal, seq: int, kind: str, name: str) -> panel.Panel:
    """What opens at a step; nothing where nobody knows it yet."""
    try:
        if kind == "queues":
            return panel.queue(journal, seq, name.split("\n"))
        return panel.service(journal, seq, name)
    except UsageError:
        return {}

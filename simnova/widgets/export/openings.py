"""What opens on a click, for a page that cannot ask: each message drawn, each queue and service at each step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from simnova.exceptions import UsageError
from simnova.kernel.journal import Journal
from simnova.widgets import panel
from simnova.widgets.export.parts import Parts

Kept = dict[str, list[int | None]]
"""By what was clicked, at each step which of the parts it is; None where it is not there yet."""


def openings(
    journal: Journal, seqs: Sequence[int], parts: Parts, shown: dict[str, list[int]]
) -> dict[str, Any]:
    """The parts of messages by their events, and of queues (their names in lines) and services at each step; `shown`
    are the scores and the pictures of the topology.
    """
    drawn = {one["seq"] for score in values(parts, shown["score"]) for one in score["arrows"]}
    told = sorted({*drawn, *seqs} - {-1})
    kept: dict[str, Kept] = {"queues": {}, "services": {}}
    for index, seq in enumerate(seqs):
        for node in nodes(parts.value(shown["topology"][index])["data"]):
            kind, name = named(node)
            found = kept[kind].setdefault(name, [None] * len(seqs))
            found[index] = parts.put(opened(journal, seq, kind, name))
    messages = {str(seq): parts.put(panel.message(journal, seq)) for seq in told}
    return {"messages": messages, **kept}


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

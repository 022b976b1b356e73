"""The topology: brokers, exchanges, queues with their depth, services and hosts; messages travel along the edges."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any, Final

from simnova.kernel.journal import Journal
from simnova.observe.bus import bare
from simnova.observe.bus_plan import WIDTH, Plan, plan
from simnova.observe.bus_rows import Spot
from simnova.observe.bus_ways import way
from simnova.observe.company import Cuts, hypervisor
from simnova.observe.graph import Edge, Ways
from simnova.observe.hosts import Lives
from simnova.observe.index import follow
from simnova.observe.markup import plain
from simnova.observe.names import HYPERVISOR
from simnova.observe.queues import Queues
from simnova.observe.trips import Trip, trips
from simnova.widgets.views.look import Look

TRIPS: Final = 12
"""Messages of a moment that are drawn, the last ones."""
_QUEUES: Final = {"queue", "reply", "fanout"}
_SAYS: Final = {"queue": "queue", "reply": "queue for answers", "fanout": "queue of a fanout"}


def at(look: Look, width: float = WIDTH) -> dict[str, Any] | None:
    """The picture at the step; None where nobody has talked yet."""
    drawn = plan(look.journal, width)
    if not look.moment or not (drawn.rows or drawn.fixed):
        return None
    spots = drawn.at(look.seq)
    where = {
        name: spot for spot in spots for name in (spot.name, *spot.also) if spot.kind != "fold"
    }
    depths = Depths(look.journal, look.seq)
    return {
        "width": drawn.width,
        "height": drawn.height,
        "boxes": boxes(drawn, look),
        "nodes": [node(spot, look, depths) for spot in spots],
        "ways": ways(look, where),
        "trips": travelling(look, where),
    }


def news(look: Look) -> bool:
    """Whether a message went somewhere, or a service came or went."""
    rooms = {event.kind.partition(".")[0] for event in look.moment}
    return bool(rooms & {"rpc", "amqp", "http", "virt", "service"})


class Depths:
    """How many messages wait in queues, and how many are out with somebody who has not acknowledged them."""

    def __init__(self, journal: Journal, seq: int) -> None:
        self._of, self._seq = follow(journal, Queues).of, seq

    def of(self, *queues: str) -> tuple[int, int]:
        """Ready and unacknowledged ones of some queues together."""
        found = [self._of[name].depth(self._seq) for name in queues if name in self._of]
        return sum(ready for ready, _ in found), sum(held for _, held in found)


def boxes(drawn: Plan, look: Look) -> list[dict[str, Any]]:
    """The brokers."""
    return [
        {"name": plain(box.name), "at": list(box[1:]), "tone": tone(box.name, look)}
        for box in drawn.boxes
    ]


def tone(name: str, look: Look) -> str:
    """How a service is: up, down or cut off. A hypervisor is as long as somebody is there to ask it."""
    if follow(look.journal, Cuts).cut(name, look.seq):
        return "cut"
    return "up" if follow(look.journal, Lives).up(name, look.seq) else "down"


def node(spot: Spot, look: Look, depths: Depths) -> dict[str, Any]:
    """Something that stands in the picture."""
    kind = spot.kind
    drawn = {
        "kind": kind,
        "name": plain(spot.name),
        "label": plain(spot.label),
        "at": [round(place, 1) for place in (spot.x, spot.y, spot.w, spot.h)],
        "title": plain(title(spot)),
    }
    if kind in _QUEUES or kind == "fold":
        queues = [*spot.also] if kind == "fold" else [spot.name, *spot.also]
        ready, held = depths.of(*queues)
        said = {"aside": plain(spot.aside), "ready": ready, "held": held}
        return {**drawn, **said} if kind == "fold" else {**drawn, **said, "queues": queues}
    if kind in {"service", "compute"}:
        now = look.event.actor == spot.name
        return {**drawn, "aside": plain(spot.aside), "tone": tone(spot.name, look), "now": now}
    if kind == "hypervisor":
        now = look.event.kind.startswith("virt.") and hypervisor(look.event.actor) == spot.name
        return {**drawn, "now": now}
    return drawn


def title(spot: Spot) -> str:
    """What something is, in full."""
    if spot.kind in _QUEUES:
        more = f" and {len(spot.also)} more" if spot.also else ""
        return f"{_SAYS[spot.kind]} {bare(spot.name)}{more}"
    if spot.kind == "exchange":
        return f"exchange {bare(spot.name)}"
    if spot.kind == "nobody":
        return "queues that nobody has taken anything from"
    return spot.name.replace(HYPERVISOR, "the hypervisor of ")


def ways(look: Look, where: dict[str, Spot]) -> list[dict[str, Any]]:
    """The ways that messages have taken by now, with how many did."""
    known = follow(look.journal, Ways).of
    return [
        taken(edge, bisect_right(seqs, look.seq), way(where[edge.source], where[edge.target]))
        for edge, seqs in known.items()
        if seqs[0] <= look.seq and edge.source in where and edge.target in where
    ]


def taken(edge: Edge, messages: int, path: str) -> dict[str, Any]:
    """One way."""
    key = f", routing key {plain(edge.label)}" if edge.label else ""
    return {
        "kind": edge.kind,
        "source": plain(edge.source),
        "target": plain(edge.target),
        "messages": messages,
        "d": path,
        "title": f"{messages} {'message' if messages == 1 else 'messages'}{key}",
    }


def travelling(look: Look, where: dict[str, Spot]) -> list[dict[str, Any]]:
    """The messages of the moment, that of the step itself last."""
    found = [trip for event in look.moment for trip in trips(look.journal, event)]
    return [one for trip in found[-TRIPS:] if (one := travels(trip, look, where))["legs"]]


def travels(trip: Trip, look: Look, where: dict[str, Spot]) -> dict[str, Any]:
    """One message: its legs as far as their ends are drawn."""
    legs = [
        way(where[source], where[target])
        for source, target in trip.hops
        if source in where and target in where
    ]
    return {
        "seq": trip.seq,
        "style": trip.style,
        "now": trip.seq == look.seq,
        "failed": trip.failed,
        "legs": legs,
    }

"""The cloud: hosts filling with servers, and what is sold against what is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from simnova.kernel.journal import Event
from simnova.observe import claims, hosts
from simnova.observe.markup import plain
from simnova.widgets.views.look import Look

CARDS: Final = 12
"""Hosts that are told with their servers; of more, each is one field of a grid."""
FIELDS: Final = 200
"""Hosts of a grid that are sent."""
NAMES: Final = 6
"""Servers of a field that are named."""
_ROOMS = {"VCPU": ("VCPU", ""), "MEMORY_MB": ("RAM", "MB"), "DISK_GB": ("disk", "GB")}
_GHOSTS = {
    "arriving": "is on its way here",
    "leaving": "has gone, its claim has not",
    "leak": "a claim without a server",
}
_SHELVES = {"instances", "compute_nodes", "services", "allocations", "inventories"}


def at(look: Look) -> list[dict[str, Any]]:
    """The hosts at the step; of very many the first and whoever acts, with `more` on the last."""
    if not look.moment:
        return []
    views = hosts.at(look.journal, look.seq)
    return cards(look, views) if len(views) <= CARDS else grid(look, views)


def grid(look: Look, views: Sequence[hosts.HostView]) -> list[dict[str, Any]]:
    """Many hosts."""
    held = claims.claims(look.journal, look.seq)
    shown = [view for place, view in enumerate(views) if place < FIELDS or acts(view, look.event)]
    fields = [field(view, look.event, held.get(view.name, [])) for view in shown]
    if len(shown) < len(views):
        fields[-1]["more"] = len(views) - len(shown)
    return fields


def cards(look: Look, views: Sequence[hosts.HostView]) -> list[dict[str, Any]]:
    """Hosts with their servers."""
    held = claims.claims(look.journal, look.seq)
    return [host(view, look.event, held.get(view.name, [])) for view in views]


def news(look: Look) -> bool:
    """Whether a server, a host or what is sold of it has changed."""
    lives = any(event.kind.startswith("service.") for event in look.moment)
    return lives or bool(look.tables & _SHELVES)


def acts(view: hosts.HostView, event: Event) -> bool:
    """Whether the event is a host's own."""
    return event.actor.endswith(f"@{view.name}")


def head(view: hosts.HostView, event: Event) -> dict[str, Any]:
    """What is said of every host."""
    well = view.up and not view.forced_down
    return {
        "name": plain(view.name),
        "state": plain(view.status),
        "tone": "bad" if not well else "off" if view.disabled else "good",
        "now": acts(view, event),
        "cell": plain(view.cell),
        "reason": plain(view.reason),
        "rooms": [room(meter) for meter in view.meters],
    }


def host(view: hosts.HostView, event: Event, held: Sequence[claims.Claim] = ()) -> dict[str, Any]:
    """A host: its rooms, what of them is sold, servers as wide as their part of the memory, and claims of others."""
    memory = next((meter.capacity for meter in view.meters if meter.name == "MEMORY_MB"), 0)
    here = {one.uuid for one in view.servers}
    going = {claim.server for claim in held if claim.kind == "leaving"}
    return {
        **head(view, event),
        "servers": [
            server(one, memory, event) | {"leaves": one.uuid in going} for one in view.servers
        ],
        "claims": [
            ghost(claim, memory)
            for claim in held
            if claim.kind != "held" and claim.server not in here
        ],
    }


def field(view: hosts.HostView, event: Event, held: Sequence[claims.Claim]) -> dict[str, Any]:
    """A host in a grid: how many servers it has, and the names of some."""
    here = {one.uuid for one in view.servers}
    return {
        **head(view, event),
        "servers": [],
        "count": len(view.servers),
        "names": [plain(one.name) for one in view.servers[:NAMES]],
        "claims": [
            ghost(claim, 0) for claim in held if claim.kind != "held" and claim.server not in here
        ][:NAMES],
    }


def ghost(claim: claims.Claim, memory: int) -> dict[str, Any]:
    """A claim whose server is not on the host."""
    return {
        "name": plain(claim.name),
        "kind": claim.kind,
        "state": _GHOSTS[claim.kind],
        "share": min(1.0, claim.memory_mb / memory) if memory else 0.0,
    }


def room(meter: hosts.Meter) -> dict[str, Any]:
    """One resource: `used` is sold, `total` may be sold, `there` is what the machine has."""
    name, unit = _ROOMS.get(meter.name, (meter.name, ""))
    return {
        "name": name,
        "unit": unit,
        "total": meter.capacity,
        "used": meter.used,
        "there": meter.total,
        "told": meter.told if " x " in meter.told else "",
    }


def server(one: hosts.ServerView, memory: int, event: Event) -> dict[str, Any]:
    """A server in its host's box."""
    unsettled = one.vm_state == "building" or one.task_state
    return {
        "name": plain(one.name),
        "state": one.state,
        "tone": "bad" if one.vm_state == "error" else "building" if unsettled else "active",
        "share": min(1.0, one.memory_mb / memory) if memory else 0.0,
        "now": event.data.get("instance") == one.uuid,
    }

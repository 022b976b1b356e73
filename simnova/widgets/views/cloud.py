"""The cloud: hosts filling with servers, and what is sold against what is there."""

from __future__ import annotations

from typing import Any, Final

from simnova.kernel.journal import Event
from simnova.observe import hosts
from simnova.observe.markup import plain
from simnova.widgets.views.look import Look

CARDS: Final = 60
_ROOMS = {"VCPU": ("VCPU", ""), "MEMORY_MB": ("RAM", "MB"), "DISK_GB": ("disk", "GB")}
_SHELVES = {"instances", "compute_nodes", "services", "allocations", "inventories"}


def at(look: Look) -> list[dict[str, Any]]:
    """The hosts at the step, sixty at most."""
    if not look.moment:
        return []
    return [host(view, look.event) for view in hosts.at(look.journal, look.seq)[:CARDS]]


def news(look: Look) -> bool:
    """Whether a server, a host or what is sold of it has changed."""
    lives = any(event.kind.startswith("service.") for event in look.moment)
    return lives or bool(look.tables & _SHELVES)


def host(view: hosts.HostView, event: Event) -> dict[str, Any]:
    """A host: its rooms, what of them is sold, its servers as wide as their part of the memory."""
    memory = next((meter.capacity for meter in view.meters if meter.name == "MEMORY_MB"), 0)
    return {
        "name": plain(view.name),
        "state": view.status,
        "tone": "good" if view.up else "bad",
        "now": event.actor.endswith(f"@{view.name}"),
        "rooms": [room(meter) for meter in view.meters],
        "servers": [server(one, memory, event) for one in view.servers],
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

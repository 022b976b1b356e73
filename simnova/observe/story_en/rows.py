"""Row changes, told by what the row means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simnova.observe import placed
from simnova.observe.markup import short
from simnova.observe.story_en.acting import acting, columns, owner, place
from simnova.observe.story_en.migrations import migration_changed, migration_noted
from simnova.observe.story_en.words import (
    resources,
    server,
    subject,
    value,
)
from simnova.observe.telling import Telling

_STATES = ("vm_state", "task_state", "power_state")


def instance_changed(telling: Telling) -> str:
    """A server's row changed."""
    after = telling.data.get("after") or {}
    moved = [name for name in _STATES if name in after]
    if "host" in after or "node" in after:
        host = after.get("host", after.get("node"))
        where = (
            f"puts {owner(telling)} on {host}" if host else f"takes {owner(telling)} off its host"
        )
        states = f" and sets {columns(telling, moved)}" if moved else ""
        return f"{acting(telling)} {where}{states}."
    names = moved or [name for name in after if name != "updated_at"]
    return f"{acting(telling)} sets {owner(telling)}'s {columns(telling, names)}{built(telling)}."


def built(telling: Telling) -> str:
    """How long the building took that ends here."""
    before, after = telling.data.get("before") or {}, telling.data.get("after") or {}
    ended = after.get("vm_state")
    if before.get("vm_state") != "building" or ended not in {"active", "error"}:
        return ""
    first = telling.journal.causes(telling.event.seq)[-1]
    if first.kind != "input":
        return ""
    return f": it is {ended.upper()} {telling.event.time - first.time:.2f} s after it was asked for"


def instance_made(telling: Telling) -> str:
    """A server's row is made in a cell."""
    row = telling.data.get("after") or {}
    buried = " (cell0 keeps the servers that never got a host)" if "cell0" in place(telling) else ""
    states = f"{row.get('vm_state')}, {row.get('task_state') or 'no task'}"
    whom = server(telling, row.get("uuid"))
    return f"{acting(telling)} writes {whom} into {place(telling)}: {states}{buried}."


def request_noted(telling: Telling) -> str:
    """A build request is noted."""
    return (
        f"{subject(telling)} notes the build request of {owner(telling)}; "
        "until it has a cell, this row is what the API shows of it."
    )


def request_gone(telling: Telling) -> str:
    """A build request is deleted."""
    return (
        f"{subject(telling)} deletes the build request of {owner(telling)}: "
        "its row in the cell takes over."
    )


def spec_noted(telling: Telling) -> str:
    """A request spec is kept."""
    return (
        f"{subject(telling)} keeps the request spec of {owner(telling)}: "
        "what it needs, for the scheduler to read."
    )


def mapping_noted(telling: Telling) -> str:
    """An instance mapping is made."""
    return f"{subject(telling)} notes that {owner(telling)} exists and has no cell yet."


def host_mapped(telling: Telling) -> str:
    """A host mapping is made."""
    row = telling.data.get("after") or {}
    cell = telling.names.cell(row.get("cell_id"))
    return f"{subject(telling)} maps the host {value(row.get('host'))} to its cell ({cell})."


def mapping_changed(telling: Telling) -> str:
    """A server gets its cell."""
    after = telling.data.get("after") or {}
    cell = next((after[name] for name in ("cell_id", "cell_mapping_id") if name in after), None)
    if cell is None:
        return updated(telling)
    return f"{subject(telling)} maps {owner(telling)} to its cell ({telling.names.cell(cell)})."


def fault_noted(telling: Telling) -> str:
    """A fault is recorded."""
    row = telling.data.get("after") or {}
    text = value(short(row.get("message")), 120).rstrip(". ")
    return f"{acting(telling)} records the fault of {owner(telling)}: {row.get('code')} {text}."


def action_noted(telling: Telling) -> str:
    """An instance action begins."""
    row = telling.data.get("after") or {}
    return f"{acting(telling)} opens the record of {owner(telling)}'s action '{row.get('action')}'."


def event_noted(telling: Telling) -> str:
    """An action's event begins."""
    row = telling.data.get("after") or {}
    return f"{acting(telling)} records that {row.get('event')} begins."


def event_ended(telling: Telling) -> str:
    """An action's event ends."""
    after = telling.data.get("after") or {}
    event = telling.row.get("event") or "the event"
    return f"{acting(telling)} records that {event} ended: {after.get('result') or 'finished'}."


def heartbeat(telling: Telling) -> str:
    """A service reports."""
    after = telling.data.get("after") or {}
    if "report_count" not in after:
        return updated(telling)
    times = ordinal(after["report_count"])
    return f"{acting(telling)} reports that it is alive, for the {times} time."


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th."""
    last = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if 10 <= number % 100 <= 20 else last}"


def node_changed(telling: Telling) -> str:
    """A compute node's usage changed."""
    after = telling.data.get("after") or {}
    used = {kind: after[name] for kind, name in _USED.items() if after.get(name) is not None}
    if not used:
        return updated(telling)
    return f"{acting(telling)} notes what is used there now: {resources(used)}."


_USED = {"VCPU": "vcpus_used", "MEMORY_MB": "memory_mb_used", "DISK_GB": "local_gb_used"}


def provider(telling: Telling, row: dict[str, Any]) -> str:
    """The host whose provider a row of Placement belongs to."""
    key = placed.PROVIDERS, str(row.get("resource_provider_id"))
    return telling.names.of.get(telling.names.rows.get(key, ""), "a host")


def stocked(telling: Telling) -> str:
    """Placement notes what a host has of one resource class."""
    row = telling.data.get("after") or {}
    kind = placed.STANDARD.get(row.get("resource_class_id", -1), "of a resource class")
    less = f", {row['reserved']} of them reserved" if row.get("reserved") else ""
    ratio = (
        f", sold {row['allocation_ratio']:g} times" if row.get("allocation_ratio", 1) != 1 else ""
    )
    has = f"{provider(telling, row)} has {row.get('total', 'some')} {kind}"
    return f"{subject(telling)} notes that {has}{less}{ratio}."


def allocated(telling: Telling) -> str:
    """Placement books or frees an amount of a host's inventory."""
    row = telling.data.get("after") or telling.data.get("before") or {}
    kind = placed.STANDARD.get(row.get("resource_class_id", -1), "of a resource class")
    verb = "frees" if telling.event.kind == "db.delete" else "books"
    whom = server(telling, row.get("consumer_id"))
    host = provider(telling, row)
    return f"{subject(telling)} {verb} {row.get('used', 'some')} {kind} of {host} for {whom}."


def generation(telling: Telling) -> str:
    """A provider's generation has moved: whoever has read it before must read it again."""
    before, after = telling.data.get("before") or {}, telling.data.get("after") or {}
    if "generation" not in after:
        return updated(telling)
    change = f"from {before.get('generation')} to {after['generation']}"
    return f"{subject(telling)} moves the generation of {label(telling) or 'a provider'} {change}."


_LABELS = ("key", "display_name", "name", "hypervisor_hostname", "host", "ip_address", "binary")


def label(telling: Telling) -> str:
    """What names a row: its server, its key or name."""
    row = telling.row or telling.data.get("before") or {}
    name = next((value(row[column]) for column in _LABELS if row.get(column)), "")
    uuid = (
        row.get("instance_uuid")
        or row.get("consumer_id")
        or row.get("device_id")
        or row.get("uuid")
    )
    known = telling.names.servers.get(uuid) if isinstance(uuid, str) else None
    return " of ".join(part for part in (name, f"server {known}" if known else "") if part)


def inserted(telling: Telling) -> str:
    """db.insert of any other table."""
    about = label(telling)
    return f"{acting(telling)} writes a row into {place(telling)}{f': {about}' if about else ''}."


def updated(telling: Telling) -> str:
    """db.update of any other table."""
    names = [name for name in telling.data.get("after") or {} if name != "updated_at"]
    what = f": {columns(telling, names, most=3)}" if names else ""
    about = label(telling)
    return f"{acting(telling)} changes {place(telling)}{f' ({about})' if about else ''}{what}."


def deleted(telling: Telling) -> str:
    """db.delete of any other table."""
    about = label(telling)
    return f"{acting(telling)} deletes a row of {place(telling)}{f': {about}' if about else ''}."


def refused(telling: Telling) -> str:
    """db.refused"""
    reason = str(telling.data.get("reason") or "not allowed").rstrip(".")
    return f"{subject(telling)} is refused a change of {place(telling)}: {reason}."


def unreachable(telling: Telling) -> str:
    """db.unreachable"""
    data = telling.data
    how = "waits in vain for" if data.get("hangs") else "does not reach"
    return (
        f"{subject(telling)} {how} the database {data.get('db')}: {value(data.get('reason'), 200)}"
    )


Phrase = Callable[[Telling], str]
INSERTS: dict[str, Phrase] = {
    "instances": instance_made,
    "build_requests": request_noted,
    "request_specs": spec_noted,
    "host_mappings": host_mapped,
    "instance_mappings": mapping_noted,
    "instance_faults": fault_noted,
    "instance_actions": action_noted,
    "instance_actions_events": event_noted,
    "allocations": allocated,
    "migrations": migration_noted,
    "inventories": stocked,
}
UPDATES: dict[str, Phrase] = {
    "instances": instance_changed,
    "instance_mappings": mapping_changed,
    "instance_actions_events": event_ended,
    "services": heartbeat,
    "compute_nodes": node_changed,
    "migrations": migration_changed,
    "resource_providers": generation,
}
DELETES: dict[str, Phrase] = {"build_requests": request_gone, "allocations": allocated}


def insert(telling: Telling) -> str:
    """db.insert"""
    return INSERTS.get(str(telling.data.get("table")), inserted)(telling)


def update(telling: Telling) -> str:
    """db.update"""
    return UPDATES.get(str(telling.data.get("table")), updated)(telling)


def delete(telling: Telling) -> str:
    """db.delete"""
    return DELETES.get(str(telling.data.get("table")), deleted)(telling)

"""The names that people know things by: a uuid's server, host, image or network; an actor's place
in the picture.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from simnova.kernel.journal import Event

HYPERVISOR = "hypervisor@"
"""What an actor that stands for a host's hypervisor is called: `hypervisor@compute1`."""

_RANKS = {
    name: rank
    for rank, name in enumerate(
        (
            "client",
            "keystone",
            "nova-api",
            "nova-api-metadata",
            "nova-conductor",
            "nova-scheduler",
            "placement",
            "nova-compute",
            "hypervisor",
            "glance",
            "neutron",
            "neutron-metadata-agent",
            "rabbitmq",
        )
    )
}
_LABELS = ("display_name", "hypervisor_hostname", "name")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


class Names:
    """What rows call the things they hold; `follow(journal, Names)`. `changes` is how often a server got a name."""

    def __init__(self) -> None:
        self.of: dict[str, str] = {}
        self.servers: dict[str, str] = {}
        self.called: dict[str, dict[str, None]] = {}
        self.moves: dict[str, str] = {}
        self.owners: dict[str, tuple[str, str]] = {}
        self.rows: dict[tuple[str, str], str] = {}
        self.cells: dict[str, str] = {}
        self.flavors: dict[str, str] = {}
        self.changes = 0

    def add(self, event: Event) -> None:
        """Take in the next event."""
        after = event.data.get("after") or {}
        if event.kind == "db.insert":
            self._row(event, after)
        elif event.kind == "db.update":
            self._renamed(event, after.get("display_name") or in_json(after.get("instance")))
        elif event.kind == "log" and event.data.get("user_id"):
            self._owner(event, event.data)

    def alike(self, asked: str) -> list[str]:
        """The uuids of the servers that are called so, or, where none is, were called so; a uuid is its own name."""
        now = [uuid for uuid, name in self.servers.items() if asked in (uuid, name)]
        return now or list(self.called.get(asked, ()))

    def _renamed(self, event: Event, name: str | None) -> None:
        table = f"{event.data.get('db')}.{event.data.get('table')}"
        uuid = self.rows.get((table, str(event.data.get("key"))))
        if name and uuid in self.servers:
            self._call(uuid, name)

    def _call(self, uuid: str, name: str) -> None:
        self.changes += self.servers.get(uuid) != name
        self.servers[uuid] = self.of[uuid] = name
        self.called.setdefault(name, {})[uuid] = None

    def _row(self, event: Event, row: dict[str, Any]) -> None:
        uuid = row.get("uuid") or row.get("id")
        label = next((row[name] for name in _LABELS if row.get(name)), None)
        if isinstance(uuid, str) and label is not None:
            self.of[uuid] = str(label)
        self._server(event, row)
        self._key(event, row)
        self._owner(event, row)

    def _owner(self, event: Event, row: Mapping[str, Any]) -> None:
        if event.request_id and row.get("user_id") and row.get("project_id"):
            self.owners.setdefault(event.request_id, (str(row["user_id"]), str(row["project_id"])))

    def _server(self, event: Event, row: dict[str, Any]) -> None:
        table = event.data.get("table")
        if table == "instances" and row.get("uuid"):
            self._call(row["uuid"], row.get("display_name") or row["uuid"])
        elif table == "build_requests" and row.get("instance_uuid"):
            uuid = row["instance_uuid"]
            if uuid not in self.servers:
                self._call(uuid, self.of.get(uuid) or in_json(row.get("instance")) or uuid)
        elif table == "migrations" and row.get("uuid"):
            self.moves[row["uuid"]] = str(row.get("instance_uuid"))

    def _key(self, event: Event, row: dict[str, Any]) -> None:
        owner, key = row.get("instance_uuid") or row.get("uuid"), str(event.data.get("key"))
        if isinstance(owner, str):
            self.rows[f"{event.data.get('db')}.{event.data.get('table')}", key] = owner
        if row.get("flavorid") and row.get("name"):
            self.flavors[str(row["flavorid"])] = str(row["name"])
        if event.data.get("table") == "cell_mappings" and row.get("name"):
            self.cells[key] = self.cells[str(row.get("id"))] = str(row["name"])

    def cell(self, key: Any) -> str:
        """The name of the cell with that id."""
        return self.cells.get(str(key), f"cell {key}")


def in_json(instance: Any) -> str | None:
    """The display_name inside a serialised Instance, as build_requests keeps it."""
    found = re.search(r'"?display_name"?\'?: "?\'?([^"\']*)["\']', str(instance))
    return found.group(1) if found else None


def uuids(text: str) -> list[str]:
    """The uuids in a text, in order."""
    return _UUID.findall(text)


def host_of(actor: str) -> str:
    """The host of an actor such as nova-compute@compute1; empty for one that has none."""
    return actor.partition("@")[2]


def natural(name: str) -> tuple[Any, ...]:
    """A sort key under which compute2 comes before compute10."""
    return tuple(int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name))


def place(actor: str) -> tuple[Any, ...]:
    """A sort key that puts actors from left to right as a boot runs; a hypervisor stands beside its
    nova-compute.
    """
    binary, _, host = actor.partition("@")
    known = binary.partition(":")[0]
    rank = _RANKS.get(known, _RANKS.get(known.partition("-")[0], len(_RANKS)))
    compute = _RANKS["nova-compute"]
    if binary == "hypervisor":
        return compute, natural(host), 1
    return rank, natural(host), 0, natural(binary)

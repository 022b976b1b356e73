"""Claims: what Placement has sold of each host, to whom, and whether there is a server for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from simnova.kernel.journal import Journal
from simnova.observe import kept, placed, rows
from simnova.observe.index import follow
from simnova.observe.names import Names

Kind = Literal["held", "leaving", "arriving", "leak"]
FAILED: Final = {"error", "failed", "cancelled"}
"""The states of a migration that came to nothing: what it still holds has been forgotten."""
REQUESTS: Final = "nova_api.build_requests"
_MEMORY: Final = next(number for number, name in placed.STANDARD.items() if name == "MEMORY_MB")


@dataclass(frozen=True)
class Claim:
    """What one consumer holds of one host.

    `kind`: `held` by a server that is there; `arriving`, of one that is on its way; `leaving`, of one that goes or has
    gone and may come back; `leak`, of nobody who would give it back. `server` is the server's uuid, empty if none is
    known.
    """

    host: str
    consumer: str
    server: str
    name: str
    kind: Kind
    memory_mb: int


class _Books:
    """The rows that claims are compared with, as they were after a step."""

    def __init__(self, journal: Journal, seq: int) -> None:
        there = [row for row in rows.in_cells(journal, seq, "instances") if _there(row)]
        self.servers = {str(row.get("uuid")): row for row in there}
        self.asked = {row.get("instance_uuid") for row in rows.at(journal, seq, REQUESTS)}
        moves = rows.in_cells(journal, seq, "migrations")
        self.moves = {str(row.get("uuid")): row for row in moves}
        self.names = follow(journal, Names).of

    def claim(self, host: str, consumer: str, memory: int) -> Claim:
        """One claim, told what it is."""
        move = self.moves.get(consumer)
        server = str(move.get("instance_uuid")) if move else consumer
        kind = self._of_move(move, server) if move else self._of_server(host, server)
        known = server in self.servers or server in self.asked
        name = self.names.get(server, server)
        return Claim(host, consumer, server if known else "", name, kind, memory)

    def _of_move(self, move: dict[str, Any], server: str) -> Kind:
        over = str(move.get("status")) in FAILED or server not in self.servers
        return "leak" if over else "leaving"

    def _of_server(self, host: str, server: str) -> Kind:
        row = self.servers.get(server)
        if row is None:
            return "arriving" if server in self.asked else "leak"
        if row.get("host") == host:
            return "held"
        if any(self._evacuated(move, host, server) for move in self.moves.values()):
            return "leaving"
        return "arriving" if row.get("task_state") or row.get("vm_state") == "building" else "leak"

    def _evacuated(self, move: dict[str, Any], host: str, server: str) -> bool:
        ends = move.get("instance_uuid"), move.get("source_compute")
        return ends == (server, host) and move.get("status") not in FAILED


@kept.of_tables(
    "allocations",
    "resource_providers",
    "compute_nodes",
    "instances",
    "build_requests",
    "migrations",
)
def claims(journal: Journal, seq: int) -> dict[str, list[Claim]]:
    """The claims on each host after step `seq`, in the order in which they were made."""
    providers = placed.providers(journal, seq)
    hosts = {
        row["id"]: providers.get(row.get("uuid", ""), "")
        for row in rows.at(journal, seq, placed.PROVIDERS)
        if "id" in row
    }
    held: dict[tuple[str, str], int] = {}
    for row in rows.at(journal, seq, placed.ALLOCATIONS):
        key = hosts.get(row.get("resource_provider_id"), ""), str(row.get("consumer_id"))
        memory = row.get("used", 0) if row.get("resource_class_id") == _MEMORY else 0
        held[key] = held.get(key, 0) + memory
    books, found = _Books(journal, seq), dict[str, list[Claim]]()
    for (host, consumer), memory in held.items():
        found.setdefault(host, []).append(books.claim(host, consumer, memory))
    return found


def _there(row: dict[str, Any]) -> bool:
    return not row.get("deleted") and row.get("vm_state") != "deleted"

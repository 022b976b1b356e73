"""What Placement has, noted in the journal of a scheduler that is asked: so the reasons can be read from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simnova.kernel.journal import Journal
from simnova.messaging.rest import HTTP_RESPONSE
from simnova.nova.cmd.manage import API_DB, CELL1_DB
from simnova.observe import candidates
from simnova.scenario.stage import PLACEMENT_DB
from simnova.standards import TRAITS

__door__ = True

Tables = Mapping[str, Sequence[Mapping[str, Any]]]

_TOLD = {
    API_DB: ("aggregates",),
    CELL1_DB: ("compute_nodes",),
    PLACEMENT_DB: (
        "resource_classes",
        "resource_providers",
        "inventories",
        "allocations",
        "placement_aggregates",
        "resource_provider_aggregates",
    ),
}


def note(journal: Journal, rows: Mapping[str, Tables]) -> None:
    """Write the rows that explain Placement's answer as if they had just been made, and the providers' traits."""
    for db, tables in _TOLD.items():
        for table in tables:
            for key, row in enumerate(rows[db].get(table, ())):
                data = {"db": db, "table": table, "key": key, "before": None, "after": dict(row)}
                journal.record("db.insert", data, actor="scenario", background=True)
    for uuid, names in traits(rows[PLACEMENT_DB]).items():
        about = {"id": -1, "to": "scenario", "method": "GET", "status": 200}
        path = f"/resource_providers/{uuid}/traits"
        journal.record(
            HTTP_RESPONSE,
            {**about, "path": path, "body": {"traits": names}},
            actor="placement",
            background=True,
        )


def lacks(journal: Journal) -> dict[str, str]:
    """Why the hosts that Placement's first answer left out are not in it, from a journal with these notes."""
    about = [event for event in journal if event.data.get("path") == "/allocation_candidates"]
    row = candidates.row(journal, about[0], about[1]) if len(about) > 1 else None
    verdicts = row.verdicts if row else {}
    return {host: said.reason for host, said in verdicts.items() if not said.passed}


def traits(tables: Tables) -> dict[str, list[str]]:
    """The names of each provider's traits, by its uuid."""
    names = dict(enumerate(TRAITS, 1))
    names |= {row["id"]: row["name"] for row in tables["traits"]}
    uuids = {row["id"]: row["uuid"] for row in tables["resource_providers"]}
    found: dict[str, list[str]] = {uuid: [] for uuid in uuids.values()}
    for row in tables.get("resource_provider_traits", ()):
        found[uuids[row["resource_provider_id"]]].append(names[row["trait_id"]])
    return found

"""Placement's bodies and rows: who has room, and who holds what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simnova.kernel.journal import Journal
from simnova.observe import kept, rows
from simnova.observe.telling import fields, query

PROVIDERS, CLASSES = "placement.resource_providers", "placement.resource_classes"
INVENTORIES, ALLOCATIONS = "placement.inventories", "placement.allocations"
STANDARD = {0: "VCPU", 1: "MEMORY_MB", 2: "DISK_GB"}
"""The first ids of os-resource-classes, which every Placement starts with."""


def asked(data: Mapping[str, Any]) -> dict[str, int]:
    """The amounts in the `resources` parameter of a query to Placement."""
    pairs = [part.partition(":") for part in query(data).get("resources", "").split(",") if part]
    return {name: int(amount) for name, _, amount in pairs}


def candidates(body: dict[str, Any]) -> list[str]:
    """The providers in an answer to GET /allocation_candidates, in its order."""
    found: dict[str, None] = {}
    requests = body.get("allocation_requests")
    for request in requests if isinstance(requests, list) else ():
        found.update(dict.fromkeys(allocations(request)))
    return list(found)


def allocations(body: Any) -> dict[str, Any]:
    """What a body allocates, by provider; older microversions give a list."""
    given = body.get("allocations") if isinstance(body, dict) else None
    if isinstance(given, list):
        named = ((fields(fields(one).get("resource_provider")).get("uuid"), one) for one in given)
        return {uuid: one for uuid, one in named if isinstance(uuid, str)}
    return given if isinstance(given, dict) else {}


@kept.of_tables("resource_providers", "compute_nodes")
def providers(journal: Journal, seq: int) -> dict[str, str]:
    """The compute hosts that Placement can name at a step: host by provider uuid (a compute node's
    own uuid).
    """
    named = {
        row["uuid"]: row.get("name") for row in rows.at(journal, seq, PROVIDERS) if "uuid" in row
    }
    nodes = {
        row.get("uuid"): row.get("host") for row in rows.in_cells(journal, seq, "compute_nodes")
    }
    return {uuid: str(nodes.get(uuid) or name or uuid) for uuid, name in named.items()}


@dataclass(frozen=True)
class Stock:
    """What a provider has of one resource class, and what of it is sold."""

    name: str
    total: int
    reserved: int
    ratio: float
    max_unit: int
    used: int
    min_unit: int = 1
    step_size: int = 1

    @property
    def capacity(self) -> int:
        """What may be sold: (total - reserved) * ratio."""
        return int((self.total - self.reserved) * self.ratio)

    @property
    def free(self) -> int:
        """What is left to sell; negative where more was sold than there is."""
        return self.capacity - self.used

    @property
    def told(self) -> str:
        """How the capacity comes about: 8 x 4, (8192 - 512) x 1.5."""
        there = f"{self.total} - {self.reserved}" if self.reserved else str(self.total)
        if self.ratio == 1:
            return f"({there})" if self.reserved else there
        return f"{f'({there})' if self.reserved else there} x {self.ratio:g}"


@kept.of_tables("resource_providers", "resource_classes", "inventories", "allocations")
def stocks(journal: Journal, seq: int) -> dict[str, dict[str, Stock]]:
    """The stock of each provider at a step, by provider uuid and resource class."""
    known = {
        row["id"]: row.get("uuid", "") for row in rows.at(journal, seq, PROVIDERS) if "id" in row
    }
    classes = {
        **STANDARD,
        **{row["id"]: row["name"] for row in rows.at(journal, seq, CLASSES) if "name" in row},
    }
    used: Counter[tuple[Any, Any]] = Counter()
    for row in rows.at(journal, seq, ALLOCATIONS):
        used[row.get("resource_provider_id"), row.get("resource_class_id")] += row.get("used", 0)
    found: dict[str, dict[str, Stock]] = {}
    for row in rows.at(journal, seq, INVENTORIES):
        provider, kind = row.get("resource_provider_id"), row.get("resource_class_id")
        name = classes.get(kind, str(kind))
        found.setdefault(known.get(provider, ""), {})[name] = _stock(
            name, row, used[provider, kind]
        )
    return found


def _stock(name: str, row: dict[str, Any], used: int) -> Stock:
    total = row.get("total", 0)
    ratio, largest = row.get("allocation_ratio", 1.0), row.get("max_unit", total)
    least, step = row.get("min_unit", 1), row.get("step_size", 1)
    return Stock(name, total, row.get("reserved", 0), ratio, largest, used, least, step)


_UNITS = {"MEMORY_MB": "MB", "DISK_GB": "GB"}
"""What the amounts of a resource class are counted in, where it is not the class itself."""


def lack(stock: dict[str, Stock], wanted: dict[str, int]) -> str:
    """Why a provider with that stock cannot sell `wanted`; empty where it could."""
    return "; ".join(filter(None, (_short(stock.get(name), name, wanted[name]) for name in wanted)))


def _short(stock: Stock | None, name: str, wanted: int) -> str:
    if stock is None:
        return f"has no {name}"
    unit = _UNITS.get(name, name)
    if not stock.min_unit <= wanted <= stock.max_unit:
        end, bound = (
            ("most", stock.max_unit) if wanted > stock.max_unit else ("least", stock.min_unit)
        )
        return f"needs {wanted} {unit}, one server may have {bound} at {end}"
    if wanted % stock.step_size:
        return f"needs {wanted} {unit}, which is sold in steps of {stock.step_size}"
    if wanted > stock.free:
        return f"needs {wanted} {unit}, {stock.free} {unit} of {stock.told} free"
    return ""

"""Placement as one app: its routes are those of its handlers (`placement/handler.py`)."""

from __future__ import annotations

from simnova.messaging.rest import Request, Response, route
from simnova.placement.handlers.allocation import Allocations
from simnova.placement.handlers.allocation_candidate import AllocationCandidates
from simnova.placement.handlers.inventory import Inventories
from simnova.placement.handlers.resource_provider import ResourceProviders
from simnova.placement.handlers.trait import AggregatesAndUsages, ResourceClasses, Traits


class Placement(
    ResourceProviders,
    Inventories,
    Allocations,
    AllocationCandidates,
    Traits,
    ResourceClasses,
    AggregatesAndUsages,
):
    """The service: `Placement(clock, databases.open("placement", METADATA))`."""

    @route("GET", "/")
    async def home(self, request: Request) -> Response:
        """The versions that it speaks."""
        version = {
            "id": "v1.0",
            "max_version": "1.39",
            "min_version": "1.0",
            "status": "CURRENT",
            "links": [{"rel": "self", "href": ""}],
        }
        return Response(200, {"versions": [version]})

"""The report client of a cloud without Placement, as Nova was before 14.0.0 (Newton): nobody is asked, nobody told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from simnova.nova.context import RequestContext
from simnova.nova.scheduler.client.provider_tree import Inventories
from simnova.nova.scheduler.client.report import ProviderAllocInfo, SchedulerReportClient


class NoPlacement(SchedulerReportClient):
    """Stands in so that services need not know: no server holds anything, and what a host has goes nowhere."""

    async def get_allocs_for_consumer(
        self, context: RequestContext, consumer: str
    ) -> dict[str, Any]:
        """No allocations."""
        return {"allocations": {}}

    async def get_allocations_for_resource_provider(
        self, context: RequestContext, rp_uuid: str
    ) -> ProviderAllocInfo:
        """No consumers."""
        return ProviderAllocInfo({})

    async def update_compute_node(
        self,
        context: RequestContext,
        rp_uuid: str,
        name: str,
        inventory: Inventories,
        traits: Iterable[str],
    ) -> None:
        """The row of the compute node is all that is known of a host."""

    async def delete_allocation_for_instance(
        self,
        context: RequestContext,
        uuid: str,
        consumer_type: str = "instance",
        force: bool = False,
    ) -> bool | None:
        """There was nothing to take."""
        return False

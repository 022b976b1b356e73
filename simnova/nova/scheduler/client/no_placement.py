"""The report client of a cloud without Placement, as Nova was before 14.0.0 (Newton): nobody is asked, nobody told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from simnova.nova.context import RequestContext
from simnova.nova.objects.compute_node import ComputeNode
from simnova.nova.scheduler.client.provider_tree import Inventories
from simnova.nova.scheduler.client.reader import TraitInfo
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
        initial_ratios: Mapping[str, float] | None = None,
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

    async def get_provider_traits(self, context: RequestContext, rp_uuid: str) -> TraitInfo:
        """No host has a trait."""
        return TraitInfo(set(), 0)

    async def move_allocations(
        self, context: RequestContext, source_consumer_uuid: str, target_consumer_uuid: str
    ) -> bool:
        """Nothing is held, so it has moved."""
        return True

    async def remove_provider_tree_from_instance_allocation(
        self, context: RequestContext, consumer_uuid: str, root_rp_uuid: str
    ) -> bool:
        """There is nothing to take away."""
        return True

    async def delete_compute_node(self, context: RequestContext, node: ComputeNode) -> None:
        """There is no provider to delete."""

    async def aggregate_add_host(
        self, context: RequestContext, agg_uuid: str, host_name: str
    ) -> None:
        """Only Nova knows of aggregates."""

    async def aggregate_remove_host(
        self, context: RequestContext, agg_uuid: str, host_name: str
    ) -> None:
        """Only Nova knows of aggregates."""

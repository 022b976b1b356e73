"""Helpers of the scheduler and of those who work with its answers (`nova/scheduler/utils.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simnova.nova.log import getLogger

if TYPE_CHECKING:
    from simnova.nova.context import RequestContext
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.scheduler.client.report import SchedulerReportClient

LOG = getLogger(__name__)


def request_is_rebuild(spec_obj: RequestSpec | None) -> bool:
    """Whether the server only asks whether it may stay where it is, with another image."""
    return spec_obj is not None and spec_obj.scheduler_hints.get("_nova_check_type") == ["rebuild"]


async def claim_resources(
    ctx: RequestContext,
    client: SchedulerReportClient,
    spec_obj: RequestSpec,
    instance_uuid: str,
    alloc_req: dict[str, Any],
    allocation_request_version: str | None = None,
) -> bool:
    """Claim an allocation request for a server in Placement; False where somebody else was faster."""
    if request_is_rebuild(spec_obj):
        LOG.debug(
            "Not claiming resources in the placement API for rebuild-only scheduling of instance %s",
            instance_uuid,
        )
        return True
    LOG.debug("Attempting to claim resources in the placement API for instance %s", instance_uuid)
    return await client.claim_resources(
        ctx,
        instance_uuid,
        alloc_req,
        spec_obj.project_id,
        spec_obj.user_id or ctx.user_id,
        allocation_request_version=allocation_request_version,
    )

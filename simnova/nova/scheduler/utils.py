"""Helpers of the scheduler and of those who work with its answers (`nova/scheduler/utils.py`)."""

from __future__ import annotations

from collections.abc import Iterable
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


def parse_options(options: Iterable[str], name: str) -> list[tuple[str, float]]:
    """The pairs of a list of `key=number`; what is none is logged and left out. `name` is the option's."""
    found = [(text, *_pair(text)) for text in options]
    bad = [text for text, key, number in found if not key or number is None]
    if bad:
        LOG.warning("Ignoring the invalid elements of the option %s: %s", name, ", ".join(bad))
    return [(key, number) for _, key, number in found if key and number is not None]


def _pair(text: str) -> tuple[str, float | None]:
    key, _, number = text.partition("=")
    try:
        return key, float(number)
    except ValueError:
        return key, None


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

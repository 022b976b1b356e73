"""What is added to a request before Placement is asked (`nova/scheduler/request_filter.py`), in Nova's order.

Those of the fourteen for which the model has what they ask for; `docs/fidelity.md` names the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnova.nova.context import target_cell
from simnova.nova.log import getLogger
from simnova.nova.objects.aggregate import Aggregate
from simnova.nova.objects.cell_mapping import CellMapping
from simnova.nova.objects.request_spec import Destination
from simnova.nova.objects.service import Service

if TYPE_CHECKING:
    from simnova.config import Config
    from simnova.nova.context import RequestContext
    from simnova.nova.objects.request_spec import RequestSpec

LOG = getLogger(__name__)

MIN_COMPUTE_VERSION_OWNER_TRAIT = 73
"""From this service version on a nova-compute marks its providers with OWNER_NOVA."""


async def map_az_to_placement_aggregate(
    ctxt: RequestContext, spec: RequestSpec, conf: Config
) -> bool:
    """An availability zone becomes membership of one of its aggregates; a zone without one restricts nothing."""
    zone = spec.availability_zone
    if not zone:
        return False
    aggregates = await Aggregate.get_by_metadata(ctxt, "availability_zone", zone)
    if aggregates:
        uuids = ",".join(aggregate.uuid for aggregate in aggregates)
        spec.requested_destination = spec.requested_destination or Destination()
        spec.requested_destination.aggregates.append(uuids)
        LOG.debug(
            "map_az_to_placement_aggregate request filter added aggregates %s for az %r",
            uuids,
            zone,
        )
    return True


async def require_image_type_support(ctxt: RequestContext, spec: RequestSpec, conf: Config) -> bool:
    """Only hosts that can read the image's disk format, if the operator wants that asked."""
    if not conf.scheduler.query_placement_for_image_type_support or spec.is_bfv:
        return False
    trait = f"COMPUTE_IMAGE_TYPE_{spec.image.disk_format.upper()}"
    spec.root_required.append(trait)
    LOG.debug("require_image_type_support request filter added required trait %s", trait)
    return True


async def compute_status_filter(ctxt: RequestContext, spec: RequestSpec, conf: Config) -> bool:
    """No hosts whose service an operator has disabled."""
    spec.root_forbidden.append("COMPUTE_STATUS_DISABLED")
    LOG.debug(
        "compute_status_filter request filter added forbidden trait %s", "COMPUTE_STATUS_DISABLED"
    )
    return True


async def owner_nova_filter(ctxt: RequestContext, spec: RequestSpec, conf: Config) -> bool:
    """Only providers that are Nova's own, once every nova-compute is new enough to say so."""
    version = await _minimum_compute_version(ctxt)
    if version < MIN_COMPUTE_VERSION_OWNER_TRAIT:
        LOG.warning(
            "OWNER_NOVA trait not added to scheduling request: not all nova-compute services are upgraded "
            "(min_version=%d, need %d).",
            version,
            MIN_COMPUTE_VERSION_OWNER_TRAIT,
        )
        return False
    spec.root_required.append("OWNER_NOVA")
    LOG.debug("Added required trait %s to root provider in request spec", "OWNER_NOVA")
    return True


async def _minimum_compute_version(ctxt: RequestContext) -> int:
    versions = [
        service.version
        for cell in await CellMapping.get_all(ctxt)
        for service in await Service.get_all(target_cell(ctxt, cell), "nova-compute")
    ]
    return min(versions, default=0)


ALL_REQUEST_FILTERS = [
    map_az_to_placement_aggregate,
    require_image_type_support,
    compute_status_filter,
    owner_nova_filter,
]


async def process_reqspec(ctxt: RequestContext, request_spec: RequestSpec, conf: Config) -> None:
    """Let every request filter add to the request."""
    clock = ctxt.here.clock
    for request_filter in ALL_REQUEST_FILTERS:
        started = clock.now
        if await request_filter(ctxt, request_spec, conf):
            LOG.debug(
                "Request filter %r took %.1f seconds", request_filter.__name__, clock.now - started
            )

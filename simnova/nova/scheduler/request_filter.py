"""What is added to a request before Placement is asked (`nova/scheduler/request_filter.py`), in Nova's order.

Two of Nova's fourteen are left out, because the model has neither segments of networks nor ports that a SmartNIC
manages: `docs/fidelity.md`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from simnova.nova import exception
from simnova.nova.log import getLogger
from simnova.nova.objects.aggregate import Aggregate
from simnova.nova.objects.request_spec import Destination
from simnova.nova.objects.service import get_minimum_version_all_cells
from simnova.nova.scheduler.resource_request import ResourceRequest
from simnova.nova.virt import constraints
from simnova.standards import TRAITS

if TYPE_CHECKING:
    from simnova.config import Config
    from simnova.nova.context import RequestContext
    from simnova.nova.objects.request_spec import RequestSpec

LOG = getLogger(__name__)

TENANT_METADATA_KEY = "filter_tenant_id"
MIN_COMPUTE_VERSION_OWNER_TRAIT = 73
"""From this service version on a nova-compute marks its providers with OWNER_NOVA."""

_IMAGE_TRAITS = {
    "hw_cdrom_bus": "COMPUTE_STORAGE_BUS",
    "hw_disk_bus": "COMPUTE_STORAGE_BUS",
    "hw_video_model": "COMPUTE_GRAPHICS_MODEL",
    "hw_vif_model": "COMPUTE_NET_VIF_MODEL",
    "hw_architecture": "HW_ARCH",
    "hw_emulation_architecture": "COMPUTE_ARCH",
    "hw_viommu_model": "COMPUTE_VIOMMU",
}
_KNOWN = frozenset(TRAITS)


def _require(spec: RequestSpec, trait: str) -> None:
    if trait not in spec.root_required:
        spec.root_required.append(trait)


def _known(trait: str) -> bool:
    if trait not in _KNOWN:
        LOG.error("Computed trait name %r is not valid; is os-traits up to date?", trait)
    return trait in _KNOWN


def _destination(spec: RequestSpec) -> Destination:
    spec.requested_destination = spec.requested_destination or Destination()
    return spec.requested_destination


async def require_tenant_aggregate(ctxt: RequestContext, spec: RequestSpec, conf: Config) -> bool:
    """A project stays on the aggregates whose metadata `filter_tenant_id` (and what follows) names it."""
    if not conf.scheduler.limit_tenants_to_placement_aggregate:
        return False
    mine = [
        aggregate.uuid
        for aggregate in await Aggregate.get_all(ctxt)
        if _names(aggregate.metadata.items(), spec.project_id)
    ]
    if mine:
        uuids = ",".join(mine)
        _destination(spec).aggregates.append(uuids)
        LOG.debug(
            "require_tenant_aggregate request filter added aggregates %s for tenant %r",
            uuids,
            spec.project_id,
        )
    elif conf.scheduler.placement_aggregate_required_for_tenants:
        LOG.warning("Tenant %(tenant)s has no available aggregates", {"tenant": spec.project_id})
        raise exception.RequestFilterFailed(reason="No hosts available for tenant")
    return True


def _names(metadata: Iterable[tuple[str, str]], project_id: str | None) -> bool:
    return any(
        key.startswith(TENANT_METADATA_KEY) and value == project_id for key, value in metadata
    )


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
        _destination(spec).aggregates.append(uuids)
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
    if not _known(trait):
        return False
    _require(spec, trait)
    LOG.debug("require_image_type_support request filter added required trait %s", trait)
    return True


async def compute_status_filter(ctxt: RequestContext, spec: RequestSpec, conf: Config) -> bool:
    """No hosts whose service an operator has disabled."""
    trait = "COMPUTE_STATUS_DISABLED"
    if trait not in spec.root_forbidden:
        spec.root_forbidden.append(trait)
    LOG.debug("compute_status_filter request filter added forbidden trait %s", trait)
    return True


async def isolate_aggregates(ctxt: RequestContext, spec: RequestSpec, conf: Config) -> bool:
    """No hosts of aggregates that require a trait (`trait:X=required`) which neither flavor nor image requires."""
    if not conf.scheduler.enable_isolated_aggregate_filtering:
        return False
    asked = ResourceRequest.from_request_spec(spec, None).all_required_traits
    isolated = [
        aggregate.uuid
        for aggregate in await Aggregate.get_all(ctxt)
        if any(
            key.startswith("trait:") and value == "required" and key[6:] not in asked
            for key, value in aggregate.metadata.items()
        )
    ]
    if isolated:
        _destination(spec).forbidden_aggregates += isolated
    return True


async def transform_image_metadata(ctxt: RequestContext, spec: RequestSpec, conf: Config) -> bool:
    """Devices that the image names become traits that a host must have, if the operator wants that."""
    if not conf.scheduler.image_metadata_prefilter:
        return False
    properties = spec.image.known_properties()
    traits = [
        f"{prefix}_{str(properties[key]).replace('-', '_').upper()}"
        for key, prefix in _IMAGE_TRAITS.items()
        if key in properties
    ]
    if not all(_known(trait) for trait in traits):
        return False
    for trait in traits:
        LOG.debug("transform_image_metadata request filter added required trait %s", trait)
        _require(spec, trait)
    return True


async def accelerators_filter(ctxt: RequestContext, spec: RequestSpec, conf: Config) -> bool:
    """Only hosts that can attach accelerators, where the flavor names a device profile."""
    if spec.flavor.extra_specs.get("accel:device_profile"):
        _require(spec, "COMPUTE_ACCELERATORS")
        LOG.debug(
            "accelerators_filter request filter added required trait %s", "COMPUTE_ACCELERATORS"
        )
    return True


async def packed_virtqueue_filter(ctxt: RequestContext, spec: RequestSpec, conf: Config) -> bool:
    """Only hosts with packed virtqueues, where flavor or image want them."""
    if constraints.get_packed_virtqueue_constraint(spec.flavor, spec.image):
        _require(spec, "COMPUTE_NET_VIRTIO_PACKED")
        LOG.debug(
            "virtqueue_filter request filter added required trait %s", "COMPUTE_NET_VIRTIO_PACKED"
        )
    return True


async def ephemeral_encryption_filter(
    ctxt: RequestContext, spec: RequestSpec, conf: Config
) -> bool:
    """Only hosts that encrypt ephemeral disks, in the wanted format, where flavor or image want that."""
    if not constraints.get_ephemeral_encryption_constraint(spec.flavor, spec.image):
        LOG.debug("ephemeral_encryption_filter skipped")
        return False
    wanted = constraints.get_ephemeral_encryption_format(spec.flavor, spec.image)
    for trait in ("", *([f"_{wanted.upper()}"] if wanted else [])):
        _require(spec, f"COMPUTE_EPHEMERAL_ENCRYPTION{trait}")
        LOG.debug("ephemeral_encryption_filter added trait COMPUTE_EPHEMERAL_ENCRYPTION%s", trait)
    return True


async def virtio_sound_filter(ctxt: RequestContext, spec: RequestSpec, conf: Config) -> bool:
    """Only hosts with virtio sound devices, where flavor or image want one."""
    if constraints.get_sound_model(spec.flavor, spec.image) != "virtio":
        LOG.debug("virtio_sound_filter skipped")
        return False
    _require(spec, "COMPUTE_SOUND_MODEL_VIRTIO")
    LOG.debug("virtio_sound_filter added trait COMPUTE_SOUND_MODEL_VIRTIO")
    return True


async def tpm_secret_security_filter(ctxt: RequestContext, spec: RequestSpec, conf: Config) -> bool:
    """Only hosts that keep the secret of an emulated TPM as the flavor wants it: for the user, if it does not say."""
    if constraints.get_vtpm_constraint(spec.flavor, spec.image) is None:
        LOG.debug("tpm_secret_security_filter skipped")
        return False
    security = spec.flavor.extra_specs.get("hw:tpm_secret_security") or "user"
    if security not in ("user", "host", "deployment"):
        reason = f"TPM secret security '{security}' is not supported."
        LOG.warning(reason)
        raise exception.RequestFilterFailed(reason=reason)
    _require(spec, f"COMPUTE_SECURITY_TPM_SECRET_SECURITY_{security.upper()}")
    return True


async def owner_nova_filter(ctxt: RequestContext, spec: RequestSpec, conf: Config) -> bool:
    """Only providers that are Nova's own, once every nova-compute is new enough to say so."""
    if "OWNER_NOVA" in spec.root_required:
        return True
    version = await get_minimum_version_all_cells(ctxt, "nova-compute")
    if version < MIN_COMPUTE_VERSION_OWNER_TRAIT:
        LOG.warning(
            "OWNER_NOVA trait not added to scheduling request: not all nova-compute services are upgraded "
            "(min_version=%d, need %d).",
            version,
            MIN_COMPUTE_VERSION_OWNER_TRAIT,
        )
        return False
    _require(spec, "OWNER_NOVA")
    LOG.debug("Added required trait %s to root provider in request spec", "OWNER_NOVA")
    return True


ALL_REQUEST_FILTERS = [
    require_tenant_aggregate,
    map_az_to_placement_aggregate,
    require_image_type_support,
    compute_status_filter,
    isolate_aggregates,
    transform_image_metadata,
    accelerators_filter,
    packed_virtqueue_filter,
    ephemeral_encryption_filter,
    virtio_sound_filter,
    tpm_secret_security_filter,
    owner_nova_filter,
]


async def process_reqspec(ctxt: RequestContext, request_spec: RequestSpec, conf: Config) -> None:
    """Let every request filter add to the request; raises `RequestFilterFailed`."""
    clock = ctxt.here.clock
    for request_filter in ALL_REQUEST_FILTERS:
        started = clock.now
        if await request_filter(ctxt, request_spec, conf):
            LOG.debug(
                "Request filter %r took %.1f seconds", request_filter.__name__, clock.now - started
            )

"""What the API shows of servers whose cell does not answer, since 2.69 (`api-guide/source/down_cells.rst`)."""

from __future__ import annotations

from typing import Any

from simnova.nova import exception
from simnova.nova.api import views
from simnova.nova.api.versions import Version
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.instance_group import InstanceGroup
from simnova.nova.objects.instance_mapping import InstanceMapping
from simnova.nova.objects.request_spec import RequestSpec
from simnova.nova.objects.states import PowerState

LOG = getLogger("nova.compute.api")

SINCE: Version = (2, 69)
_GROUPS: Version = (2, 71)
UNKNOWN = "UNKNOWN"


def brief(mapping: InstanceMapping) -> dict[str, Any]:
    """One of a list."""
    uuid = mapping.instance_uuid
    return {"id": uuid, "status": UNKNOWN, "links": views.links("servers", uuid)}


def detail(mapping: InstanceMapping) -> dict[str, Any]:
    """One of a list in detail."""
    return {**brief(mapping), "tenant_id": mapping.project_id, "created": mapping.created_at}


async def show(
    context: RequestContext, mapping: InstanceMapping, microversion: Version
) -> dict[str, Any]:
    """One server, with what its request spec says; raises InstanceNotFound for one that is being deleted."""
    uuid = mapping.instance_uuid
    spec = None
    if not mapping.queued_for_delete:
        LOG.warning(
            "Cell %s is not responding and hence only partial results are available from this cell.",
            mapping.cell_uuid,
        )
        spec = await RequestSpec.get_by_instance_uuid(context, uuid)
    if spec is None:
        raise exception.InstanceNotFound(instance_id=uuid)
    shown = {
        **detail(mapping),
        "image": views.image_of(spec.image.id),
        "flavor": views.flavor_of(spec.flavor, microversion),
        "OS-EXT-AZ:availability_zone": spec.availability_zone or UNKNOWN,
        "OS-EXT-STS:power_state": PowerState.NOSTATE,
        "user_id": spec.user_id or UNKNOWN,
    }
    if microversion >= _GROUPS:
        shown["server_groups"] = await _groups(context, uuid)
    return shown


async def _groups(context: RequestContext, uuid: str) -> list[str | None]:
    try:
        return [(await InstanceGroup.get_by_instance_uuid(context, uuid)).uuid]
    except exception.InstanceGroupNotFound:
        return []

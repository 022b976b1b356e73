"""What a project may have, counted from what it has (`nova/quota.py`, `nova/compute/utils.py`)."""

from __future__ import annotations

from collections import Counter

from simnova.config import Config
from simnova.nova import exception
from simnova.nova.context import RequestContext, target_cell
from simnova.nova.objects.build_request import BuildRequest
from simnova.nova.objects.cell_mapping import CellMapping
from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.instance import Instance


async def check_num_instances(
    context: RequestContext, conf: Config, flavor: Flavor, min_count: int, max_count: int
) -> int:
    """How many servers of this flavor the project may still have, at most `max_count`.

    Raises TooManyInstances where that is below `min_count`. A limit of -1 is none. Memory in MB.
    """
    limits = {"instances": conf.quota.instances, "cores": conf.quota.cores, "ram": conf.quota.ram}
    each = {"instances": 1, "cores": flavor.vcpus, "ram": flavor.memory_mb}
    if all(limit < 0 for limit in limits.values()):
        return max_count
    used = await _usage(context)
    room = {
        name: (limit - used[name]) // each[name] if limit >= 0 and each[name] else max_count
        for name, limit in limits.items()
    }
    allowed = min(max_count, *room.values())
    if allowed >= min_count:
        return allowed
    overs = sorted(name for name, fits in room.items() if fits < min_count)
    raise exception.TooManyInstances(
        overs=", ".join(overs),
        req=", ".join(str(each[name] * min_count) for name in overs),
        used=", ".join(str(used[name]) for name in overs),
        allowed=", ".join(str(limits[name]) for name in overs),
    )


async def _usage(context: RequestContext) -> dict[str, int]:
    """What the project has, in every cell and still to be scheduled; memory in MB."""
    waiting = await BuildRequest.get_all(context, context.project_id)
    used = Counter(instances=len(waiting))
    for request in waiting:
        used.update(cores=request.instance.vcpus, ram=request.instance.memory_mb)
    for cell in await CellMapping.get_all(context):
        used.update(await Instance.get_counts(target_cell(context, cell), str(context.project_id)))
    return dict(used) | {name: used[name] for name in ("cores", "ram")}


async def check_upsize(context: RequestContext, conf: Config, current: Flavor, new: Flavor) -> None:
    """Raise TooManyInstances where what a server gets more by a resize is more than the project may have."""
    limits = {"cores": conf.quota.cores, "ram": conf.quota.ram}
    more = {"cores": new.vcpus - current.vcpus, "ram": new.memory_mb - current.memory_mb}
    asked = {name: delta for name, delta in more.items() if delta > 0 and limits[name] >= 0}
    if not asked:
        return
    used = await _usage(context)
    overs = sorted(name for name, delta in asked.items() if used[name] + delta > limits[name])
    if overs:
        raise exception.TooManyInstances(
            overs=", ".join(overs),
            req=", ".join(str(asked[name]) for name in overs),
            used=", ".join(str(used[name]) for name in overs),
            allowed=", ".join(str(limits[name]) for name in overs),
        )

"""Whether servers fit into the quotas, and in which words they do not (`nova/compute/utils.py`)."""

from __future__ import annotations

from collections.abc import Mapping

from simnova.nova import exception
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.quotas import Limits, Quotas
from simnova.nova.quota.driver import DbQuotaDriver

LOG = getLogger("nova.compute.utils")

Amounts = dict[str, int]


async def check_num_instances(
    quotas: DbQuotaDriver,
    context: RequestContext,
    flavor: Flavor,
    min_count: int,
    max_count: int,
    *,
    project_id: str | None = None,
    user_id: str | None = None,
) -> int:
    """How many servers of this flavor the project and the user may still have, at most `max_count`.

    Raises TooManyInstances where that is below `min_count`.
    """
    project = project_id or str(context.project_id)
    deltas = _amounts(flavor, max_count)
    try:
        await _check(quotas, context, deltas, project, user_id or str(context.user_id))
        return max_count
    except exception.OverQuota as over:
        overs, limits, used = (over.kwargs[name] for name in ("overs", "quotas", "usages"))
    headroom = _headroom(limits, used, deltas)
    allowed = _how_many(headroom, flavor)
    if allowed > 0 and min_count <= allowed <= max_count:
        return await check_num_instances(
            quotas, context, flavor, min_count, allowed, project_id=project, user_id=user_id
        )
    number = str(max_count) if min_count == max_count else f"{min_count}-{max_count}"
    _tell(overs, project, allowed, min_count, max_count)
    raise _too_many(overs, {**deltas, "instances": number}, limits, headroom)


async def recheck(
    quotas: DbQuotaDriver,
    context: RequestContext,
    flavor: Flavor,
    asked: int,
    *,
    project_id: str,
    user_id: str,
) -> None:
    """Count again after servers were written, where `[quota] recheck_quota` says so (`_recheck_quota`).

    Raises TooManyInstances, as for the number that was asked, where another request was faster.
    """
    if not quotas.conf.quota.recheck_quota:
        return
    nothing = _amounts(flavor, 0)
    try:
        await _check(quotas, context, nothing, project_id, user_id)
    except exception.OverQuota as over:
        overs = over.kwargs["overs"]
        _tell(overs, project_id, 0, 0, 0)
        wanted = _amounts(flavor, asked)
        raise _too_many(overs, wanted, over.kwargs["quotas"], nothing) from None


async def check_unshelve(
    quotas: DbQuotaDriver, context: RequestContext, instance: Instance
) -> None:
    """Raise OverQuota where Placement would count too much with a server that has been without a host.

    What is counted in the cells has been counted all the time.
    """
    if not quotas.conf.quota.count_usage_from_placement:
        return
    deltas = {**_amounts(instance.flavor, 1), "instances": 0}
    owner = {"project_id": instance.project_id, "user_id": instance.user_id}
    await quotas.check_deltas(context, deltas, context.project_id, context.user_id, **owner)


async def check_metadata(
    quotas: DbQuotaDriver, context: RequestContext, metadata: Mapping[str, str]
) -> None:
    """Raise MetadataLimitExceeded where a server or image would have too many items."""
    if not metadata:
        return
    try:
        await quotas.limit_check(context, metadata_items=len(metadata))
    except exception.OverQuota as over:
        allowed = over.kwargs["quotas"]["metadata_items"]
        raise exception.MetadataLimitExceeded(allowed=allowed) from None


async def check_upsize(
    quotas: DbQuotaDriver,
    context: RequestContext,
    instance: Instance,
    current: Flavor,
    new: Flavor,
) -> None:
    """Raise TooManyInstances where what a server gets more by a resize is more than there may be."""
    more = {"cores": new.vcpus - current.vcpus, "ram": new.memory_mb - current.memory_mb}
    deltas = {name: max(0, amount) for name, amount in more.items()}
    if not any(deltas.values()):
        return
    owner = str(instance.project_id), str(instance.user_id)
    try:
        await quotas.check_deltas(context, deltas, *owner, project_id=owner[0], user_id=owner[1])
    except exception.OverQuota as over:
        overs, limits, used = (over.kwargs[name] for name in ("overs", "quotas", "usages"))
        LOG.info(
            "%s quota exceeded for %s, tried to resize instance.",
            ", ".join(overs),
            context.project_id,
        )
        raise _too_many(overs, deltas, limits, _headroom(limits, used, deltas)) from None


async def _check(
    quotas: DbQuotaDriver, context: RequestContext, deltas: Amounts, project_id: str, user_id: str
) -> None:
    """Users are counted only where one has limits of their own."""
    own = await Quotas.get_all_by_project_and_user(context, project_id, user_id)
    count_args = (project_id, user_id) if own.keys() & deltas.keys() else (project_id,)
    await quotas.check_deltas(context, deltas, *count_args, project_id=project_id, user_id=user_id)


def _amounts(flavor: Flavor, count: int) -> Amounts:
    return {"instances": count, "cores": count * flavor.vcpus, "ram": count * flavor.memory_mb}


def _headroom(limits: Limits, used: Amounts, deltas: Amounts) -> Amounts:
    """What is left of each; where cores or RAM have no limit, as much as the servers that are left can take.

    A limit of -1 for instances leaves less than nothing, as in Nova: with it, what does not fit whole is refused.
    """
    left = {name: limits[name] - used[name] for name in used}
    for name in ("cores", "ram"):
        if limits[name] == -1 and name in left:
            each = deltas[name] // max(1, deltas.get("instances", 1)) if deltas[name] else 1
            left[name] = left.get("instances", 1) * each
    return left


def _how_many(headroom: Amounts, flavor: Flavor) -> int:
    each = {"instances": 1, "cores": flavor.vcpus, "ram": flavor.memory_mb}
    return min(headroom[name] // size for name, size in each.items() if size)


def _tell(overs: list[str], project: str, allowed: int, min_count: int, max_count: int) -> None:
    why = (
        f"Can only run {allowed} more instances of this type."
        if allowed > 0
        else "Cannot run any more instances of this type."
    )
    if min_count == max_count == 0:
        LOG.debug("%s quota exceeded for %s. %s", ", ".join(overs), project, why)
        return
    number = (
        f"{min_count} instances"
        if min_count == max_count
        else f"between {min_count} and {max_count} instances"
    )
    LOG.debug(
        "%s quota exceeded for %s, tried to run %s. %s", ", ".join(overs), project, number, why
    )


def _too_many(
    overs: list[str], asked: Mapping[str, object], limits: Limits, left: Amounts
) -> exception.TooManyInstances:
    return exception.TooManyInstances(
        overs=", ".join(overs),
        req=", ".join(str(asked[name]) for name in overs),
        used=", ".join(str(limits[name] - left[name]) for name in overs),
        allowed=", ".join(str(limits[name]) for name in overs),
    )

"""Helpers of the scheduler and of those who work with its answers (`nova/scheduler/utils.py`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from simnova.nova import exception
from simnova.nova.log import getLogger
from simnova.nova.objects.instance_group import InstanceGroup

if TYPE_CHECKING:
    from simnova.config import Config
    from simnova.nova.context import RequestContext
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.objects.selection import Selection
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


def populate_retry(
    properties: dict[str, Any], instance_uuid: str, max_attempts: int, forced: bool = False
) -> dict[str, Any]:
    """Count one more attempt; raises MaxRetriesExceeded.

    One attempt only, or a host that is forced: nothing is counted, because nothing is tried again.
    """
    if max_attempts == 1 or forced:
        return properties
    retry = properties.get("retry") or {"num_attempts": 0, "hosts": []}
    retry = {**retry, "num_attempts": retry["num_attempts"] + 1}
    _log_compute_error(instance_uuid, retry)
    exc_reason = retry.pop("exc_reason", None)
    if retry["num_attempts"] > max_attempts:
        reason = f"Exceeded max scheduling attempts {max_attempts} for instance {instance_uuid}."
        raise exception.MaxRetriesExceeded(reason=f"{reason} Last exception: {exc_reason}")
    return {**properties, "retry": retry}


def _log_compute_error(instance_uuid: str, retry: dict[str, Any]) -> None:
    """Tell what the last host has said, where it has said anything."""
    if retry.get("exc") and retry["hosts"]:
        host, node = retry["hosts"][-1]
        values = {"last_host": host, "last_node": node, "exc": retry["exc"]}
        text = "Error from last host: %(last_host)s (node %(last_node)s): %(exc)s"
        LOG.error(text, values, instance=instance_uuid)


def attempts(properties: dict[str, Any]) -> dict[str, Any] | None:
    """What a request spec keeps of the retries (`SchedulerRetries`); None where none are counted."""
    retry = properties.get("retry")
    return {name: retry[name] for name in ("num_attempts", "hosts")} if retry else None


def populate_filter_properties(properties: dict[str, Any], host: Selection) -> dict[str, Any]:
    """The properties with the limits of the chosen host, which is one more that was tried, where that is counted."""
    found = {**properties, "limits": host.limits or {}}
    if retry := properties.get("retry"):
        tried = [*retry["hosts"], [host.service_host, host.nodename]]
        found["retry"] = {**retry, "hosts": tried}
    return found


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


_NEEDS_FILTER = {
    "affinity": "ServerGroupAffinityFilter",
    "anti-affinity": "ServerGroupAntiAffinityFilter",
}
_NEEDS_WEIGHER = {
    "soft-affinity": "nova.scheduler.weights.affinity.ServerGroupSoftAffinityWeigher",
    "soft-anti-affinity": "nova.scheduler.weights.affinity.ServerGroupSoftAntiAffinityWeigher",
}


async def setup_instance_group(ctx: RequestContext, spec_obj: RequestSpec, conf: Config) -> None:
    """Say of a request's group who is in it now and on which hosts they are.

    Raises UnsupportedPolicyException where the filter or weigher of its policy is not enabled.
    """
    if spec_obj.instance_group is None:
        return
    try:
        group = await InstanceGroup.get_by_instance_uuid(ctx.elevated(), spec_obj.instance_uuid)
    except exception.InstanceGroupNotFound:
        return
    _check_policy(group.policy, conf)
    group.hosts = await InstanceGroup.get_hosts(ctx, group.members)
    spec_obj.instance_group = group


def _check_policy(policy: str, conf: Config) -> None:
    options = conf.filter_scheduler
    name = _NEEDS_FILTER.get(policy, "")
    missing = bool(name) and name not in options.enabled_filters
    if policy in _NEEDS_WEIGHER:
        path = _NEEDS_WEIGHER[policy]
        name = path.rpartition(".")[2]
        missing = not {path, "nova.scheduler.weights.all_weighers"} & set(options.weight_classes)
    if missing:
        LOG.error("%s not configured", name)
        raise exception.UnsupportedPolicyException(reason=f"{name} not configured")

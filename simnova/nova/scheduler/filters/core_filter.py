"""Hosts with enough virtual CPUs (`nova/scheduler/filters/core_filter.py`), until Placement decided that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnova.nova.log import getLogger
from simnova.nova.scheduler import filters
from simnova.nova.scheduler.filters import utils

if TYPE_CHECKING:
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.scheduler.columns import Array, HostColumns
    from simnova.nova.scheduler.host_manager import HostState

LOG = getLogger(__name__)


class BaseCoreFilter(filters.BaseHostFilter):
    """Compares the flavor's VCPUs with what a host has left, overcommitted by a ratio."""

    def _get_cpu_allocation_ratio(self, host_state: HostState, spec_obj: RequestSpec) -> float:
        raise NotImplementedError

    def host_passes(self, host_state: HostState, spec_obj: RequestSpec) -> bool | filters.Rejected:
        """Whether the VCPUs are there; a host that does not know its own number passes."""
        wanted, total = spec_obj.vcpus, host_state.vcpus_total
        if not total:
            LOG.warning("VCPUs not set; assuming CPU collection broken")
            return True
        ratio = self._get_cpu_allocation_ratio(host_state, spec_obj)
        limit = total * ratio
        free = limit - host_state.vcpus_used
        if limit > 0:
            host_state.limits["vcpu"] = limit
            if wanted > total:
                return filters.Rejected(
                    f"needs {wanted} VCPU, more than the {total} that the host has in all"
                )
        if wanted > free:
            return filters.Rejected(f"needs {wanted} VCPU, {free:g} of {total} x {ratio:g} free")
        return True


class CoreFilter(BaseCoreFilter):
    """Compares the flavor's VCPUs with what a host has left, overcommitted by its own `cpu_allocation_ratio`.

    Until 20.0.0 (Train): Placement's allocation candidates decide on amounts since then.
    """

    def hosts_pass(self, hosts: HostColumns, spec_obj: RequestSpec) -> Array:
        """Arithmetic."""
        return _fitting(hosts, spec_obj, hosts.all_or_each(True))

    def _get_cpu_allocation_ratio(self, host_state: HostState, spec_obj: RequestSpec) -> float:
        return host_state.cpu_allocation_ratio


class AggregateCoreFilter(BaseCoreFilter):
    """As CoreFilter, with the least `cpu_allocation_ratio` of the host's aggregates, where there is one.

    Until 22.0.0 (Victoria): ratios live in Placement's inventories since then.
    """

    def hosts_pass(self, hosts: HostColumns, spec_obj: RequestSpec) -> Array:
        """Arithmetic for hosts whose aggregates say nothing of the ratio; the others are asked."""
        return _fitting(hosts, spec_obj, hosts.without("cpu_allocation_ratio"))

    def _get_cpu_allocation_ratio(self, host_state: HostState, spec_obj: RequestSpec) -> float:
        return utils.aggregate_number(
            host_state, "cpu_allocation_ratio", host_state.cpu_allocation_ratio, float
        )


def _fitting(hosts: HostColumns, spec: RequestSpec, which: Array) -> Array:
    """Of those hosts, the ones with enough VCPUs by their own ratio; they get their limits."""
    total = hosts.vcpus_total
    limit = total * hosts.cpu_allocation_ratio
    fits = (spec.vcpus <= total) & (spec.vcpus <= limit - hosts.vcpus_used)
    sure: Array = which & fits & (total != 0) & (limit > 0)
    hosts.limit("vcpu", limit, sure)
    return sure

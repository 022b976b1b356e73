"""Hosts with enough memory (`nova/scheduler/filters/ram_filter.py`), until Placement decided that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnova.nova.scheduler import filters
from simnova.nova.scheduler.filters import utils

if TYPE_CHECKING:
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.scheduler.columns import Array, HostColumns
    from simnova.nova.scheduler.host_manager import HostState


class BaseRamFilter(filters.BaseHostFilter):
    """Compares the flavor's memory with what a host has left, overcommitted by a ratio."""

    def _get_ram_allocation_ratio(self, host_state: HostState, spec_obj: RequestSpec) -> float:
        raise NotImplementedError

    def host_passes(self, host_state: HostState, spec_obj: RequestSpec) -> bool | filters.Rejected:
        """Whether the memory is there. A server is never overcommitted against itself, only against others."""
        wanted, total = spec_obj.memory_mb, host_state.total_usable_ram_mb
        ratio = self._get_ram_allocation_ratio(host_state, spec_obj)
        limit = total * ratio
        free = limit - (total - host_state.free_ram_mb)
        if wanted > total:
            return filters.Rejected(
                f"needs {wanted} MB, more than the {total} MB that the host has in all"
            )
        if wanted > free:
            return filters.Rejected(f"needs {wanted} MB, {free:g} MB of {total} x {ratio:g} free")
        host_state.limits["memory_mb"] = limit
        return True


class RamFilter(BaseRamFilter):
    """Compares the flavor's memory with what a host has left, overcommitted by its own `ram_allocation_ratio`.

    Until 20.0.0 (Train): Placement's allocation candidates decide on amounts since then.
    """

    def hosts_pass(self, hosts: HostColumns, spec_obj: RequestSpec) -> Array:
        """Arithmetic."""
        return _fitting(hosts, spec_obj, hosts.all_or_each(True))

    def _get_ram_allocation_ratio(self, host_state: HostState, spec_obj: RequestSpec) -> float:
        return host_state.ram_allocation_ratio


class AggregateRamFilter(BaseRamFilter):
    """As RamFilter, with the least `ram_allocation_ratio` of the host's aggregates, where there is one.

    Until 22.0.0 (Victoria): ratios live in Placement's inventories since then.
    """

    def hosts_pass(self, hosts: HostColumns, spec_obj: RequestSpec) -> Array:
        """Arithmetic for hosts whose aggregates say nothing of the ratio; the others are asked."""
        return _fitting(hosts, spec_obj, hosts.without("ram_allocation_ratio"))

    def _get_ram_allocation_ratio(self, host_state: HostState, spec_obj: RequestSpec) -> float:
        return utils.aggregate_number(
            host_state, "ram_allocation_ratio", host_state.ram_allocation_ratio, float
        )


def _fitting(hosts: HostColumns, spec: RequestSpec, which: Array) -> Array:
    """Of those hosts, the ones with enough memory by their own ratio; they get their limits."""
    wanted, total = spec.memory_mb, hosts.total_usable_ram_mb
    limit = total * hosts.ram_allocation_ratio
    sure: Array = which & (wanted <= total) & (wanted <= limit - (total - hosts.free_ram_mb))
    hosts.limit("memory_mb", limit, sure)
    return sure

"""Hosts with enough disk (`nova/scheduler/filters/disk_filter.py`), until Placement decided that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnova.nova.scheduler import filters
from simnova.nova.scheduler.filters import utils

if TYPE_CHECKING:
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.scheduler.columns import Array, HostColumns
    from simnova.nova.scheduler.host_manager import HostState


class DiskFilter(filters.BaseHostFilter):
    """Compares the flavor's disks with what a host has left, overcommitted by its own `disk_allocation_ratio`.

    Root, ephemeral and swap disks count.

    Until 20.0.0 (Train): Placement's allocation candidates decide on amounts since then.
    """

    def hosts_pass(self, hosts: HostColumns, spec_obj: RequestSpec) -> Array:
        """Arithmetic."""
        return _fitting(hosts, spec_obj, hosts.all_or_each(True))

    def _get_disk_allocation_ratio(self, host_state: HostState, spec_obj: RequestSpec) -> float:
        return host_state.disk_allocation_ratio

    def host_passes(self, host_state: HostState, spec_obj: RequestSpec) -> bool | filters.Rejected:
        """Whether the disk is there. A server is never overcommitted against itself, only against others."""
        wanted = 1024 * (spec_obj.root_gb + spec_obj.ephemeral_gb) + spec_obj.swap
        total = host_state.total_usable_disk_gb * 1024
        ratio = self._get_disk_allocation_ratio(host_state, spec_obj)
        limit = total * ratio
        free = limit - (total - host_state.free_disk_mb)
        if wanted > total:
            return filters.Rejected(
                f"needs {wanted} MB of disk, more than the {total} MB that the host has in all"
            )
        if wanted > free:
            return filters.Rejected(
                f"needs {wanted} MB of disk, {free:g} MB of {total} x {ratio:g} free"
            )
        host_state.limits["disk_gb"] = limit / 1024
        return True


class AggregateDiskFilter(DiskFilter):
    """As DiskFilter, with the least `disk_allocation_ratio` of the host's aggregates, where there is one.

    Until 22.0.0 (Victoria): ratios live in Placement's inventories since then.
    """

    def hosts_pass(self, hosts: HostColumns, spec_obj: RequestSpec) -> Array:
        """Arithmetic for hosts whose aggregates say nothing of the ratio; the others are asked."""
        return _fitting(hosts, spec_obj, hosts.without("disk_allocation_ratio"))

    def _get_disk_allocation_ratio(self, host_state: HostState, spec_obj: RequestSpec) -> float:
        return utils.aggregate_number(
            host_state, "disk_allocation_ratio", host_state.disk_allocation_ratio, float
        )


def _fitting(hosts: HostColumns, spec: RequestSpec, which: Array) -> Array:
    """Of those hosts, the ones with enough disk by their own ratio; they get their limits."""
    wanted = 1024 * (spec.root_gb + spec.ephemeral_gb) + spec.swap
    total = hosts.total_usable_disk_gb * 1024
    limit = total * hosts.disk_allocation_ratio
    sure: Array = which & (wanted <= total) & (wanted <= limit - (total - hosts.free_disk_mb))
    hosts.limit("disk_gb", limit / 1024, sure)
    return sure

"""Hosts with exactly as much disk as is asked for (`nova/scheduler/filters/exact_disk_filter.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnova.nova.scheduler import filters

if TYPE_CHECKING:
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.scheduler.columns import Array, HostColumns
    from simnova.nova.scheduler.host_manager import HostState


class ExactDiskFilter(filters.BaseHostFilter):
    """Passes hosts whose free disk is what the flavor asks for, to the MB.

    Until 18.0.0 (Rocky): it was for bare metal, where a server takes a whole machine and now a custom resource class.
    """

    def hosts_pass(self, hosts: HostColumns, spec_obj: RequestSpec) -> Array:
        """Arithmetic."""
        wanted = 1024 * (spec_obj.root_gb + spec_obj.ephemeral_gb) + spec_obj.swap
        sure: Array = hosts.free_disk_mb == wanted
        hosts.limit("disk_gb", hosts.total_usable_disk_gb, sure)
        return sure

    def host_passes(self, host_state: HostState, spec_obj: RequestSpec) -> bool | filters.Rejected:
        """Whether nothing would be left over. The limit makes the claim of a second server fail."""
        wanted = 1024 * (spec_obj.root_gb + spec_obj.ephemeral_gb) + spec_obj.swap
        free = host_state.free_disk_mb
        if wanted != free:
            return filters.Rejected(f"needs exactly {wanted} MB of disk, {free} free")
        host_state.limits["disk_gb"] = host_state.total_usable_disk_gb
        return True

"""Hosts with exactly as much memory as is asked for (`nova/scheduler/filters/exact_ram_filter.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnova.nova.scheduler import filters

if TYPE_CHECKING:
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.scheduler.columns import Array, HostColumns
    from simnova.nova.scheduler.host_manager import HostState


class ExactRamFilter(filters.BaseHostFilter):
    """Passes hosts whose free memory is what the flavor asks for, to the MB.

    Until 18.0.0 (Rocky): it was for bare metal, where a server takes a whole machine and now a custom resource class.
    """

    def hosts_pass(self, hosts: HostColumns, spec_obj: RequestSpec) -> Array:
        """Arithmetic."""
        sure: Array = hosts.free_ram_mb == spec_obj.memory_mb
        hosts.limit("memory_mb", hosts.total_usable_ram_mb, sure)
        return sure

    def host_passes(self, host_state: HostState, spec_obj: RequestSpec) -> bool | filters.Rejected:
        """Whether nothing would be left over. The limit makes the claim of a second server fail."""
        wanted = spec_obj.memory_mb
        free = host_state.free_ram_mb
        if wanted != free:
            return filters.Rejected(f"needs exactly {wanted} MB, {free} free")
        host_state.limits["memory_mb"] = host_state.total_usable_ram_mb
        return True

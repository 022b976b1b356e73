"""Hosts with exactly as many VCPUs as is asked for (`nova/scheduler/filters/exact_core_filter.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnova.nova.log import getLogger
from simnova.nova.scheduler import filters

if TYPE_CHECKING:
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.scheduler.columns import Array, HostColumns
    from simnova.nova.scheduler.host_manager import HostState

LOG = getLogger(__name__)


class ExactCoreFilter(filters.BaseHostFilter):
    """Passes hosts whose free number of VCPUs is what the flavor asks for, to the VCPU.

    Until 18.0.0 (Rocky): it was for bare metal, where a server takes a whole machine and now a custom resource class.
    """

    def hosts_pass(self, hosts: HostColumns, spec_obj: RequestSpec) -> Array:
        """Arithmetic."""
        total = hosts.vcpus_total
        sure: Array = (total != 0) & (total - hosts.vcpus_used == spec_obj.vcpus)
        hosts.limit("vcpu", total, sure)
        return sure

    def host_passes(self, host_state: HostState, spec_obj: RequestSpec) -> bool | filters.Rejected:
        """Whether nothing would be left over. The limit makes the claim of a second server fail."""
        if not host_state.vcpus_total:
            LOG.warning("VCPUs not set; assuming CPU collection broken")
            return filters.Rejected("the host does not say how many VCPUs it has")
        wanted = spec_obj.vcpus
        free = host_state.vcpus_total - host_state.vcpus_used
        if wanted != free:
            return filters.Rejected(f"needs exactly {wanted} VCPU, {free} free")
        host_state.limits["vcpu"] = host_state.vcpus_total
        return True

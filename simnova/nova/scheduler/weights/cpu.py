"""Spreads servers by free VCPUs (`nova/scheduler/weights/cpu.py`). A negative multiplier stacks them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnova.nova.scheduler import weights

if TYPE_CHECKING:
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.scheduler.columns import Array, HostColumns
    from simnova.nova.scheduler.host_manager import HostState


class CPUWeigher(weights.BaseHostWeigher):
    """Prefers the host with the most free VCPUs, overcommitted by its cpu_allocation_ratio."""

    minval = 0

    def weigh_hosts(self, hosts: HostColumns, weight_properties: RequestSpec) -> Array | None:
        """Arithmetic."""
        weights: Array = hosts.vcpus_total * hosts.cpu_allocation_ratio - hosts.vcpus_used
        return weights

    def weight_multiplier(self, host_state: HostState) -> float:
        """The option cpu_weight_multiplier."""
        return self.get_weight_multiplier(host_state, "cpu_weight_multiplier")

    def _weigh_object(self, host_state: HostState, weight_properties: RequestSpec) -> float:
        return host_state.vcpus_total * host_state.cpu_allocation_ratio - host_state.vcpus_used

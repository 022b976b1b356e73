"""Prefers newer hypervisors (`nova/scheduler/weights/hypervisor_version.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnova.nova.scheduler import weights

if TYPE_CHECKING:
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.scheduler.columns import Array, HostColumns
    from simnova.nova.scheduler.host_manager import HostState


class HypervisorVersionWeigher(weights.BaseHostWeigher):
    """Prefers the host with the highest version of its hypervisor."""

    def weigh_hosts(self, hosts: HostColumns, weight_properties: RequestSpec) -> Array | None:
        """A column."""
        return hosts.fixed(_version)

    def weight_multiplier(self, host_state: HostState) -> float:
        """The option hypervisor_version_weight_multiplier."""
        return self.get_weight_multiplier(host_state, "hypervisor_version_weight_multiplier")

    def _weigh_object(self, host_state: HostState, weight_properties: RequestSpec) -> float:
        return _version(host_state)


def _version(host_state: HostState) -> int:
    return host_state.hypervisor_version or 0

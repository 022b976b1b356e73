"""Spreads servers by free disk (`nova/scheduler/weights/disk.py`). A negative multiplier stacks them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnova.nova.scheduler import weights

if TYPE_CHECKING:
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.scheduler.columns import Array, HostColumns
    from simnova.nova.scheduler.host_manager import HostState


class DiskWeigher(weights.BaseHostWeigher):
    """Prefers the host with the most free disk in MB, overcommitment left aside."""

    minval = 0

    def weigh_hosts(self, hosts: HostColumns, weight_properties: RequestSpec) -> Array | None:
        """A column."""
        return hosts.free_disk_mb

    def weight_multiplier(self, host_state: HostState) -> float:
        """The option disk_weight_multiplier."""
        return self.get_weight_multiplier(host_state, "disk_weight_multiplier")

    def _weigh_object(self, host_state: HostState, weight_properties: RequestSpec) -> float:
        return host_state.free_disk_mb

"""Keeps away from busy hosts (`nova/scheduler/weights/io_ops.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnova.nova.scheduler import weights

if TYPE_CHECKING:
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.scheduler.columns import Array, HostColumns
    from simnova.nova.scheduler.host_manager import HostState


class IoOpsWeigher(weights.BaseHostWeigher):
    """Counts what is under way on the host; its multiplier is negative by default."""

    minval = 0

    def weigh_hosts(self, hosts: HostColumns, weight_properties: RequestSpec) -> Array | None:
        """A column."""
        return hosts.num_io_ops

    def weight_multiplier(self, host_state: HostState) -> float:
        """The option io_ops_weight_multiplier."""
        return self.get_weight_multiplier(host_state, "io_ops_weight_multiplier")

    def _weigh_object(self, host_state: HostState, weight_properties: RequestSpec) -> float:
        return host_state.num_io_ops

"""Spreads or stacks by the number of servers (`nova/scheduler/weights/num_instances.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnova.nova.scheduler import weights

if TYPE_CHECKING:
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.scheduler.columns import Array, HostColumns
    from simnova.nova.scheduler.host_manager import HostState


class NumInstancesWeigher(weights.BaseHostWeigher):
    """Counts the servers on the host; its multiplier is 0 by default, a negative one spreads."""

    def weigh_hosts(self, hosts: HostColumns, weight_properties: RequestSpec) -> Array | None:
        """A column."""
        return hosts.num_instances

    def weight_multiplier(self, host_state: HostState) -> float:
        """The option num_instances_weight_multiplier."""
        return self.get_weight_multiplier(host_state, "num_instances_weight_multiplier")

    def _weigh_object(self, host_state: HostState, weight_properties: RequestSpec) -> float:
        return host_state.num_instances

"""Together or apart where it can be had: the soft policies of server groups (`nova/scheduler/weights/affinity.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnova.nova.scheduler import weights

if TYPE_CHECKING:
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.scheduler.columns import Array, HostColumns
    from simnova.nova.scheduler.host_manager import HostState


class BaseSoftAffinityWeigher(weights.BaseHostWeigher):
    """Counts the servers of the request's group on a host, where the group has this policy."""

    policy_name = ""

    def _weigh_object(self, host_state: HostState, weight_properties: RequestSpec) -> float:
        group = weight_properties.instance_group
        if group is None or group.policy != self.policy_name:
            return 0
        return len(host_state.instances.keys() & set(group.members))


class ServerGroupSoftAffinityWeigher(BaseSoftAffinityWeigher):
    """Prefers hosts with more servers of the group."""

    policy_name = "soft-affinity"

    def weigh_hosts(self, hosts: HostColumns, weight_properties: RequestSpec) -> Array | None:
        """All 0 where no group has this policy; else each host is asked."""
        group = weight_properties.instance_group
        counts = group is not None and group.policy == self.policy_name
        return None if counts else hosts.every(0)

    def weight_multiplier(self, host_state: HostState) -> float:
        """The option soft_affinity_weight_multiplier."""
        return self.get_weight_multiplier(host_state, "soft_affinity_weight_multiplier")


class ServerGroupSoftAntiAffinityWeigher(BaseSoftAffinityWeigher):
    """Prefers hosts with fewer servers of the group."""

    policy_name = "soft-anti-affinity"

    def weigh_hosts(self, hosts: HostColumns, weight_properties: RequestSpec) -> Array | None:
        """All 0 where no group has this policy; else each host is asked."""
        group = weight_properties.instance_group
        counts = group is not None and group.policy == self.policy_name
        return None if counts else hosts.every(0)

    def weight_multiplier(self, host_state: HostState) -> float:
        """The option soft_anti_affinity_weight_multiplier."""
        return self.get_weight_multiplier(host_state, "soft_anti_affinity_weight_multiplier")

    def _weigh_object(self, host_state: HostState, weight_properties: RequestSpec) -> float:
        return -super()._weigh_object(host_state, weight_properties)

"""Keeps away from hosts on which builds fail (`nova/scheduler/weights/compute.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnova.nova.scheduler import weights

if TYPE_CHECKING:
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.scheduler.columns import Array, HostColumns
    from simnova.nova.scheduler.host_manager import HostState


class BuildFailureWeigher(weights.BaseHostWeigher):
    """Counts the builds that failed on the host since one succeeded; its multiplier is negative."""

    def weigh_hosts(self, hosts: HostColumns, weight_properties: RequestSpec) -> Array | None:
        """A column."""
        return hosts.failed_builds

    def weight_multiplier(self, host_state: HostState) -> float:
        """The option build_failure_weight_multiplier, negated."""
        return -self.get_weight_multiplier(host_state, "build_failure_weight_multiplier")

    def _weigh_object(self, host_state: HostState, weight_properties: RequestSpec) -> float:
        return host_state.failed_builds

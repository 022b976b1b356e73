"""Hosts whose nova-compute is enabled and alive (`nova/scheduler/filters/compute_filter.py`)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from simnova.nova import servicegroup
from simnova.nova.log import getLogger
from simnova.nova.scheduler import filters

if TYPE_CHECKING:
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.scheduler.columns import Array, HostColumns
    from simnova.nova.scheduler.host_manager import HostState

LOG = getLogger(__name__)


class ComputeFilter(filters.BaseHostFilter):
    """Passes hosts whose service is enabled and has reported within `service_down_time`."""

    RUN_ON_REBUILD = False
    run_filter_once_per_request = True

    def __init__(self) -> None:
        self.servicegroup_api = servicegroup.API(self.conf, self.clock)

    def hosts_pass(self, hosts: HostColumns, spec_obj: RequestSpec) -> Array:
        """Arithmetic, on the times of the last reports."""
        elapsed = self.clock.now - hosts.fixed(_reported)
        found: Array = abs(elapsed) <= self.servicegroup_api.service_down_time
        return found

    def host_passes(self, host_state: HostState, spec_obj: RequestSpec) -> bool | filters.Rejected:
        """Whether somebody is there to build the server."""
        service = host_state.service
        if service["disabled"]:
            reason = service.get("disabled_reason")
            LOG.debug("%s is disabled, reason: %s", host_state, reason)
            return filters.Rejected(
                f"the service is disabled: {reason}" if reason else "the service is disabled"
            )
        down = self.servicegroup_api.why_down(service)
        if down is None:
            return True
        LOG.warning("%s has not been heard from in a while", host_state)
        return filters.Rejected(down)


def _reported(host_state: HostState) -> float:
    """When an enabled service reported, in seconds; never, where it is disabled or forced down."""
    service = host_state.service
    if service["disabled"] or service.get("forced_down"):
        return math.inf
    return servicegroup.last_report(service, math.inf)

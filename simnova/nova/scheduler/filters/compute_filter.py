"""Hosts whose nova-compute is enabled and alive (`nova/scheduler/filters/compute_filter.py`)."""

from __future__ import annotations

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
        """By what counts of the services' rows."""
        return hosts.by_profile(
            lambda host: (
                host.service["disabled"],
                host.service.get("forced_down"),
                host.service.get("last_seen_up") or host.service.get("created_at"),
            ),
            lambda host: (
                not host.service["disabled"] and self.servicegroup_api.service_is_up(host.service)
            ),
        )

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

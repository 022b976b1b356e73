"""Hosts that have not been tried (`nova/scheduler/filters/retry_filter.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnova.nova.log import getLogger
from simnova.nova.scheduler import filters

if TYPE_CHECKING:
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.scheduler.columns import Array, HostColumns
    from simnova.nova.scheduler.host_manager import HostState

LOG = getLogger(__name__)


class RetryFilter(filters.BaseHostFilter):
    """Leaves out the hosts and nodes on which this build has failed already, as the request's `retry` names them.

    Until 22.0.0 (Victoria): the scheduler has given alternates since 17.0.0 (Queens), so a build that failed no longer
    comes back to it.
    """

    def hosts_pass(self, hosts: HostColumns, spec_obj: RequestSpec) -> Array:
        """Everyone where nothing has been tried; else each host is asked."""
        return hosts.all_or_each(not (spec_obj.retry or {}).get("hosts"))

    def host_passes(self, host_state: HostState, spec_obj: RequestSpec) -> bool | filters.Rejected:
        """Whether the host is new to this request."""
        tried = (spec_obj.retry or {}).get("hosts", [])
        if [host_state.host, host_state.nodename] not in tried:
            return True
        LOG.info(
            "Host %s fails.  Previously tried hosts: %s",
            [host_state.host, host_state.nodename],
            tried,
        )
        return filters.Rejected("the build has failed here before")

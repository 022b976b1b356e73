"""Hosts that are not too busy (`nova/scheduler/filters/io_ops_filter.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnova.nova.log import getLogger
from simnova.nova.scheduler import filters
from simnova.nova.scheduler.filters import utils

if TYPE_CHECKING:
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.scheduler.columns import Array, HostColumns
    from simnova.nova.scheduler.host_manager import HostState

LOG = getLogger(__name__)


class IoOpsFilter(filters.BaseHostFilter):
    """Passes hosts with fewer builds, resizes, snapshots and the like under way than `max_io_ops_per_host`."""

    def hosts_pass(self, hosts: HostColumns, spec_obj: RequestSpec) -> Array:
        """Arithmetic."""
        fewer: Array = hosts.num_io_ops < int(self.conf.filter_scheduler.max_io_ops_per_host)
        return fewer

    def _get_max_io_ops_per_host(self, host_state: HostState) -> int:
        return int(self.conf.filter_scheduler.max_io_ops_per_host)

    def host_passes(self, host_state: HostState, spec_obj: RequestSpec) -> bool | filters.Rejected:
        """Whether one more may begin."""
        most = self._get_max_io_ops_per_host(host_state)
        if host_state.num_io_ops < most:
            return True
        LOG.debug("%s fails I/O ops check: Max IOs per host is set to %s", host_state, most)
        return filters.Rejected(
            f"has {host_state.num_io_ops} operations under way, max_io_ops_per_host is {most}"
        )


class AggregateIoOpsFilter(IoOpsFilter):
    """As IoOpsFilter, with the least `max_io_ops_per_host` of the host's aggregates, where there is one."""

    def hosts_pass(self, hosts: HostColumns, spec_obj: RequestSpec) -> Array:
        """Arithmetic for hosts whose aggregates say nothing of the option; the others are asked."""
        fewer = hosts.num_io_ops < int(self.conf.filter_scheduler.max_io_ops_per_host)
        return hosts.without("max_io_ops_per_host") & fewer

    def _get_max_io_ops_per_host(self, host_state: HostState) -> int:
        most = super()._get_max_io_ops_per_host(host_state)
        return utils.aggregate_number(host_state, "max_io_ops_per_host", most, int)

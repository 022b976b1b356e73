"""Hosts that report what is to be weighed (`nova/scheduler/filters/metrics_filter.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnova.nova.log import getLogger
from simnova.nova.scheduler import filters
from simnova.nova.scheduler.utils import parse_options

if TYPE_CHECKING:
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.scheduler.columns import Array, HostColumns
    from simnova.nova.scheduler.host_manager import HostState

LOG = getLogger(__name__)


class MetricsFilter(filters.BaseHostFilter):
    """Passes hosts that report every metric in `[metrics] weight_setting`, so that MetricsWeigher cannot fail."""

    def __init__(self) -> None:
        setting = self.conf.metrics.weight_setting
        self.keys = {name for name, _ in parse_options(setting, name="metrics.weight_setting")}

    def hosts_pass(self, hosts: HostColumns, spec_obj: RequestSpec) -> Array:
        """Everyone where no metric has to be there; else each host is asked."""
        return hosts.all_or_each(not self.keys)

    def host_passes(self, host_state: HostState, spec_obj: RequestSpec) -> bool | filters.Rejected:
        """Whether none is missing."""
        missing = sorted(self.keys - {metric.name for metric in host_state.metrics})
        if not missing:
            return True
        LOG.debug("%s does not have the following metrics: %s", host_state, ", ".join(missing))
        return filters.Rejected(f"does not report {', '.join(missing)}")

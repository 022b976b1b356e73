"""Hosts with the PCI devices that the flavor asks for (`nova/scheduler/filters/pci_passthrough_filter.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnova.nova.log import getLogger
from simnova.nova.scheduler import filters

if TYPE_CHECKING:
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.scheduler.columns import Array, HostColumns
    from simnova.nova.scheduler.host_manager import HostState

LOG = getLogger(__name__)


class PciPassthroughFilter(filters.BaseHostFilter):
    """Passes hosts whose pools of free devices have what the flavor's `pci_passthrough:alias` asks for, together."""

    def hosts_pass(self, hosts: HostColumns, spec_obj: RequestSpec) -> Array:
        """Everyone where no device is asked for; else each host is asked."""
        return hosts.all_or_each(not (spec_obj.pci_requests and spec_obj.pci_requests.requests))

    def host_passes(self, host_state: HostState, spec_obj: RequestSpec) -> bool | filters.Rejected:
        """Whether the devices are there."""
        requests = spec_obj.pci_requests.requests if spec_obj.pci_requests else []
        stats = host_state.pci_stats
        if not requests or (stats and stats.support_requests(requests)):
            return True
        LOG.debug("%s doesn't have the required PCI devices (%s)", host_state, requests)
        said = [
            f"{each.count} of {each.alias_name}, {stats.free(each) if stats else 0} free"
            for each in requests
        ]
        return filters.Rejected(f"needs {' and '.join(said)}")

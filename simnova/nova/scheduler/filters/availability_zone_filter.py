"""Hosts of a zone (`nova/scheduler/filters/availability_zone_filter.py`)."""

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


class AvailabilityZoneFilter(filters.BaseHostFilter):
    """Passes hosts of the requested zone; one whose aggregates name none is in `default_availability_zone`.

    Until 28.0.0 (2023.2): a request filter turns the zone into its aggregates, for which Placement is always asked.
    """

    run_filter_once_per_request = True

    def hosts_pass(self, hosts: HostColumns, spec_obj: RequestSpec) -> Array:
        """By the aggregates that hosts are in; everyone where no zone is asked for."""
        wanted = spec_obj.availability_zone
        if not wanted:
            return hosts.all_or_each(True)
        return hosts.by_aggregates(lambda host: wanted in self._zones(host))

    def host_passes(self, host_state: HostState, spec_obj: RequestSpec) -> bool | filters.Rejected:
        """Whether the host is in the zone; any is where none was asked for."""
        wanted = spec_obj.availability_zone
        zones = self._zones(host_state)
        if not wanted or wanted in zones:
            return True
        names = " and ".join(sorted(zones))
        LOG.debug("Availability Zone '%s' requested. %s has AZs: %s", wanted, host_state, names)
        return filters.Rejected(f"needs zone {wanted}, the host is in {names}")

    def _zones(self, host_state: HostState) -> set[str]:
        metadata = utils.aggregate_metadata_get_by_host(host_state, key="availability_zone")
        return metadata.get("availability_zone", {self.conf.default_availability_zone})

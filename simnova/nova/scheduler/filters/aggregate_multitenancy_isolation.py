"""Hosts set apart for projects (`nova/scheduler/filters/aggregate_multitenancy_isolation.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnova.nova.log import getLogger
from simnova.nova.scheduler import filters
from simnova.nova.scheduler.filters import utils

if TYPE_CHECKING:
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.scheduler.host_manager import HostState

LOG = getLogger(__name__)


class AggregateMultiTenancyIsolation(filters.BaseHostFilter):
    """Keeps hosts whose aggregates have `filter_tenant_id…` for the projects named there. Any may use the others."""

    run_filter_once_per_request = True

    def host_passes(self, host_state: HostState, spec_obj: RequestSpec) -> bool | filters.Rejected:
        """Whether the host is for this project, or for nobody in particular."""
        metadata = utils.aggregate_metadata_get_by_host(host_state)
        projects = set().union(
            *(values for key, values in metadata.items() if key.startswith("filter_tenant_id"))
        )
        if not projects or spec_obj.project_id in projects:
            return True
        LOG.debug("%s fails tenant id on aggregate", host_state)
        return filters.Rejected(
            f"is for project {' and '.join(sorted(projects))}, the server is of {spec_obj.project_id}"
        )

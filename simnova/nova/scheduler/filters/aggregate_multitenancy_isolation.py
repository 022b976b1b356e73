"""Hosts set apart for projects (`nova/scheduler/filters/aggregate_multitenancy_isolation.py`)."""

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


class AggregateMultiTenancyIsolation(filters.BaseHostFilter):
    """Keeps hosts whose aggregates have `filter_tenant_id…` for the projects named there. Any may use the others."""

    run_filter_once_per_request = True

    def hosts_pass(self, hosts: HostColumns, spec_obj: RequestSpec) -> Array:
        """By the aggregates that hosts are in."""
        return hosts.by_aggregates(lambda host: _is_for(_projects(host), spec_obj.project_id))

    def host_passes(self, host_state: HostState, spec_obj: RequestSpec) -> bool | filters.Rejected:
        """Whether the host is for this project, or for nobody in particular."""
        projects = _projects(host_state)
        if _is_for(projects, spec_obj.project_id):
            return True
        LOG.debug("%s fails tenant id on aggregate", host_state)
        return filters.Rejected(
            f"is for project {' and '.join(sorted(projects))}, the server is of {spec_obj.project_id}"
        )


def _projects(host_state: HostState) -> set[str]:
    """The projects that a host is for; none where it is for all."""
    metadata = utils.aggregate_metadata_get_by_host(host_state)
    named = (values for key, values in metadata.items() if key.startswith("filter_tenant_id"))
    return set[str]().union(*named)


def _is_for(projects: set[str], project: str | None) -> bool:
    return not projects or project in projects

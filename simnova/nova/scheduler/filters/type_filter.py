"""Hosts that take certain flavors (`nova/scheduler/filters/type_filter.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnova.nova.scheduler import filters
from simnova.nova.scheduler.filters import utils

if TYPE_CHECKING:
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.scheduler.columns import Array, HostColumns
    from simnova.nova.scheduler.host_manager import HostState


class AggregateTypeAffinityFilter(filters.BaseHostFilter):
    """Keeps hosts whose aggregates have `instance_type` for the flavors named there. The others take any."""

    run_filter_once_per_request = True

    def hosts_pass(self, hosts: HostColumns, spec_obj: RequestSpec) -> Array:
        """By the aggregates that hosts are in."""
        name = spec_obj.flavor.name
        return hosts.by_aggregates(lambda host: not (names := _names(host)) or name in names)

    def host_passes(self, host_state: HostState, spec_obj: RequestSpec) -> bool | filters.Rejected:
        """Whether the flavor is one of those, or any will do."""
        name = spec_obj.flavor.name
        names = _names(host_state)
        if not names or name in names:
            return True
        return filters.Rejected(f"takes flavor {' and '.join(names)}, the server has {name}")


class TypeAffinityFilter(filters.BaseHostFilter):
    """Hosts that hold servers of no other flavor.

    Until 17.0.0 (Queens): it told flavors by the id of their row, which a flavor that is made anew does not keep.
    """

    reads_instances = True

    def hosts_pass(self, hosts: HostColumns, spec_obj: RequestSpec) -> Array:
        """Hosts without servers; the others are asked."""
        return hosts.of(not host.instances for host in hosts.hosts)

    def host_passes(self, host_state: HostState, spec_obj: RequestSpec) -> bool | filters.Rejected:
        """Whether every server here has this flavor."""
        others = {
            server.flavor.name
            for server in host_state.instances.values()
            if server.instance_type_id != spec_obj.flavor.id
        }
        return not others or filters.Rejected(
            f"holds servers of flavor {' and '.join(sorted(others))}"
        )


def _names(host_state: HostState) -> list[str]:
    """The flavors that a host's aggregates name."""
    values = utils.aggregate_values_from_key(host_state, "instance_type")
    return [part.strip() for value in values for part in value.split(",")]

"""Hosts whose aggregates say what the flavor asks for (`nova/scheduler/filters/aggregate_instance_extra_specs.py`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from simnova.nova.log import getLogger
from simnova.nova.scheduler import filters
from simnova.nova.scheduler.filters import extra_specs_ops, utils

if TYPE_CHECKING:
    from simnova.nova.objects.flavor import Flavor
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.scheduler.columns import Array, HostColumns
    from simnova.nova.scheduler.host_manager import HostState

LOG = getLogger(__name__)


_SCOPE = "aggregate_instance_extra_specs"


class AggregateInstanceExtraSpecsFilter(filters.BaseHostFilter):
    """Compares `aggregate_instance_extra_specs:KEY`, and every KEY without a scope, with the aggregates' metadata."""

    run_filter_once_per_request = True

    def hosts_pass(self, hosts: HostColumns, spec_obj: RequestSpec) -> Array:
        """By the aggregates that hosts are in; everyone where no extra spec is about them."""
        requirements = list(_requirements(spec_obj.flavor))
        if not requirements:
            return hosts.all_or_each(True)
        return hosts.by_aggregates(lambda host: next(_unmet(host, requirements), None) is None)

    def host_passes(self, host_state: HostState, spec_obj: RequestSpec) -> bool | filters.Rejected:
        """Whether every such extra spec fits one of the values that the host's aggregates have under its key."""
        for key, requirement, has in _unmet(host_state, _requirements(spec_obj.flavor)):
            LOG.debug(
                "%s fails flavor extra_specs requirements. '%s' do not match '%s'",
                *(host_state, has, requirement),
            )
            said = f"the aggregates say {' and '.join(has)}" if has else f"no aggregate says {key}"
            return filters.Rejected(f"needs {key} {requirement}, {said}")
        return True


def _requirements(flavor: Flavor) -> Iterator[tuple[str, str]]:
    for key, requirement in flavor.extra_specs.items():
        scope, colon, rest = key.partition(":")
        if not colon or scope == _SCOPE:
            yield rest if colon else key, requirement


def _unmet(
    host_state: HostState, requirements: Iterable[tuple[str, str]]
) -> Iterator[tuple[str, str, list[str]]]:
    """The requirements that no aggregate of the host meets, and what its aggregates say instead."""
    metadata = utils.aggregate_metadata_get_by_host(host_state)
    for key, requirement in requirements:
        has = sorted(metadata.get(key, ()))
        if not any(extra_specs_ops.match(value, requirement) for value in has):
            yield key, requirement, has

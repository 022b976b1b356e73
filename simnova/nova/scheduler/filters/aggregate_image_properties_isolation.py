"""Hosts set apart for images (`nova/scheduler/filters/aggregate_image_properties_isolation.py`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from simnova.nova.log import getLogger
from simnova.nova.scheduler import filters
from simnova.nova.scheduler.filters import utils

if TYPE_CHECKING:
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.scheduler.columns import Array, HostColumns
    from simnova.nova.scheduler.host_manager import HostState

LOG = getLogger(__name__)


class AggregateImagePropertiesIsolation(filters.BaseHostFilter):
    """Passes hosts whose aggregates say nothing else of the image's properties than the image does.

    A property that the image does not have, or that Nova does not know, is not compared.
    """

    RUN_ON_REBUILD = True
    run_filter_once_per_request = True

    def hosts_pass(self, hosts: HostColumns, spec_obj: RequestSpec) -> Array:
        """By the aggregates that hosts are in; where a namespace is set, each host is asked."""
        if self.conf.filter_scheduler.aggregate_image_properties_isolation_namespace:
            return hosts.all_or_each(False)
        properties = spec_obj.image.known_properties() if spec_obj.image else {}
        return hosts.by_aggregates(lambda host: next(_differing(host, properties), None) is None)

    def host_passes(self, host_state: HostState, spec_obj: RequestSpec) -> bool | filters.Rejected:
        """Whether every property that both speak of is the same."""
        prefix = self._prefix()
        properties = spec_obj.image.known_properties() if spec_obj.image else {}
        for key, value, options in _differing(host_state, properties):
            if key.startswith(prefix):
                LOG.debug(
                    "%s fails image aggregate properties requirements. Property %s does not match %s.",
                    *(host_state, value, options),
                )
                said = " or ".join(options)
                return filters.Rejected(f"the image needs {key} {value}, the aggregates say {said}")
        return True

    def _prefix(self) -> str:
        """What metadata has to begin with to count. As no property that Nova knows has a dot, `.` ends the filter."""
        options = self.conf.filter_scheduler
        namespace = options.aggregate_image_properties_isolation_namespace
        if not namespace:
            return ""
        LOG.warning(
            "It is no longer possible to filter on arbitrary image metadata properties, which includes standard "
            "properties prefixed with '[filter_scheduler] aggregate_image_properties_isolation_namespace'."
        )
        return f"{namespace}{options.aggregate_image_properties_isolation_separator}"


def _differing(
    host_state: HostState, properties: dict[str, Any]
) -> Iterator[tuple[str, Any, list[str]]]:
    """The image's properties of which the host's aggregates say something else, and what they say."""
    for key, options in utils.aggregate_metadata_get_by_host(host_state).items():
        value = properties.get(key)
        if value and str(value) not in options:
            yield key, value, sorted(options)

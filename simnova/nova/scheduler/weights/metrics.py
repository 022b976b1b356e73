"""Weighs what hosts measure of themselves (`nova/scheduler/weights/metrics.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnova.nova import exception
from simnova.nova.scheduler import weights
from simnova.nova.scheduler.utils import parse_options

if TYPE_CHECKING:
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.scheduler.columns import Array, HostColumns
    from simnova.nova.scheduler.host_manager import HostState


class MetricsWeigher(weights.BaseHostWeigher):
    """The sum of the metrics in `[metrics] weight_setting`, each times its ratio."""

    def __init__(self) -> None:
        self.setting = parse_options(self.conf.metrics.weight_setting, "metrics.weight_setting")

    def weigh_hosts(self, hosts: HostColumns, weight_properties: RequestSpec) -> Array | None:
        """All 0 where no metric counts; else each host is asked."""
        return None if self.setting else hosts.every(0.0)

    def weight_multiplier(self, host_state: HostState) -> float:
        """The option `[metrics] weight_multiplier`; metrics_weight_multiplier in the metadata of aggregates."""
        configured = self.conf.metrics.weight_multiplier
        return self.get_weight_multiplier(host_state, "metrics_weight_multiplier", configured)

    def _weigh_object(self, host_state: HostState, weight_properties: RequestSpec) -> float:
        """Without `required` a host that lacks a metric that counts weighs `weight_of_unavailable`.

        With it, raises ComputeHostMetricNotFound.
        """
        value = 0.0
        values = {metric.name: metric.value for metric in host_state.metrics}
        for name, ratio in self.setting:
            if name in values:
                value += values[name] * ratio
            elif self.conf.metrics.required:
                raise exception.ComputeHostMetricNotFound(
                    host=host_state.host, node=host_state.nodename, name=name
                )
            elif ratio * self.weight_multiplier(host_state) != 0:
                return float(self.conf.metrics.weight_of_unavailable)
        return value

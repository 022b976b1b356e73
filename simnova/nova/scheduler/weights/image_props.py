"""Brings servers of like images together or apart (`nova/scheduler/weights/image_props.py`)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.scheduler import weights
from simnova.nova.scheduler.utils import parse_options

if TYPE_CHECKING:
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.scheduler.columns import Array, HostColumns
    from simnova.nova.scheduler.host_manager import HostState


class ImagePropertiesWeigher(weights.BaseHostWeigher):
    """Counts the servers on a host for each image property that they share with the request.

    With `image_props_weight_setting` only the properties named there count, each times its ratio. The multiplier is
    0 by default; unless the option says otherwise nothing is counted, whatever aggregates say.
    """

    def __init__(self) -> None:
        options = self.conf.filter_scheduler.image_props_weight_setting
        self.setting = dict(parse_options(options, "filter_scheduler.image_props_weight_setting"))

    @property
    def reads_instances(self) -> bool:  # type: ignore[override]
        """Only where it counts."""
        return bool(self.conf.filter_scheduler.image_props_weight_multiplier)

    def weigh_hosts(self, hosts: HostColumns, weight_properties: RequestSpec) -> Array | None:
        """All 0 where it counts for nothing; else each host is asked."""
        return None if self.reads_instances else hosts.every(0.0)

    def weight_multiplier(self, host_state: HostState) -> float:
        """The option image_props_weight_multiplier."""
        return self.get_weight_multiplier(host_state, "image_props_weight_multiplier")

    def _weigh_object(self, host_state: HostState, weight_properties: RequestSpec) -> float:
        if not self.reads_instances:
            return 0.0
        existing = Counter(
            pair
            for server in host_state.instances.values()
            for pair in _pairs(ImageMeta.from_system_metadata(server.system_metadata))
        )
        return float(
            sum(
                (self.setting.get(pair[0], 0.0) if self.setting else 1) * existing[pair]
                for pair in _pairs(weight_properties.image)
            )
        )


def _pairs(image: ImageMeta | None) -> list[tuple[str, str]]:
    """Names and values of the properties that Nova knows, as texts, since some values are lists."""
    return [(name, str(value)) for name, value in image.known_properties().items()] if image else []

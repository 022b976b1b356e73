"""Host weighers (`nova/scheduler/weights/__init__.py`): one wish a module, one class a wish.

A weigher is a class with `_weigh_object(self, host_state, weight_properties)`, more is better, and
`weight_multiplier(self, host_state)`, which says how much it counts.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from simnova.nova import loadables, weights
from simnova.nova.log import getLogger
from simnova.nova.scheduler.filters import utils as filters_utils

if TYPE_CHECKING:
    from simnova.nova.scheduler.host_manager import HostState

LOG = getLogger(__name__)
ALL = "nova.scheduler.weights.all_weighers"
"""What the option `weight_classes` says by default: every weigher there is."""


class WeighedHost(weights.WeighedObject):
    """A host and its weight."""

    def __repr__(self) -> str:
        return f"WeighedHost [host: {self.obj!r}, weight: {self.weight}]"


class BaseHostWeigher(weights.BaseWeigher):
    """A weigher of hosts: it gives each a raw number by `_weigh_object`. `conf` and `clock` are its cloud's.

    The raw numbers of all hosts that passed are normalised: (raw - low) / (high - low), where low is `minval`, or the
    least of them if that is None, and high `maxval`, or the greatest of them; where low and high are equal, each
    gets 0. A raw number beyond `minval` or `maxval` counts as that. What comes out is multiplied by
    `weight_multiplier`, and a host's weight is the sum over all weighers; the greatest wins.
    """

    def get_weight_multiplier(
        self, host_state: HostState, name: str, configured: float | None = None
    ) -> float:
        """The option of that name in `[filter_scheduler]`; the least that the host's aggregates say in its place.

        `configured` stands for an option of another section.
        """
        if configured is None:
            configured = float(getattr(self.conf.filter_scheduler, name))
        values = filters_utils.aggregate_values_from_key(host_state, name)
        try:
            return filters_utils.validate_num_values(values, configured, float, min)
        except ValueError as error:
            LOG.warning("Could not decode '%s' weight multiplier: %s", name, error)
            return configured


class HostWeightHandler(weights.BaseWeightHandler):
    """Runs host weighers."""

    object_class = WeighedHost


def all_weighers() -> Mapping[str, type[BaseHostWeigher]]:
    """The weighers that SimNova has, by name."""
    return loadables.get_all_classes(sys.modules[__name__], BaseHostWeigher)


def get_weigher_classes(names: Iterable[Any]) -> list[type[BaseHostWeigher] | BaseHostWeigher]:
    """The weighers of those names; classes stand for themselves. Raises `UsageError` with the nearest names."""
    known = all_weighers()
    asked = [one for name in names for one in (known if name == ALL else [name])]
    return loadables.choose(asked, known, BaseHostWeigher, "weigher")

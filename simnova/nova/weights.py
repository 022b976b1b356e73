"""Weighers in general: each scores what has passed, the scores are scaled alike and summed (`nova/weights.py`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from simnova.nova.loadables import PlugIn
from simnova.nova.log import getLogger
from simnova.nova.scheduler.decision import Decision, blame

LOG = getLogger(__name__)


def normalize(
    weights: Sequence[float], minval: float | None = None, maxval: float | None = None
) -> list[float]:
    """The weights scaled so that `minval` is 0 and `maxval` is 1, by default the least and the greatest of them.

    All zeros where the two are equal.
    """
    if not weights:
        return []
    low = float(min(weights) if minval is None else minval)
    high = float(max(weights) if maxval is None else maxval)
    if low == high:
        return [0.0] * len(weights)
    return [(weight - low) / (high - low) for weight in weights]


class WeighedObject:
    """An object and its weight."""

    def __init__(self, obj: Any, weight: float) -> None:
        self.obj = obj
        self.weight = weight

    def __repr__(self) -> str:
        return f"<WeighedObject '{self.obj}': {self.weight}>"


class BaseWeigher(PlugIn):
    """Gives each object a number: more is better. `minval` and `maxval` clamp it and are the ends of the scale."""

    minval: float | None = None
    maxval: float | None = None

    def weight_multiplier(self, host_state: Any) -> float:
        """How much this weigher counts for that host."""
        return 1.0

    def _weigh_object(self, obj: Any, weight_properties: Any) -> float:
        """The raw weight of one object."""
        raise NotImplementedError

    def weigh_objects(
        self, weighed_obj_list: Sequence[WeighedObject], weight_properties: Any
    ) -> list[float]:
        """The raw weights of all objects, clamped."""
        return [
            self._clamp(self._weigh_object(each.obj, weight_properties))
            for each in weighed_obj_list
        ]

    def _clamp(self, weight: float) -> float:
        weight = weight if self.minval is None else max(weight, self.minval)
        return weight if self.maxval is None else min(weight, self.maxval)


class BaseWeightHandler:
    """Runs weighers, notes raw and normalised weights, and sorts, heaviest first."""

    object_class = WeighedObject

    def __init__(self, decision: Decision) -> None:
        self.decision = decision

    def get_weighed_objects(
        self, weighers: Sequence[BaseWeigher], obj_list: Iterable[Any], weighing_properties: Any
    ) -> list[WeighedObject]:
        """The objects with their weights in descending order; among equals, in the order in which they came.

        One object alone is not weighed. What a weigher raises, this raises.
        """
        weighed = [self.object_class(obj, 0.0) for obj in obj_list]
        if len(weighed) <= 1:
            return weighed
        notes = [self._weigh(weigher, weighed, weighing_properties) for weigher in weighers]
        weighed.sort(key=lambda each: each.weight, reverse=True)
        weights = {each.obj.host: each.weight for each in weighed}
        self.decision.weighed(weighing_properties.instance_uuid, notes, weights)
        return weighed

    def _weigh(
        self, weigher: BaseWeigher, weighed: list[WeighedObject], properties: Any
    ) -> dict[str, Any]:
        name = type(weigher).__name__
        try:
            raw = list(weigher.weigh_objects(weighed, properties))
            scaled = normalize(raw, weigher.minval, weigher.maxval)
            multipliers = [weigher.weight_multiplier(each.obj) for each in weighed]
            for each, multiplier, weight in zip(weighed, multipliers, scaled, strict=True):
                each.weight += multiplier * weight
        except Exception as error:
            blame(weigher, error, "the hosts", properties.instance_uuid)
            raise
        _log(name, weighed, raw, scaled, multipliers)
        hosts = [each.obj.host for each in weighed]
        return {
            "name": name,
            "multiplier": multipliers[0]
            if len(set(multipliers)) == 1
            else dict(zip(hosts, multipliers, strict=True)),
            "raw": dict(zip(hosts, raw, strict=True)),
            "normalized": dict(zip(hosts, scaled, strict=True)),
        }


def _log(
    name: str,
    weighed: list[WeighedObject],
    raw: list[float],
    scaled: list[float],
    multipliers: list[float],
) -> None:
    nodes = [(each.obj.host, each.obj.nodename) for each in weighed]
    scores = [
        f"{multiplier} * {weight}" for multiplier, weight in zip(multipliers, scaled, strict=True)
    ]
    LOG.debug("%s: raw weights %s", name, str(dict(zip(nodes, raw, strict=True))))
    LOG.debug("%s: normalized weights %s", name, str(dict(zip(nodes, scaled, strict=True))))
    LOG.debug(
        "%s: score (multiplier * weight) %s", name, str(dict(zip(nodes, scores, strict=True)))
    )

"""Weighers in general: each scores what has passed, the scores are scaled alike and summed (`nova/weights.py`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from simnova.nova.loadables import PlugIn
from simnova.nova.log import getLogger
from simnova.nova.scheduler import own
from simnova.nova.scheduler.columns import for_all
from simnova.nova.scheduler.decision import Decision, blame
from simnova.nova.scheduler.lines import is_own
from simnova.nova.scheduler.packed import Packed
from simnova.nova.scheduler.scale import normalize

if TYPE_CHECKING:
    from simnova.nova.scheduler.columns import Array, HostColumns
    from simnova.nova.scheduler.standings import Standings

__all__ = ["BaseWeigher", "BaseWeightHandler", "WeighedObject", "normalize"]

LOG = getLogger(__name__)


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

    def weigh_hosts(self, hosts: HostColumns, weight_properties: Any) -> Array | None:
        """The raw weights of all hosts at once, not clamped; None where each has to be asked."""
        return None

    def _clamp(self, weight: float) -> float:
        weight = weight if self.minval is None else max(weight, self.minval)
        return weight if self.maxval is None else min(weight, self.maxval)


class BaseWeightHandler:
    """Runs weighers, notes raw and normalised weights, and sorts, heaviest first."""

    object_class = WeighedObject

    def __init__(self, decision: Decision) -> None:
        self.decision = decision

    def weigh(self, weighers: Sequence[BaseWeigher], standings: Standings, properties: Any) -> None:
        """Weigh what is left and sort it. What only a server that was placed can have changed is known already."""
        if len(standings) <= 1:
            return
        from simnova.nova.scheduler import history

        if not standings.trusted:
            standings.look_again()
        for index, weigher in enumerate(weighers):
            try:
                self._score(index, weigher, standings, properties)
            except Exception as error:
                blame(weigher, error, "the hosts", properties.instance_uuid)
                raise
            line = (standings.moment(), index)
            LOG.debug_late(history.raw, line)
            LOG.debug_late(history.normalized, line)
            LOG.debug_late(history.score, line)
        before = standings.moment()
        standings.do("sort")
        standings.trusted = True
        if not all(for_all(weigher, "weigh_hosts") for weigher in weighers):
            standings.distrust()
        self.decision.weighed(properties.instance_uuid, before, standings.moment())

    def taken(
        self, weighers: Sequence[BaseWeigher], standings: Standings, obj: Any, properties: Any
    ) -> None:
        """A server went to that object, so that its weights are others; those of the others stay."""
        slot, scales = standings.taken(obj), standings.ranking.scales
        for index, (weigher, scale) in enumerate(zip(weighers, scales, strict=False)):
            if not scale.steady:
                continue
            raw = weigher._weigh_object(obj, properties)
            raw = weigher._clamp(raw) if scale.objects else raw
            if raw != scale.raw[slot] or scale.objects:
                standings.do("change", index, (slot,), (raw,))

    def _score(
        self, index: int, weigher: BaseWeigher, standings: Standings, properties: Any
    ) -> None:
        """Have the weigher's numbers in the ranking as they are now."""
        columns, scales = standings.columns, standings.ranking.scales
        known = scales[index] if index < len(scales) else None
        quiet = columns.without("weight_multiplier")
        if known and known.steady and standings.trusted and quiet.all():
            return
        raw = weigher.weigh_hosts(columns, properties) if for_all(weigher, "weigh_hosts") else None
        steady = raw is not None
        if raw is None:
            raw, multipliers = self._ask(weigher, standings, properties)
        else:
            raw = _clamped(weigher, raw) if raw.dtype == object else raw
            multipliers = _multipliers(weigher, standings, quiet)
        if known is None or not known.takes(raw, steady):
            ends = (weigher.minval, weigher.maxval)
            name = type(weigher).__name__
            standings.do("put", index, name, ends, Packed(raw), multipliers, steady)
            return
        changed = known.differing(raw)
        if changed:
            standings.do("change", index, changed, raw[changed].tolist())
        if multipliers != known.multipliers:
            standings.do("multiply", index, multipliers)

    def _ask(
        self, weigher: BaseWeigher, standings: Standings, properties: Any
    ) -> tuple[Array, list[float]]:
        """The raw weights and the multipliers of a weigher that is asked object by object, by slot."""
        weighed = [self.object_class(obj, 0.0) for obj in standings]
        if is_own(type(weigher)):
            slots, answers = standings.ranking.order, own.weights(weigher, weighed, properties)
            return _by_slot(slots, answers[0]), _one_or_each(_by_slot(slots, answers[1]))
        raw = list(weigher.weigh_objects(weighed, properties))
        scaled = normalize(raw, weigher.minval, weigher.maxval)
        multipliers = [weigher.weight_multiplier(each.obj) for each in weighed]
        for each, multiplier, weight in zip(weighed, multipliers, scaled, strict=True):
            each.weight += multiplier * weight
        slots = standings.ranking.order
        return _by_slot(slots, raw), _one_or_each(_by_slot(slots, multipliers))


def _multipliers(weigher: BaseWeigher, standings: Standings, quiet: Array) -> list[float]:
    """One multiplier for all, or one a slot. Objects whose aggregates speak of multipliers are asked one by one."""
    if quiet.all():
        return [weigher.weight_multiplier(standings.first(1)[0])]
    slots = standings.ranking.order
    asked = slots[~quiet[slots]]
    said = _by_slot(slots, [0.0] * len(slots))
    for slot, obj in zip(asked.tolist(), standings.of(asked), strict=True):
        said[slot] = weigher.weight_multiplier(obj)
    if len(asked) < len(slots):
        said[quiet] = weigher.weight_multiplier(standings.of(slots[quiet[slots]][:1])[0])
    return _one_or_each(said)


def _by_slot(slots: Array, values: list[Any]) -> Array:
    import numpy as np

    found, held = np.empty(len(slots), dtype=object), np.empty(len(slots), dtype=object)
    held[:] = values
    found[slots] = held
    return found


def _one_or_each(multipliers: Array) -> list[float]:
    each: list[float] = multipliers.tolist()
    return each[:1] if len(set(each)) == 1 else each


def _clamped(weigher: BaseWeigher, raw: Array) -> Array:
    held = raw.copy()
    held[:] = [weigher._clamp(weight) for weight in raw.tolist()]
    return held

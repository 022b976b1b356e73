"""How the hosts of a request stood at any moment of it, worked out again when somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from simnova.nova.scheduler.host_state import host_text
from simnova.nova.scheduler.ranking import Ranking
from simnova.nova.scheduler.scale import Scale

Operation = tuple[str, tuple[Any, ...]]


class History:
    """The operations on a ranking that `begin` makes. Whoever reads in order reads each of them once."""

    def __init__(self, begin: Callable[[], Ranking]) -> None:
        self.begin = begin
        self.operations: list[Operation] = []
        self._seen: Ranking | None = None
        self._at = 0

    def at(self, number: int) -> Ranking:
        """The ranking after that many operations; it is the reader's until the next call."""
        if self._seen is None or number < self._at:
            self._seen, self._at = self.begin(), 0
        for name, arguments in self.operations[self._at : number]:
            getattr(self._seen, name)(*arguments)
        self._at = number
        return self._seen


class Moment:
    """One moment of a request, and what is told of it: in the journal, and in the log in Nova's words."""

    __slots__ = ("_history", "number")

    def __init__(self, history: History) -> None:
        self._history = history
        self.number = len(history.operations)

    @property
    def ranking(self) -> Ranking:
        """The hosts as they stood."""
        return self._history.at(self.number)

    def verdicts(self, gone: Mapping[int, Any], rejected: Mapping[int, str]) -> dict[str, Any]:
        """What a filter said of each host that was left, in their order, when those in `gone` were gone."""
        ranking = self.ranking
        asked = [slot for slot in ranking.order.tolist() if slot not in gone]
        return {ranking.names[slot][0]: rejected.get(slot, True) for slot in asked}

    def weighers(self) -> list[dict[str, Any]]:
        """What each weigher said of each host."""
        ranking = self.ranking
        slots = ranking.order.tolist()
        hosts = [ranking.names[slot][0] for slot in slots]
        return [_weigher(scale, hosts, slots) for scale in ranking.scales]

    def weights(self) -> dict[str, float]:
        """The weights, heaviest first."""
        ranking = self.ranking
        weights = ranking.weights[ranking.order].tolist()
        hosts = [host for host, _ in ranking.names[ranking.order]]
        return dict(zip(hosts, weights, strict=True))


# --- lines of the log: `Late` calls them with the name of the field, which is always "message" --------------------


def raw(moment: Moment, index: int, _: str) -> str:
    """A weigher's raw weights."""
    return _line(moment, index, "raw weights", Scale.given)


def normalized(moment: Moment, index: int, _: str) -> str:
    """A weigher's normalized weights."""
    return _line(moment, index, "normalized weights", lambda scale: scale.scaled().tolist())


def score(moment: Moment, index: int, _: str) -> str:
    """What a weigher adds to the weights."""
    return _line(moment, index, "score (multiplier * weight)", _scores)


def filtered(moment: Moment, _: str) -> str:
    """The hosts that were left."""
    return f"Filtered [{', '.join(_hosts(moment.ranking))}]"


def weighed(moment: Moment, _: str) -> str:
    """The hosts with their weights."""
    ranking = moment.ranking
    weights = ranking.weights[ranking.order].tolist()
    pairs = zip(_hosts(ranking), weights, strict=True)
    said = (f"WeighedHost [host: {host}, weight: {weight}]" for host, weight in pairs)
    return f"Weighed [{', '.join(said)}]"


def _line(moment: Moment, index: int, what: str, values: Callable[[Scale], list[Any]]) -> str:
    ranking = moment.ranking
    scale = ranking.scales[index]
    found = values(scale)
    by_node = {ranking.names[slot]: found[slot] for slot in ranking.order.tolist()}
    return f"{scale.name}: {what} {by_node}"


def _hosts(ranking: Ranking) -> list[str]:
    columns = [each[ranking.order].tolist() for each in ranking.amounts]
    return [host_text(*each) for each in zip(ranking.names[ranking.order], *columns, strict=True)]


def _scores(scale: Scale) -> list[str]:
    scaled = scale.scaled().tolist()
    factors = scale.multipliers * len(scaled) if scale.same else scale.multipliers
    return [f"{factor} * {weight}" for factor, weight in zip(factors, scaled, strict=True)]


def _weigher(scale: Scale, hosts: list[str], slots: list[int]) -> dict[str, Any]:
    def by_host(values: list[Any]) -> dict[str, Any]:
        return {host: values[slot] for host, slot in zip(hosts, slots, strict=True)}

    return {
        "name": scale.name,
        "multiplier": scale.multipliers[0] if scale.same else by_host(scale.multipliers),
        "raw": by_host(scale.given()),
        "normalized": by_host(scale.scaled().tolist()),
    }
